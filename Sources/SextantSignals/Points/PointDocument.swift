// Observations at places as an open file of signals: fields on the places, most of whose entries are missing where the
// places of each field differ.

import SextantArrays
import SextantGeometry

/// The fields of a file of observations.
struct PointDocument: SignalDocument {
  let path: String
  let format: any SignalFormat
  let remarks: [Remark]
  private let observations: PointObservations
  private var fields: PointFields
  /// The ensemble of each observation (members of C × n each), where the file holds estimates with one.
  private let members: [[[Float]]]

  /// - Parameters:
  ///   - observations: what was observed.
  ///   - window: what counts as one time.
  ///   - request: the domain that is expected.
  ///   - members: the values of each member of an ensemble (N × C × n).
  ///   - remarks: what is to be said of the file.
  init(
    _ observations: PointObservations, window: ObservationWindow, for request: SignalRequest, format: any SignalFormat,
    members: [[[Float]]] = [], remarks: [Remark] = []
  ) throws {
    fields = try PointFields(observations, window: window, sharing: request.series?.domain ?? request.domain)
    (path, self.format, self.observations, self.members) = (observations.path, format, observations, members)
    self.remarks = remarks + fields.remarks
    if !request.select.isEmpty { fields = fields.choosing(try indices(selecting: request.select)) }
  }

  /// The vertices of field `index` that have an observation, missing or not.
  func vertices(ofField index: Int) -> [Int] { fields.members[index].map(\.vertex).sorted() }

  var domain: any Domain { fields.domain }
  var variables: [Variable] { observations.variables }
  var labels: [FieldLabel] { fields.labels }

  func read(_ indices: [Int]) throws -> SignalSet {
    let (vertices, channels) = (domain.vertexCount, variables.count)
    var isValid = [Bool](repeating: false, count: indices.count * vertices * channels)
    var infinite: Int?
    let values = Tensor<Float>(shape: [indices.count, vertices, channels]) { out in
      out.initialize(repeating: 0)
      for (slot, index) in indices.enumerated() {
        for (vertex, observation) in fields.members[index] {
          for channel in 0..<channels {
            let value = observations.values[channel][observation]
            guard !value.isNaN else { continue }
            if value.isInfinite { infinite = observation }
            let entry = (slot * vertices + vertex) * channels + channel
            (out[entry], isValid[entry]) = (value, true)
          }
        }
      }
    }
    if let infinite { throw VertexFileError.infinite(path: path, place: observations.name(infinite)) }
    return SignalSet(
      domain: domain, variables: variables, values: values, isValid: isValid, labels: indices.map { labels[$0] })
  }

  func companion(_ name: String) throws -> FieldCompanion? {
    if let own = ownCompanion(name) { return own }
    guard let column = observations.companions[name] else { return nil }
    let (fields, count) = (fields, domain.vertexCount)
    return FieldCompanion(name: name, isConstant: fields.members.count == 1) { index in
      var values = [Float](repeating: .nan, count: count)
      for (vertex, observation) in fields.members[index] { values[vertex] = column[observation] }
      return values
    }
  }

  var companionNames: [String] { variables.map(\.name) + observations.companions.keys.sorted() }

  func members(of index: Int) throws -> Tensor<Float>? {
    guard !members.isEmpty else { return nil }
    let (size, channels) = (domain.vertexCount * variables.count, variables.count)
    return Tensor(shape: [members.count, size]) { out in
      out.initialize(repeating: .nan)
      for (number, member) in members.enumerated() {
        for (vertex, observation) in fields.members[index] {
          for channel in 0..<channels { out[number * size + vertex * channels + channel] = member[channel][observation] }
        }
      }
    }
  }
}
