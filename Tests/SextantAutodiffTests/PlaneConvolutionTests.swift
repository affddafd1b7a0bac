// The convolutions with fewer products, by minimal filtering on a plane and of few outputs, are the convolution by its table of
// neighbours, forwards and backwards.

import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantAutodiff

@Suite struct PlaneConvolutionTests {
  /// An image and its channels.
  struct Case: Sendable, CustomTestStringConvertible {
    var rows: Int
    var columns: Int
    var channels: (Int, Int)
    var batch = 3
    var stencil: Stencil { PlaneConvolutionTests.stencil(rows: rows, columns: columns) }
    var testDescription: String { "\(batch) of \(rows)×\(columns), \(channels)" }
  }

  static let filtered = [
    Case(rows: 8, columns: 8, channels: (16, 16)), Case(rows: 32, columns: 32, channels: (32, 64)),
    Case(rows: 9, columns: 14, channels: (19, 40)), Case(rows: 13, columns: 8, channels: (70, 17)),
    Case(rows: 28, columns: 31, channels: (24, 33), batch: 1),
    Case(rows: 16, columns: 16, channels: (128, 96), batch: 20),
  ]
  static let few = [
    Case(rows: 8, columns: 5, channels: (36, 4)), Case(rows: 32, columns: 32, channels: (32, 3)),
    Case(rows: 4, columns: 4, channels: (9, 1), batch: 7),
  ]

  /// The 3×3 pixels around each.
  static func stencil(rows: Int, columns: Int) -> Stencil {
    var neighbours: [Int32] = []
    for row in 0..<rows {
      for column in 0..<columns {
        for down in -1...1 {
          for across in -1...1 {
            let (r, c) = (row + down, column + across)
            neighbours.append(
              (0..<rows).contains(r) && (0..<columns).contains(c) ? Int32(r * columns + c) : -1)
          }
        }
      }
    }
    return Stencil(inputCount: rows * columns, width: 9, neighbours: neighbours)
  }

  /// The result, and the gradients of x and of the weights, where each adds to what is there.
  static func everything<Scalar: TensorScalar>(
    _ form: some ConvolutionForm<Scalar>, _ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>,
    seed: Tensor<Scalar>
  ) -> [Tensor<Scalar>] {
    let written = Tensor<Scalar>(shape: x.shape) { form.inputGradient(seed, weight, adds: false, into: $0) }
    var added = x
    added.withUnsafeMutableScalars { form.inputGradient(seed, weight, adds: true, into: $0) }
    var weights = weight
    weights.withUnsafeMutableScalars { form.addWeightGradient(seed, x, to: $0) }
    return [form.forward(x, weight, bias), form.forward(x, weight, nil), written, added, weights]
  }

  func check<Scalar: TensorScalar>(_ form: Case, isFew: Bool, as _: Scalar.Type, within tolerance: Double) throws {
    var stream = RandomStream(seed: 11)
    let (pixels, (inputs, outputs)) = (form.rows * form.columns, form.channels)
    let x = stream.normals([form.batch, pixels, inputs], as: Scalar.self)
    let weight = stream.normals([outputs, 9, inputs], as: Scalar.self)
    let bias = stream.normals([outputs], as: Scalar.self)
    let seed = stream.normals([form.batch, pixels, outputs], as: Scalar.self)
    let stencil = form.stencil
    let expected = Self.everything(TableConvolution(x, weight, stencil), x, weight, bias, seed: seed)
    let found =
      isFew
      ? Self.everything(try #require(FewOutputConvolution(x, weight, stencil)), x, weight, bias, seed: seed)
      : Self.everything(try #require(PlaneConvolution(x, weight, stencil)), x, weight, bias, seed: seed)
    for ((found, expected), name) in zip(zip(found, expected), ["result", "without bias", "input", "added", "weight"]) {
      let scale = (expected.dot(expected) / Double(expected.count)).squareRoot()
      let worst = zip(found.scalars, expected.scalars).map { abs(Double($0) - Double($1)) }.max() ?? 0
      #expect(found.shape == expected.shape)
      #expect(worst < tolerance * scale, "\(name): \(worst / scale) of the root mean square")
    }
  }

  @Test(arguments: filtered) func filteringEqualsTheTable(form: Case) throws {
    try check(form, isFew: false, as: Float.self, within: 6e-5)
    try check(form, isFew: false, as: Double.self, within: 2e-13)
  }

  @Test(arguments: few) func fewOutputsEqualTheTable(form: Case) throws {
    try check(form, isFew: true, as: Float.self, within: 1e-5)
    try check(form, isFew: true, as: Double.self, within: 1e-14)
  }

  /// A normalisation and SiLU as one operation are the two, one after the other.
  @Test func aNormalisationWithSiLUIsBoth() {
    var stream = RandomStream(seed: 14)
    let inputs: [Tensor<Float>] = [stream.normals([3, 100, 32]), stream.normals([32]), stream.normals([32])]
    let seed: Tensor<Float> = stream.normals([3, 100, 32])
    func both(_ activates: Bool) -> [Tensor<Float>] {
      let tape = Tape<Float>()
      let leaves = inputs.map { tape.leaf($0) }
      let normal = groupNormalisation(
        leaves[0], gain: leaves[1], bias: leaves[2], groups: 4, epsilon: 1e-6, activates: activates)
      let result = activates ? normal : normal.silu()
      let gradients = tape.gradients(of: result, seed: seed)
      return [result.value] + leaves.compactMap { gradients[$0] }
    }
    for (one, two) in zip(both(true), both(false)) {
      #expect(zip(one.scalars, two.scalars).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($1)) })
    }
  }

  /// Only a table that is the window of every pixel is taken for one.
  @Test func aWindowIsRecognised() {
    let form = Case(rows: 9, columns: 14, channels: (19, 40))
    let window = form.stencil
    #expect(window.plane?.rows == 9 && window.plane?.columns == 14)
    var other = window.neighbours
    other[9 * 17 + 3] = 0
    #expect(Stencil(inputCount: window.inputCount, width: 9, neighbours: other).plane == nil)
    #expect(Stencil(inputCount: 126, width: 9, neighbours: window.neighbours.reversed()).plane == nil)
    #expect(Stencil.line(count: 126, offsets: -4...4).plane == nil)
  }

  @Test(arguments: [(32, 48), (90, 5)]) func aSampleHasTheSameBitsInAnyBatch(inputs: Int, outputs: Int) {
    let form = Case(rows: 10, columns: 9, channels: (inputs, outputs))
    let stencil = form.stencil
    var stream = RandomStream(seed: 12)
    let x: Tensor<Float> = stream.normals([5, 90, inputs])
    let weight: Tensor<Float> = stream.normals([outputs, 9, inputs])
    func convolved(_ x: Tensor<Float>) -> [Float] {
      convolutionForm(x, weight, stencil).forward(x, weight, nil).scalars
    }
    let last = Tensor(Array(x.scalars.suffix(90 * inputs)), shape: [1, 90, inputs])
    #expect(Array(convolved(x).suffix(90 * outputs)) == convolved(last))
  }

  @Test(arguments: filtered + few) func theNumberOfThreadsChangesNoBit(form: Case) {
    let threads = Parallel.threadCount
    defer { Parallel.limitThreads(to: threads) }
    var stream = RandomStream(seed: 13)
    let x: Tensor<Float> = stream.normals([form.batch, form.rows * form.columns, form.channels.0])
    let weight: Tensor<Float> = stream.normals([form.channels.1, 9, form.channels.0])
    let seed: Tensor<Float> = stream.normals([form.batch, form.rows * form.columns, form.channels.1])
    let bias: Tensor<Float> = stream.normals([form.channels.1])
    let own = convolutionForm(x, weight, form.stencil)
    let results = [1, 2, 5].map { threads in
      Parallel.limitThreads(to: threads)
      return Self.everything(own, x, weight, bias, seed: seed).map(\.scalars)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
