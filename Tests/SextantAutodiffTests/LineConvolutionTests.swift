// The convolution by minimal filtering is the convolution by its table of neighbours, forwards and backwards.

import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantAutodiff

@Suite struct LineConvolutionTests {
  /// A line, the window's first offset, and how many outputs there are.
  struct Case: Sendable, CustomTestStringConvertible {
    var rows: Int
    var offset = -1
    var outputs: Int?
    var channels = (32, 64)
    var testDescription: String { "\(rows) rows from \(offset), \(outputs ?? rows) outputs, \(channels)" }
  }

  static let cases = [
    Case(rows: 32), Case(rows: 33), Case(rows: 34), Case(rows: 35, channels: (64, 32)), Case(rows: 1888),
    Case(rows: 236, channels: (256, 128)), Case(rows: 97, offset: 0), Case(rows: 97, offset: -2),
    Case(rows: 60, offset: 5), Case(rows: 60, offset: 0, outputs: 41), Case(rows: 40, offset: -3, outputs: 59),
  ]

  /// The result and the gradients of input, weights and bias.
  func resultAndGradients<Scalar: TensorScalar>(
    _ inputs: [Tensor<Scalar>], seed: Tensor<Scalar>, _ stencil: Stencil
  ) -> [Tensor<Scalar>] {
    let tape = Tape<Scalar>()
    let leaves = inputs.map { tape.leaf($0) }
    let result = stencilConvolution(leaves[0], weight: leaves[1], bias: leaves[2], stencil: stencil)
    let gradients = tape.gradients(of: result, seed: seed)
    return [result.value] + leaves.compactMap { gradients[$0] }
  }

  func check<Scalar: TensorScalar>(_ form: Case, as _: Scalar.Type, within tolerance: Double) {
    let outputs = form.outputs ?? form.rows
    let line = Stencil.line(count: form.rows, offsets: form.offset...(form.offset + 2), outputCount: outputs)
    // The same table, not known to be a line.
    let table = Stencil(inputCount: form.rows, width: 3, neighbours: line.neighbours)
    var stream = RandomStream(seed: 9)
    let shapes = [[5, form.rows, form.channels.0], [form.channels.1, 3, form.channels.0], [form.channels.1]]
    let inputs = shapes.map { stream.normals($0, as: Scalar.self) }
    let seed = stream.normals([5, outputs, form.channels.1], as: Scalar.self)
    #expect(LineConvolution(inputs[0], inputs[1], line) != nil)
    #expect(LineConvolution(inputs[0], inputs[1], table) == nil)
    let pairs = zip(resultAndGradients(inputs, seed: seed, line), resultAndGradients(inputs, seed: seed, table))
    for ((found, expected), name) in zip(pairs, ["result", "input", "weight", "bias"]) {
      let scale = (expected.dot(expected) / Double(expected.count)).squareRoot()
      let worst = zip(found.scalars, expected.scalars).map { abs(Double($0) - Double($1)) }.max() ?? 0
      #expect(found.shape == expected.shape)
      #expect(worst < tolerance * scale, "\(name): \(worst / scale) of the root mean square")
    }
  }

  @Test(arguments: cases) func equalsTheTableInSinglePrecision(form: Case) {
    check(form, as: Float.self, within: 3e-5)
  }

  @Test(arguments: cases) func equalsTheTableInDoublePrecision(form: Case) {
    check(form, as: Double.self, within: 1e-13)
  }

  @Test func aSampleHasTheSameBitsInAnyBatch() {
    var stream = RandomStream(seed: 10)
    let weight: Tensor<Float> = stream.normals([64, 3, 32])
    let x: Tensor<Float> = stream.normals([3, 1000, 32])
    let line = Stencil.line(count: 1000, offsets: -1...1)
    func convolved(_ x: Tensor<Float>) -> [Float] {
      let tape = Tape<Float>()
      return stencilConvolution(tape.constant(x), weight: tape.constant(weight), bias: nil, stencil: line).value.scalars
    }
    let last = Tensor(Array(x.scalars.suffix(32_000)), shape: [1, 1000, 32])
    #expect(Array(convolved(x).suffix(64_000)) == convolved(last))
  }
}
