// Fields written as CF-1.8 netCDF-4: like the file from which they come, with its axes and attributes unchanged, or on
// a latitude–longitude grid with their labels as coordinates. Fields are written one at a time.
//
// Estimates become `<name>` (the mean), `<name>_spread`, `<name>_ensemble`, `<name>_quantile` and `<name>_observed`;
// measured values become `<name>` and `<name>_noise`. A member of an ensemble in a file of its own has the plain name,
// as CDO's ensemble operators (`cdo enscrps`, `cdo ensmean`) expect.

import SextantArrays
import SextantGeometry
import SextantStorage

/// Writes a NetCDF file, or one for each member of an ensemble.
public struct NetCDFSink: SignalSink {
  public let paths: [String]
  private let output: OutputRequest
  /// The file whose axes and attributes are copied.
  private let template: GriddedFile?
  private let variables: [Variable]
  private let labels: [FieldLabel]
  private let domain: any Domain

  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` where the fields are not on a grid that this format
  /// writes.
  public init(_ output: OutputRequest, like source: any SignalSource) throws {
    template = ((source as? any SignalDocument)?.origin as? GriddedDocument)?.file
    self.output = output
    variables = source.variables
    labels = source.labels
    domain = output.domain ?? source.domain
    if template == nil || output.domain != nil { try Self.checkIsWritable(domain, path: output.path) }
    if output.splitsMembers, output.domain != nil {
      throw SignalFormatError.refused(
        path: output.path, format: NetCDFFormat().name, option: "--split-members",
        reason: "one file for each member has the grid of the input. Give --regrid input, or write one output.")
    }
    paths = output.paths(ending: "nc")
  }

  public var replacedPaths: [String] { output.otherMembers(than: paths) }

  private static func checkIsWritable(_ domain: any Domain, path: String) throws {
    guard domain.geography != nil else {
      throw SignalFormatError.unwritable(
        path: path, format: NetCDFFormat().name,
        reason:
          "they are on \(domain.summaryWithArticle), which has no latitudes and longitudes. Give an output that ends in .npy, or for a mesh in .ply or .vtp."
      )
    }
  }

  public func write(
    _ content: SignalContent, description: OutputDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    try WholeFile.write(toAll: paths, replacing: replacedPaths, overwrite: overwrite) { temporary in
      let layout = try self.layout()
      let files = try zip(temporary, paths).map { place, path in
        try CFFileWriter(
          creating: place, reportedAs: path, layout: layout,
          description: description.completed(for: content, like: layout.template))
      }
      let writer = NetCDFFieldWriter(
        files, variables: variables, offsets: template?.offsets ?? variables.map { _ in 0 }, content: content,
        splitsMembers: output.splitsMembers)
      try writer.define()
      try body(writer)
      for file in files { try file.close() }
    }
  }

  private func layout() throws -> FieldLayout {
    guard let template, output.domain.map({ !$0.isScattered }) ?? true else {
      return try FieldLayout(labels: labels, on: domain, path: output.path)
    }
    return try FieldLayout(template: template, on: output.domain.flatMap { HorizontalLayout($0) })
  }
}

/// The variables of NetCDF files that are being written.
private final class NetCDFFieldWriter: FieldWriter {
  private let files: [CFFileWriter]
  private let variables: [Variable]
  /// What is added to the values of each variable.
  private let offsets: [Double]
  private let content: SignalContent
  private let splitsMembers: Bool

  init(
    _ files: [CFFileWriter], variables: [Variable], offsets: [Double], content: SignalContent, splitsMembers: Bool
  ) {
    (self.files, self.variables, self.offsets) = (files, variables, offsets)
    (self.content, self.splitsMembers) = (content, splitsMembers)
  }

  /// Writes headers and coordinates.
  func define() throws {
    for (number, file) in files.enumerated() {
      if splitsMembers {
        try file.define(fieldVariables(file.layout), extraCoordinates: [memberCoordinate(number + 1, file.layout)])
      } else if content.kind == .estimates {
        let naming = FilledVariableNaming(layout: file.layout, content: content)
        try file.define(
          variables.enumerated().flatMap { naming.fieldVariables(of: $1, channel: $0, type: numberType(ofChannel: $0)) },
          extraCoordinates: naming.extraCoordinates)
      } else {
        try file.define(fieldVariables(file.layout) + (content.hasNoise ? variables.map(noiseVariable) : []))
      }
    }
  }

  func write(_ field: FieldRecord, at index: Int) throws {
    for (channel, variable) in variables.enumerated() {
      let name = FilledVariableNaming.baseName(of: variable)
      if splitsMembers {
        try writeMembers(field, name, channel: channel) { member, value in
          try files[member].write(name, field: index, offset: offsets[channel], value: value)
        }
      } else {
        try write(field, name, channel: channel, at: index, in: files[0])
      }
    }
  }

  private func write(
    _ field: FieldRecord, _ name: String, channel: Int, at index: Int, in file: CFFileWriter
  ) throws {
    let channels = variables.count
    let offset = offsets[channel]
    try file.write(name, field: index, offset: offset) { field.values[$0 * channels + channel] }
    if content.hasSpread, let spread = field.spread {
      try file.write("\(name)_spread", field: index) { spread[$0 * channels + channel] }
    }
    if content.hasObserved, let isObserved = field.isObserved {
      try file.write("\(name)_observed", field: index) { isObserved[$0 * channels + channel] ? 1 : 0 }
    }
    if content.hasNoise, let noise = field.noise {
      try file.write(NoiseNaming.noise(of: name), field: index) { noise[$0 * channels + channel] }
    }
    for (level, values) in field.quantiles.prefix(content.quantileLevels.count).enumerated() {
      try file.write("\(name)_quantile", field: index, leading: [level], offset: offset) {
        values[$0 * channels + channel]
      }
    }
    guard content.memberCount > 0 else { return }
    try writeMembers(field, name, channel: channel) { member, value in
      try file.write("\(name)_ensemble", field: index, leading: [member], offset: offset, value: value)
    }
  }

  private func writeMembers(
    _ field: FieldRecord, _ name: String, channel: Int,
    _ write: (_ member: Int, _ value: (_ vertex: Int) -> Float) throws -> Void
  ) throws {
    let (size, channels) = (field.values.count, variables.count)
    try field.members?.withUnsafeScalars { scalars in
      for member in 0..<min(content.memberCount, scalars.count / max(1, size)) {
        try write(member) { scalars[member * size + $0 * channels + channel] }
      }
    }
  }

  // MARK: Variables

  /// Values with an offset are doubles, as in the file from which they come.
  private func numberType(ofChannel channel: Int) -> NetCDFType { offsets[channel] == 0 ? .float : .double }

  /// The variables themselves, with units and names even if there is no template.
  private func fieldVariables(_ layout: FieldLayout) -> [FieldVariable] {
    variables.enumerated().map { channel, variable in
      let name = FilledVariableNaming.baseName(of: variable)
      // A member has all attributes of the template's variable as they are.
      if splitsMembers, layout.channel(channel).source != nil {
        return FieldVariable(name: name, channel: channel, type: numberType(ofChannel: channel))
      }
      var attributes: [(String, NetCDFAttributeValue)] = []
      if !variable.units.isEmpty { attributes.append(("units", .text(variable.units))) }
      if let standard = variable.standardName { attributes.append(("standard_name", .text(standard))) }
      if let title = variable.longName ?? (variable.standardName == nil ? name : nil) {
        attributes.append(("long_name", .text(title)))
      }
      return FieldVariable(name: name, channel: channel, type: numberType(ofChannel: channel), attributes: attributes)
    }
  }

  private func noiseVariable(_ variable: Variable) -> FieldVariable {
    FieldVariable(
      name: NoiseNaming.noise(of: FilledVariableNaming.baseName(of: variable)), channel: 0,
      attributes: [
        ("units", .text(variable.units)),
        ("long_name", .text("standard deviation of the noise of \(variable.longName ?? variable.name)")),
      ] + FilledVariableNaming.standardError(of: variable.standardName), keepsAttributes: false)
  }

  private func memberCoordinate(_ member: Int, _ layout: FieldLayout) -> LayoutCoordinate {
    .numbers(
      layout.freeName("realization"), [Double(member)], type: .int, dimensions: [],
      attributes: [("standard_name", .text("realization")), ("units", .text("1"))])
  }
}
