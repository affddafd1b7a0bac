// The attributes that a copied coordinate has in an output that follows CF: those of the template, without what CF does
// not allow, and with the standard name and the axis that tell other programs what the coordinate is.

/// The attributes of a coordinate that is copied from a template.
struct CFCoordinateAttributes {
  /// The names of the template's attributes that are copied.
  private(set) var copied: [String] = []
  /// Attributes that the template lacks.
  private(set) var added: [(name: String, text: String)] = []

  /// - Parameters:
  ///   - variable: The coordinate, or its bounds.
  ///   - dataset: The template.
  init(of variable: NetCDFVariable, in dataset: CFDataset) {
    let isBounds = dataset.role(of: variable) == .bounds
    // A coordinate without gaps: the marks of missing values are not allowed there.
    let isComplete = variable.isCoordinateVariable || isBounds
    copied = variable.attributes.map(\.name).filter { name in
      if ["_FillValue", "missing_value"].contains(name) { return !isComplete }
      // CF knows the axes T, Z, Y and X only.
      if name == "axis" { return ["T", "Z", "Y", "X"].contains(variable.text("axis")?.uppercased() ?? "") }
      return !name.hasPrefix("_")
    }
    guard !isBounds, let role = dataset.coordinateRole(of: variable), let identity = Self.identity(of: role) else {
      return
    }
    let standardName = variable.text("standard_name")
    if standardName == nil, Self.hasOwnUnits(variable, role) { added.append(("standard_name", identity.standardName)) }
    let isNamed = standardName == identity.standardName || !added.isEmpty
    if variable.isCoordinateVariable, isNamed, !copied.contains("axis") { added.append(("axis", identity.axis)) }
  }

  /// The standard name and the axis of a role; nil where several are possible.
  private static func identity(of role: CoordinateRole) -> (standardName: String, axis: String)? {
    switch role {
    case .latitude: ("latitude", "Y")
    case .longitude: ("longitude", "X")
    case .time: ("time", "T")
    case .vertical, .realization: nil
    }
  }

  /// Whether the units are those that CF demands for the role, and not a guess by the name.
  private static func hasOwnUnits(_ variable: NetCDFVariable, _ role: CoordinateRole) -> Bool {
    let units = (variable.text("units") ?? "").lowercased()
    return switch role {
    case .latitude: CoordinateRole.latitudeUnits.contains(units)
    case .longitude: CoordinateRole.longitudeUnits.contains(units)
    case .time: variable.isCoordinateVariable || variable.dimensions.isEmpty
    case .vertical, .realization: false
    }
  }
}
