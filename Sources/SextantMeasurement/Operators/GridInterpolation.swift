// Observations between grid points: stations, ship tracks, the cells of another grid. The domain gives the
// interpolation weights, which are the same for every channel.

import SextantArrays
import SextantGeometry

/// Interpolates all channels of a field from the vertices of a domain to observed places on the sphere.
///
/// A measurement has P·C entries for P places and C channels, channel fastest, as a signal has.
public struct GridInterpolation: LinearOperator, Equatable {
  /// The observed places (P).
  public let places: [GeographicPoint]
  /// The number of channels C.
  public let channelCount: Int
  private let sparse: SparseOperator
  /// The vertex entry that each output equals, if every place is a vertex; nil otherwise.
  private let entries: [Int]?

  public var inputCount: Int { sparse.inputCount }
  public var outputCount: Int { sparse.outputCount }
  public var form: OperatorForm { entries.map { .selection($0) } ?? sparse.form }
  /// The weights (P·C × V·C).
  public var matrix: SparseMatrix { sparse.matrix }

  /// The interpolation from `domain` to `places`.
  ///
  /// Throws `GeometryError.noGeography`, and `GeometryError.outsideDomain` if the domain does not cover a place.
  public init(from domain: any Domain, to places: [GeographicPoint], channelCount: Int) throws {
    let weights = try domain.requiredGeography(for: "Interpolation to places").interpolation(to: places)
    self.init(weights, places: places, channelCount: channelCount)
  }

  /// The interpolation from `domain` to those of `places` that it covers; the outputs of all others are 0.
  ///
  /// Returns the interpolation, and whether each place is covered (P). Throws `GeometryError.noGeography`.
  public static func covering(
    from domain: any Domain, to places: [GeographicPoint], channelCount: Int
  ) throws -> (interpolation: GridInterpolation, isCovered: [Bool]) {
    let geography = try domain.requiredGeography(for: "Interpolation to places")
    let isCovered = try Coverage(of: domain, geography).isCovered(places)
    let covered = places.indices.filter { isCovered[$0] }
    let part = try geography.interpolation(to: covered.map { places[$0] })
    var rowStarts = [0]
    var row = 0
    for flag in isCovered {
      if flag { row += 1 }
      rowStarts.append(part.rowStarts[row])
    }
    let weights = SparseMatrix(
      rowCount: places.count, columnCount: part.columnCount, rowStarts: rowStarts, columns: part.columns, values: part.values)
    return (GridInterpolation(weights, places: places, channelCount: channelCount), isCovered)
  }

  private init(_ weights: SparseMatrix, places: [GeographicPoint], channelCount: Int) {
    precondition(channelCount > 0, "An interpolation of \(channelCount) channels")
    self.places = places
    self.channelCount = channelCount
    let matrix = Self.repeated(weights, channelCount: channelCount)
    sparse = SparseOperator(matrix)
    let areVertices = (0..<matrix.rowCount).allSatisfy { row in
      matrix.rowStarts[row + 1] == matrix.rowStarts[row] + 1 && matrix.values[matrix.rowStarts[row]] == 1
    }
    entries = areVertices ? matrix.columns.map { Int($0) } : nil
  }

  public func apply(_ signals: Tensor<Float>) -> Tensor<Float> { sparse.apply(signals) }

  public func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    sparse.applyAdjoint(measurements)
  }

  /// The Kronecker product weights ⊗ I_C: P·C × V·C from P × V.
  private static func repeated(_ weights: SparseMatrix, channelCount: Int) -> SparseMatrix {
    guard channelCount > 1 else { return weights }
    var rowStarts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    for place in 0..<weights.rowCount {
      let entries = weights.rowStarts[place]..<weights.rowStarts[place + 1]
      for channel in 0..<channelCount {
        for k in entries {
          columns.append(weights.columns[k] * Int32(channelCount) + Int32(channel))
          values.append(weights.values[k])
        }
        rowStarts.append(columns.count)
      }
    }
    return SparseMatrix(
      rowCount: weights.rowCount * channelCount, columnCount: weights.columnCount * channelCount,
      rowStarts: rowStarts, columns: columns, values: values)
  }
}
