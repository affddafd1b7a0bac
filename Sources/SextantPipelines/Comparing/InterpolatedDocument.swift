// A file of fields on a grid as seen at places: what stations are compared with. A place between the cells of the grid gets the
// interpolated value; one outside of the grid, or beside a cell without a value, gets none.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals

/// The fields of a document, interpolated to places.
struct InterpolatedDocument: DocumentWrapper {
  let source: any SignalDocument
  let domain: any Domain
  /// How many of the places lie outside of the grid.
  let outsideCount: Int
  private let interpolation: GridInterpolation
  /// Whether the grid covers each place (P).
  private let isCovered: [Bool]

  /// - Parameters:
  ///   - source: Fields on a domain with latitudes and longitudes.
  ///   - places: The domain of the places.
  /// - Throws: ``RunError`` where the grid covers none of the places, and `GeometryError` for a domain without geography.
  init(_ source: any SignalDocument, at places: any Domain) throws {
    self.source = source
    domain = places
    let points = try places.requiredGeography(for: "A comparison at places").points
    (interpolation, isCovered) = try GridInterpolation.covering(
      from: source.domain, to: points, channelCount: source.variables.count)
    outsideCount = isCovered.count { !$0 }
    guard outsideCount < points.count else {
      throw RunError.invalid(
        "\(source.path): none of the \(points.count) places lies on its grid, \(source.domain.summaryWithArticle). The first place is \(points[0]). Check that latitudes and longitudes are not exchanged.")
    }
  }

  func read(_ indices: [Int]) throws -> SignalSet {
    let fields = try source.read(indices)
    let (channels, places, size) = (variables.count, isCovered.count, fields.domain.vertexCount * variables.count)
    let whole = Tensor(
      fields.values.withUnsafeScalars { values in values.indices.map { fields.isValid[$0] ? values[$0] : .nan } },
      shape: [indices.count, size])
    let values = atPlaces(whole)
    return SignalSet(
      domain: domain, variables: variables, values: Tensor(values.map { $0.isNaN ? 0 : $0 }, shape: [indices.count, places, channels]),
      isValid: values.map { !$0.isNaN }, labels: fields.labels)
  }

  func members(of index: Int) throws -> Tensor<Float>? {
    try source.members(of: index).map { members in
      Tensor(atPlaces(Tensor(members.scalars, shape: [members.rowCount, members.count / members.rowCount])), shape: [members.rowCount, isCovered.count * variables.count])
    }
  }

  func spread(of index: Int) throws -> [Float]? { nil }

  // Numbers beside the fields are not interpolated: flags have no value between two cells.
  func companion(_ name: String) throws -> FieldCompanion? { nil }
  var companionNames: [String] { [] }

  /// Rows of V·C numbers as rows of P·C numbers; not-a-number where there is none.
  private func atPlaces(_ rows: Tensor<Float>) -> [Float] {
    var values = interpolation.apply(rows)
    EntryRegion(vertices: isCovered, channelCount: variables.count).removeOutside(&values)
    return values.scalars
  }
}
