// The names and attributes of the variables that describe a posterior, according to CF: standard names with the modifier
// standard_error for the spread, flags for the mask, and ancillary_variables to link them. cell_methods are those of the
// template, because the mean and the spread have no dimension of realizations.

/// Defines the variables in a file of filled fields.
struct FilledVariableNaming {
  let layout: FieldLayout
  let content: SignalContent

  /// The name without the template's groups.
  static func baseName(of variable: Variable) -> String {
    variable.name.split(separator: "/").last.map(String.init) ?? variable.name
  }

  private var realization: LayoutDimension {
    LayoutDimension(name: layout.freeName("realization"), length: content.memberCount)
  }
  private var quantile: LayoutDimension {
    LayoutDimension(name: layout.freeName("quantile"), length: content.quantileLevels.count)
  }

  /// The coordinates of the dimensions that are not in the template.
  var extraCoordinates: [LayoutCoordinate] {
    var result: [LayoutCoordinate] = []
    if content.memberCount > 0 {
      result.append(
        .numbers(
          realization.name, (1...content.memberCount).map(Double.init), type: .int, dimensions: [realization.name],
          attributes: [
            ("standard_name", .text("realization")), ("long_name", .text("posterior ensemble member")),
            ("units", .text("1")),
          ]))
    }
    if !content.quantileLevels.isEmpty {
      result.append(
        .numbers(
          quantile.name, content.quantileLevels, type: .double, dimensions: [quantile.name],
          attributes: [
            ("long_name", .text("quantile level")), ("units", .text("1")),
          ]))
    }
    return result
  }

  /// The variables for one channel; values, other than their spread, are of `type`.
  func fieldVariables(of variable: Variable, channel: Int, type: NetCDFType = .float) -> [FieldVariable] {
    let name = Self.baseName(of: variable)
    let title = variable.longName ?? name
    let source = layout.channel(channel).source
    func named(_ text: String) -> (String, NetCDFAttributeValue) { ("long_name", .text(text)) }
    // Without a template, the units must be written here.
    let units: [(String, NetCDFAttributeValue)] =
      source == nil && !variable.units.isEmpty ? [("units", .text(variable.units))] : []
    var result: [FieldVariable] = []
    if content.hasSpread {
      var attributes =
        [named("posterior standard deviation of \(title)")] + units
        + Self.standardError(of: source?.text("standard_name") ?? variable.standardName)
      let difference = Self.differenceUnits(of: variable.units)
      attributes = attributes.filter { own in !difference.contains { $0.0 == own.0 } } + difference
      result.append(FieldVariable(name: "\(name)_spread", channel: channel, attributes: attributes))
    }
    if content.memberCount > 0 {
      result.append(
        FieldVariable(
          name: "\(name)_ensemble", channel: channel, leading: [realization], type: type,
          attributes: [named("posterior ensemble of \(title)")] + units))
    }
    if !content.quantileLevels.isEmpty {
      result.append(
        FieldVariable(
          name: "\(name)_quantile", channel: channel, leading: [quantile], type: type,
          attributes: [named("posterior quantiles of \(title)")] + units))
    }
    if content.hasObserved {
      result.append(
        FieldVariable(
          name: "\(name)_observed", channel: channel, type: .byte,
          attributes: [
            named("whether \(title) was observed"), ("flag_values", .numbers([0, 1], .byte)),
            ("flag_meanings", .text("filled observed")),
          ], keepsAttributes: false))
    }
    let meaning = Self.meaning
    let comment = source?.text("comment").map { $0.hasSuffix(meaning) ? $0 : "\($0); \(meaning)" } ?? meaning
    var mean = FieldVariable(
      name: name, channel: channel, type: type, attributes: units + [("comment", .text(comment))])
    if source == nil {
      if let standard = variable.standardName { mean.attributes.append(("standard_name", .text(standard))) }
      mean.attributes.append(named(title))
    }
    if let source, source.text("standard_name") == nil, source.text("long_name") == nil {
      mean.attributes.append(named(title))
    }
    if !result.isEmpty {
      mean.attributes.append(("ancillary_variables", .text(result.map(\.name).joined(separator: " "))))
    }
    return [mean] + result
  }

  /// What the comment of a mean says.
  static let meaning = "posterior mean, given the observed values"

  /// The standard name of the uncertainty of a quantity with a standard name.
  static func standardError(of standardName: String?) -> [(String, NetCDFAttributeValue)] {
    guard let standardName, !standardName.isEmpty, !standardName.contains(" ") else { return [] }
    return [("standard_name", .text("\(standardName) standard_error"))]
  }

  /// A standard deviation is a difference: for temperatures in °C it is written in K, so that nobody adds 273.15.
  private static func differenceUnits(of units: String) -> [(String, NetCDFAttributeValue)] {
    guard let line = try? Units.line(from: units, to: "K") else { return [] }
    let marker: (String, NetCDFAttributeValue) = ("units_metadata", .text("temperature: difference"))
    return line.factor == 1 ? [("units", .text("K")), marker] : [marker]
  }
}
