// Kriging under an operator knows how wrong it is: the range and the variance of the field are fitted by the likelihood of the sums that the
// values are. Each value was taken for that of one place before, and the spread was wrong by a factor of three to five.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import Testing

@testable import SextantSolvers

@Suite struct OperatorParameterTests {
  private static let side = 20

  /// A field about a large mean, as smooth as kriging takes fields for: an autoregression over pixels, twice. What a blur leaves does not tell
  /// how rough a field is below its width, so that of a rougher one (once) the spread is too small, by a factor of 2.5 in this blur.
  private static func field(_ random: inout RandomStream) -> [Float] {
    // A corner of a larger one, in which the beginning is forgotten.
    let (wide, a) = (3 * side, 0.7)
    var values = (0..<wide * wide).map { _ in random.normal() }
    for _ in 0..<2 {
      for row in 0..<wide {
        for column in 0..<wide {
          let above = row > 0 ? values[(row - 1) * wide + column] : 0
          let left = column > 0 ? values[row * wide + column - 1] : 0
          let corner = row > 0 && column > 0 ? values[(row - 1) * wide + column - 1] : 0
          values[row * wide + column] += a * above + a * left - a * a * corner
        }
      }
    }
    let corner = (0..<side * side).map { values[($0 / side + 2 * side) * wide + $0 % side + 2 * side] }
    let size = (corner.reduce(0) { $0 + $1 * $1 } / Double(corner.count)).squareRoot()
    return corner.map { Float(100 + 10 * $0 / size) }
  }

  @Test(arguments: [
    "compressed:share=0.4,seed=1", "blur:gaussian,sigma=1.5,size=5,boundary=periodic", "blur:box,size=3,boundary=periodic",
  ])
  func theSpreadIsThatOfTheErrors(text: String) throws {
    let domain = try ImageGrid(rows: Self.side, columns: Self.side)
    let size = domain.vertexCount
    var random = RandomStream(seed: 3)
    let truth = Self.field(&random)
    let operation = try AnyMeasurementDesign(text).draw(
      in: MeasurementContext(domain: domain, isValid: [Bool](repeating: true, count: size)), using: &random)
    let clean = operation.apply(Tensor(truth, shape: [1, size])).scalars
    let values = clean.map { $0 + Float(0.5 * random.normal()) }
    let measurement = FieldMeasurement(values: values, noise: [Float](repeating: 0.5, count: values.count), operation: operation)
    let answer = try KrigingSolver(domain: domain, channelCount: 1).solve(measurement, samples: 0, using: &random)
    let spread = try #require(answer.spread)
    var (error, variance) = (0.0, 0.0)
    for vertex in 0..<size {
      error += Double((answer.mean[vertex] - truth[vertex]) * (answer.mean[vertex] - truth[vertex]))
      variance += Double(spread[vertex] * spread[vertex])
    }
    let ratio = (variance / error).squareRoot()
    #expect((0.55...1.8).contains(ratio), "\(text): \(ratio)")
  }
}
