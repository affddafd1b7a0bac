// What a file of named columns (a mesh, a table) holds of one field: which columns, and their numbers.

import SextantArrays
import SextantGeometry

/// A named column of numbers at vertices.
struct VertexColumn {
  let name: String
  /// V numbers, not-a-number where one is missing.
  let values: [Float]
  /// Whether it is a yes or no.
  var isFlag = false
  /// Whether it holds values of a variable, and not an estimate of something about it.
  var isVariable = false
}

/// Turns records into columns.
struct ColumnRecords {
  let variables: [Variable]
  let content: SignalContent
  /// How many members of an ensemble are written.
  let memberLimit: Int

  init(variables: [Variable], content: SignalContent, wantsAllMembers: Bool) {
    (self.variables, self.content) = (variables, content)
    memberLimit = wantsAllMembers ? content.memberCount : min(content.memberCount, OutputRequest.fewMembers)
  }

  /// The columns of a field.
  ///
  /// - Parameter index: Which one; several plain fields are columns as the members of an ensemble are.
  func columns(of field: FieldRecord, at index: Int) -> [VertexColumn] {
    switch content.kind {
    case .estimates: estimates(field)
    case .measurements:
      channels(field.values, isVariable: true) { $0 }
        + (content.hasNoise ? field.noise.map { channels($0) { NoiseNaming.noise(of: $0) } } ?? [] : [])
    case .fields:
      channels(field.values, isVariable: true) { content.fieldCount == 1 ? $0 : EstimateNaming.sample(index, of: $0) }
    }
  }

  /// The columns of one member of an ensemble, which has a file of its own.
  func columns(ofMember member: Int, of field: FieldRecord) -> [VertexColumn] {
    field.members.map { channels($0.rows(member..<member + 1).scalars, isVariable: true) { $0 } } ?? []
  }

  private func estimates(_ field: FieldRecord) -> [VertexColumn] {
    var columns = channels(field.values, EstimateNaming.mean)
    if content.hasSpread, let spread = field.spread { columns += channels(spread, EstimateNaming.spread) }
    for (level, values) in zip(content.quantileLevels, field.quantiles) {
      columns += channels(values) { EstimateNaming.quantile(level, of: $0) }
    }
    if let members = field.members {
      for member in 0..<min(memberLimit, members.rowCount) {
        columns += channels(members.rows(member..<member + 1).scalars) { EstimateNaming.sample(member, of: $0) }
      }
    }
    if content.hasObserved, let isObserved = field.isObserved {
      columns += channels(isObserved.map { $0 ? 1 : 0 }, isFlag: true, EstimateNaming.observed)
    }
    return columns
  }

  /// A column for each channel of V·C numbers.
  private func channels(
    _ values: [Float], isFlag: Bool = false, isVariable: Bool = false, _ name: (String) -> String
  ) -> [VertexColumn] {
    variables.enumerated().map { channel, variable in
      VertexColumn(
        name: name(variable.name),
        values: stride(from: channel, to: values.count, by: variables.count).map { values[$0] }, isFlag: isFlag,
        isVariable: isVariable)
    }
  }
}
