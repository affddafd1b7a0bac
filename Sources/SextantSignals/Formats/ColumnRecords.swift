// The columns in which meshes and tables store a field: their names and their numbers.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// A named column of numbers at vertices.
struct VertexColumn {
  let name: String
  /// V numbers, not-a-number where one is missing.
  let values: [Double]
  /// The type of the numbers in files that have types.
  var type = MeshScalarType.float32
}

/// Turns records into columns.
struct ColumnRecords {
  let variables: [Variable]
  /// How the numbers of each variable stand in the file.
  let forms: [StoredForm]
  let content: SignalContent
  /// The largest number of members of an ensemble in a file of estimates.
  private let memberLimit: Int
  private let splitsMembers: Bool

  init(variables: [Variable], forms: [StoredForm], content: SignalContent, output: OutputRequest) {
    (self.variables, self.forms) = (variables, forms)
    (self.content, splitsMembers) = (content, output.splitsMembers)
    memberLimit = output.wantsAllMembers ? content.memberCount : min(content.memberCount, OutputRequest.fewMembers)
  }

  /// Writes one file for all columns, or one for each member of the ensemble, whole or not at all.
  ///
  /// `body` hands over the fields, and then `write` writes the columns of each file to a path. The files `others`
  /// belong to an older output and are removed.
  func write(
    to paths: [String], replacing others: [String], overwrite: Bool, _ body: (any FieldWriter) throws -> Void,
    file write: (_ columns: [VertexColumn], _ path: String) throws -> Void
  ) throws {
    try WholeFile.write(toAll: paths, replacing: others, overwrite: overwrite) { temporary in
      let writer = ColumnWriter(self, fileCount: temporary.count)
      try body(writer)
      for (columns, path) in zip(writer.columns, temporary) { try write(columns, path) }
    }
  }

  /// Collects the columns of each file.
  private final class ColumnWriter: FieldWriter {
    private(set) var columns: [[VertexColumn]]
    private let records: ColumnRecords

    init(_ records: ColumnRecords, fileCount: Int) {
      self.records = records
      columns = [[VertexColumn]](repeating: [], count: fileCount)
    }

    func write(_ field: FieldRecord, at index: Int) throws {
      for file in columns.indices {
        columns[file] +=
          records.splitsMembers ? records.columns(ofMember: file, of: field) : records.columns(of: field, at: index)
      }
    }
  }

  /// The columns of field `index`. Several plain fields are columns like the members of an ensemble.
  func columns(of field: FieldRecord, at index: Int) -> [VertexColumn] {
    switch content.kind {
    case .estimates: estimates(field)
    case .measurements:
      channels(field.values) { $0 }
        + (content.hasNoise
          ? field.noise.map { channels($0, isDifference: true) { NoiseNaming.noise(of: $0) } } ?? [] : [])
    case .fields:
      channels(field.values) { content.fieldCount == 1 ? $0 : EstimateNaming.sample(index, of: $0) }
    }
  }

  /// The columns of one member of an ensemble, which has a file of its own.
  func columns(ofMember member: Int, of field: FieldRecord) -> [VertexColumn] {
    field.members.map { channels($0.rows(member..<member + 1).scalars) { $0 } } ?? []
  }

  private func estimates(_ field: FieldRecord) -> [VertexColumn] {
    var columns = channels(field.values, EstimateNaming.mean)
    if content.hasSpread, let spread = field.spread { columns += channels(spread, isDifference: true, EstimateNaming.spread) }
    for (level, values) in zip(content.quantileLevels, field.quantiles) {
      columns += channels(values) { EstimateNaming.quantile(level, of: $0) }
    }
    if let members = field.members {
      for member in 0..<min(memberLimit, members.rowCount) {
        columns += channels(members.rows(member..<member + 1).scalars) { EstimateNaming.sample(member, of: $0) }
      }
    }
    if content.hasObserved, let isObserved = field.isObserved {
      columns += variables.enumerated().map { channel, variable in
        VertexColumn(
          name: EstimateNaming.observed(of: variable.name),
          values: stride(from: channel, to: isObserved.count, by: variables.count).map { isObserved[$0] ? 1 : 0 },
          type: .uint8)
      }
    }
    return columns
  }

  /// A column for each channel of V·C values, or of differences of values such as standard deviations.
  private func channels(
    _ values: [Float], isDifference: Bool = false, _ name: (String) -> String
  ) -> [VertexColumn] {
    variables.enumerated().map { channel, variable in
      let form = forms[channel]
      return VertexColumn(
        name: name(variable.name),
        values: stride(from: channel, to: values.count, by: variables.count).map {
          isDifference ? form.difference(values[$0]) : form.number(values[$0])
        }, type: form.type)
    }
  }
}

extension OutputRequest {
  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` for several fields that a file like `container`, such
  /// as "a table", could not tell apart.
  func requireOneField(in container: String, format: some SignalFormat) throws {
    guard content.kind != .fields, content.fieldCount > 1 else { return }
    throw SignalFormatError.unwritable(
      path: path, format: format.name,
      reason:
        "there are \(content.fieldCount) fields, and \(container) holds one. Give an output that ends in .npy, or choose one field with --select."
    )
  }
}

/// The names of the parts of an estimate in a file of named columns.
enum EstimateNaming {
  static func mean(of name: String) -> String { name + "_mean" }
  static func spread(of name: String) -> String { name + "_spread" }
  static func quantile(_ level: Double, of name: String) -> String { "\(name)_quantile_\(level)" }
  static func sample(_ index: Int, of name: String) -> String { name + String(format: "_sample_%03d", index) }
  static func observed(of name: String) -> String { name + "_observed" }

  /// Whether a column is an estimate of the variable called `name`, by whatever method.
  static func isEstimate(_ column: String, of name: String) -> Bool {
    guard column.hasPrefix(name + "_") else { return false }
    if [mean(of: name), spread(of: name), observed(of: name)].contains(column) { return true }
    return ["_quantile_", "_sample_"].map { name + $0 }.contains { start in
      column.hasPrefix(start) && Double(column.dropFirst(start.count)) != nil
    }
  }

  /// The columns with the means of the named variables, or with the variables themselves where there is no mean.
  static func means(of names: [String], among columns: [String]) -> [String] {
    names.map { columns.contains(mean(of: $0)) ? mean(of: $0) : $0 }
  }

  /// The samples of the named variables (N×V·C), whose columns `read` gives; nil where there are none.
  static func samples(
    of names: [String], among columns: [String], read: (_ columns: [String]) throws -> VertexValues
  ) rethrows -> Tensor<Float>? {
    var rows: [Float] = []
    var (count, size) = (0, 0)
    while true {
      let own = names.map { sample(count, of: $0) }
      guard own.allSatisfy(columns.contains) else { break }
      let values = try read(own).values
      (rows, size) = (rows + values.scalars, values.count)
      count += 1
    }
    return count == 0 ? nil : Tensor(rows, shape: [count, size])
  }
}
