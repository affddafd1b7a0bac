// A sheet of maps of one domain: truth, observation, estimate and error. Panels of the same role share a scale, so
// colours can be compared between them.

import SextantGeometry
import SextantStorage

/// Maps side by side under one title.
public struct MapPanels: Sendable {
  /// The role of a panel; panels of the same role share a colour scale.
  public enum Role: Sendable, Hashable, CaseIterable {
    /// The quantity itself: truth, observations, means, samples.
    case value
    /// An uncertainty, from 0 up.
    case spread
    /// A difference, symmetric about 0.
    case error
  }

  /// One map of the sheet.
  public struct Panel: Sendable {
    /// The heading.
    public var title: String
    /// Its role.
    public var role: Role
    /// V values.
    public var values: [Float]
    /// Which values are valid (V), or nil for all finite values.
    public var isValid: [Bool]?

    public init(_ title: String, role: Role = .value, values: [Float], isValid: [Bool]? = nil) {
      self.title = title
      self.role = role
      self.values = values
      self.isValid = isValid
    }
  }

  /// A title for the sheet; may be empty.
  public var title: String
  /// An explanatory line below the title; may be empty.
  public var subtitle: String
  /// The number of panels in a row.
  public var columns: Int
  private let maps: [FieldMap]

  /// The colour scale of each panel, in reading order.
  public var scales: [ColourScale] { maps.map(\.scale) }

  /// Panels on `domain`, in reading order.
  ///
  /// `scales` overrides the scale of a role. By default values range from the minimum to the maximum over all their
  /// panels, spreads start at 0, and errors are symmetric about 0. Throws ``ReportError`` as ``FieldMap`` does.
  public init(
    domain: any Domain, panels: [Panel], title: String = "", subtitle: String = "", units: String = "",
    columns: Int = 3, scales: [Role: FieldScale] = [:], shoreline: FieldMap.Shoreline = .installed
  ) throws {
    let cells = try SphereCells(domain)
    var shared: [Role: FieldScale] = scales
    for role in Role.allCases where scales[role] == nil {
      let members = panels.filter { $0.role == role }.map(\.validValues)
      shared[role] = try role.scale(of: members.joined())
    }
    // Coastlines are read once per sheet.
    var shoreline = shoreline
    if case .installed = shoreline { shoreline = Coastlines.installed(.low).map { .lines($0) } ?? .none }
    self.title = title
    self.subtitle = subtitle
    self.columns = max(1, columns)
    maps = try panels.map { panel in
      try FieldMap(
        cells: cells, values: panel.values, isValid: panel.isValid, title: panel.title, units: units,
        scale: shared[panel.role] ?? .automatic, colours: panel.role.colours, shoreline: shoreline)
    }
  }

  /// The standard sheet: truth, observation, mean, one sample, spread and the error of the mean.
  ///
  /// All arguments have V values; the error is mean − truth. Unobserved entries are missing in the observation's panel.
  /// Without `truth` there is no panel of the error.
  public static func reconstruction(
    domain: any Domain, truth: [Float]?, observation: [Float], isObserved: [Bool], mean: [Float], spread: [Float],
    sample: [Float]? = nil, isValid: [Bool]? = nil, title: String = "", subtitle: String = "", units: String = "",
    shoreline: FieldMap.Shoreline = .installed
  ) throws -> MapPanels {
    var panels: [Panel] = []
    if let truth { panels.append(Panel("Truth", values: truth, isValid: isValid)) }
    panels.append(Panel("Observation", values: observation, isValid: isObserved))
    panels.append(Panel("Posterior mean", values: mean, isValid: isValid))
    if let sample { panels.append(Panel("One posterior sample", values: sample, isValid: isValid)) }
    panels.append(Panel("Posterior spread", role: .spread, values: spread, isValid: isValid))
    if let truth {
      panels.append(
        Panel("Error: mean − truth", role: .error, values: zip(mean, truth).map { $0 - $1 }, isValid: isValid))
    }
    return try MapPanels(
      domain: domain, panels: panels, title: title, subtitle: subtitle, units: units,
      columns: panels.count == 4 || panels.count < 3 ? 2 : 3, shoreline: shoreline)
  }

  /// Writes the sheet as a complete PNG file or not at all; `width` is the width of the whole sheet in points.
  ///
  /// Throws `FileError` if the file exists and `overwrite` is false, or if it cannot be written.
  public func write(
    to path: String, projection: MapProjection? = nil, width: Double = 1200, resolution: Double = 2,
    overwrite: Bool = false
  ) throws {
    try WholeFile.checkIsFree(path, overwrite: overwrite)
    try canvas(projection: projection, width: width, resolution: resolution)
      .writePNG(to: path, overwrite: overwrite)
  }

  /// The sheet on a separate page.
  public func canvas(projection: MapProjection? = nil, width: Double = 1200, resolution: Double = 2) throws -> Canvas {
    guard let first = maps.first else { throw ReportError.unusable("A sheet of maps needs at least one panel.") }
    let (margin, gap) = (16.0, 18.0)
    let projection = projection ?? first.fittingProjection
    let panelWidth = ((width - 2 * margin - gap * Double(columns - 1)) / Double(columns)).rounded(.down)
    let layouts = maps.map { FieldMap.Layout($0, projection, width: panelWidth, textSize: 9.5) }
    let rowHeight = (layouts.map(\.height).max() ?? 0) + 6
    let rows = (maps.count + columns - 1) / columns
    let heading = (title.isEmpty ? 0.0 : 24) + (subtitle.isEmpty ? 0 : 19)
    let canvas = try Canvas(
      width: width, height: (2 * margin + heading + Double(rows) * rowHeight).rounded(.up), resolution: resolution)
    canvas.draw(title, at: SIMD2(margin, margin + 14), style: TextStyle(size: 16, isBold: true))
    canvas.draw(
      subtitle, at: SIMD2(margin, margin + (title.isEmpty ? 10 : 33)), style: TextStyle(size: 11.5, colour: .softInk))
    for (index, (map, layout)) in zip(maps, layouts).enumerated() {
      let (row, column) = (index / columns, index % columns)
      let origin = SIMD2(
        margin + Double(column) * (panelWidth + gap), margin + heading + Double(row) * rowHeight)
      try map.draw(on: canvas, at: origin, layout)
    }
    return canvas
  }
}

extension MapPanels.Role {
  /// The default scale of the role for the values of all its panels.
  func scale(of values: some Sequence<Float>) throws -> FieldScale {
    switch self {
    case .value: return .fixed(try ColourScale(.automatic, for: values).range)
    case .spread:
      let greatest = values.lazy.filter(\.isFinite).max() ?? 0
      return .fixed(0...(greatest > 0 ? Double(greatest) : 1))
    case .error: return .divergingWithin(limit: try ColourScale(.diverging, for: values).range.upperBound)
    }
  }

  /// The name of the role's values.
  var name: String {
    switch self {
    case .value: "value"
    case .spread: "spread"
    case .error: "error"
    }
  }

  /// The colour map of the role.
  var colours: ColourMap {
    switch self {
    case .value: .lagoon
    case .spread: .heather
    case .error: .balance
    }
  }
}

extension MapPanels.Panel {
  fileprivate var validValues: [Float] {
    guard let isValid else { return values }
    return zip(values, isValid).map { $1 ? $0 : .nan }
  }
}
