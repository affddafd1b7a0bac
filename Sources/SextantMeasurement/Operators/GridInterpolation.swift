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

  public var inputCount: Int { sparse.inputCount }
  public var outputCount: Int { sparse.outputCount }
  public var form: OperatorForm { sparse.form }

  /// The interpolation from `domain` to `places`.
  ///
  /// Throws `GeometryError.noGeography`, and `GeometryError.outsideDomain` if the domain does not cover a place.
  public init(from domain: any Domain, to places: [GeographicPoint], channelCount: Int) throws {
    precondition(channelCount > 0, "An interpolation of \(channelCount) channels")
    self.places = places
    self.channelCount = channelCount
    let weights = try domain.requiredGeography(for: "Interpolation to places").interpolation(to: places)
    sparse = SparseOperator(Self.repeated(weights, channelCount: channelCount))
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
