// The network kernels on every instruction set that this processor has: functions follow their definitions, rows agree.
// That pullbacks are derivatives is the business of SextantAutodiffTests.

import Foundation
import SextantArrays
import Testing

@Suite struct NetworkKernelsTests {
  static let sets = VectorKernelsTests.sets

  /// The functions in double precision, from the system's library.
  static func reference(_ activation: Activation, _ x: Double, slope: Double) -> Double {
    switch activation {
    case .relu: max(x, 0)
    case .leakyReLU: x < 0 ? slope * x : x
    case .silu: x / (1 + exp(-x))
    case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
    case .tanh: tanh(x)
    case .exponential: exp(x)
    case .logarithm: log(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .softplus: x > 30 ? x : log1p(exp(x))
    case .square: x * x
    }
  }

  static func activated<Scalar: TensorScalar>(
    _ x: [Scalar], _ activation: Activation, _ set: Processor.InstructionSet
  ) -> [Scalar] {
    var out = x
    Scalar.networkKernels(for: set).activate(x.count, activation.code, 0.2, x, &out)
    return out
  }

  @Test(arguments: sets, Activation.allCases)
  func activationsFollowTheirDefinition(set: Processor.InstructionSet, activation: Activation) {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) {
      var x = stride(from: -30.0, through: 30, by: 0.0371).map { Scalar($0) } + [1e-3, -1e-3, 1e-6, -1e-6]
      if activation == .logarithm { x = x.map { abs($0) + 1e-6 } }
      for (x, y) in zip(x, Self.activated(x, activation, set)) {
        let expected = Self.reference(activation, Double(x), slope: Double(Scalar(0.2)))
        #expect(abs(Double(y) - expected) <= tolerance * abs(expected) + 1e-37, "\(activation)(\(x)) = \(y)")
      }
    }
    // Far out, GELU is a product of a tiny number whose relative error the library's erfc decides.
    check(Float.self, tolerance: activation == .gelu ? 1e-4 : 4e-7)
    check(Double.self, tolerance: activation == .gelu ? 1e-12 : 4e-15)
  }

  @Test(arguments: sets, Activation.allCases)
  func activationsLetNaNThrough(set: Processor.InstructionSet, activation: Activation) {
    #expect(Self.activated([Float.nan], activation, set)[0].isNaN)
    #expect(Self.activated([Double.nan], activation, set)[0].isNaN)
  }

  @Test(arguments: sets) func boundedFunctionsHaveTheirLimits(set: Processor.InstructionSet) {
    #expect(Self.activated([-.infinity, .infinity, -1e30, 1e30] as [Float], .tanh, set) == [-1, 1, -1, 1])
    #expect(Self.activated([-.infinity, .infinity, -1e30, 1e30] as [Float], .sigmoid, set) == [0, 1, 0, 1])
    #expect(Self.activated([-.infinity] as [Double], .relu, set) == [0])
  }

  @Test(arguments: sets, [1, 7, 33, 100]) func softmaxesSumToOne(set: Processor.InstructionSet, columns: Int) {
    var stream = RandomStream(seed: 1)
    let x = (stream.normals([5, columns], as: Float.self) * 30).scalars
    var (byRows, byColumns, work) = (x, x, x)
    let kernels = Float.networkKernels(for: set)
    kernels.softmaxRows(5, columns, x, &byRows)
    kernels.softmaxColumns(5, columns, x, &work, &byColumns)
    for row in 0..<5 {
      #expect(abs(byRows[row * columns..<(row + 1) * columns].reduce(0, +) - 1) < 1e-5)
    }
    for column in 0..<columns {
      #expect(abs((0..<5).map { byColumns[$0 * columns + column] }.reduce(0, +) - 1) < 1e-5)
    }
  }

  /// Batch, inputs, outputs: whole tiles, parts of tiles, less than a tile, more than one block of the sums.
  static let layers = [(64, 96, 64), (17, 35, 43), (1, 3, 2), (129, 70, 5), (33, 2100, 37), (256, 5, 300)]

  @Test(arguments: sets, layers)
  func denseKernelsAreProducts(set: Processor.InstructionSet, layer: (batch: Int, inputs: Int, outputs: Int)) {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) {
      let kernels = Scalar.networkKernels(for: set)
      let (batch, inputs, outputs) = layer
      var stream = RandomStream(seed: 3)
      let x: Tensor<Scalar> = stream.normals([batch, inputs])
      let g: Tensor<Scalar> = stream.normals([batch, outputs])
      let w: Tensor<Scalar> = stream.normals([outputs, inputs])
      let bias: Tensor<Scalar> = stream.normals([outputs])
      func packed(_ matrix: Tensor<Scalar>, width: Int) -> [Scalar] {
        let (rows, columns) = (matrix.rowCount, matrix.columnCount)
        var out = [Scalar](repeating: .nan, count: (rows + width - 1) / width * width * columns)
        kernels.packRows(rows, columns, columns, width, matrix.scalars, &out)
        return out
      }
      func compare(_ found: [Scalar], _ expected: Tensor<Scalar>) {
        let worst = zip(found, expected.scalars).map { abs(Double($0) - Double($1)) }.max() ?? 0
        let scale = expected.scalars.map { abs(Double($0)) }.max() ?? 1
        #expect(worst < tolerance * scale)
      }
      let (tall, wide) = (kernels.tileRows, kernels.tileColumns)
      let room = (outputs + tall - 1) / tall * tall * ((batch + wide - 1) / wide * wide)
      var sums = [Scalar](repeating: .nan, count: room)
      var y = [Scalar](repeating: .nan, count: batch * outputs)
      kernels.denseOutputs(
        outputs, inputs, batch, outputs, w.scalars, packed(x, width: wide), bias.scalars, &sums, &y)
      let biases = Tensor(Array(repeating: bias.scalars, count: batch).flatMap(\.self), shape: [batch, outputs])
      compare(y, matrixProduct(x, w, transposingSecond: true) + biases)

      var byRows = [Scalar](repeating: .nan, count: batch * outputs)
      kernels.denseRows(outputs, inputs, batch, outputs, w.scalars, x.scalars, bias.scalars, &byRows)
      compare(byRows, matrixProduct(x, w, transposingSecond: true) + biases)

      let expected = matrixProduct(g, w)
      var back = x.scalars
      kernels.denseInputs(inputs, outputs, batch, inputs, w.scalars, packed(g, width: tall), true, &back)
      compare(back, expected + x)
      kernels.denseInputs(inputs, outputs, batch, inputs, w.scalars, packed(g, width: tall), false, &back)
      compare(back, expected)
    }
    check(Double.self, tolerance: 1e-13)
    check(Float.self, tolerance: 1e-5)
  }

  @Test(arguments: sets) func panelKernelsAreProducts(set: Processor.InstructionSet) {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) {
      let kernels = Scalar.networkKernels(for: set)
      let (tall, wide) = (kernels.tileRows, kernels.tileColumns)
      // No multiple of a tile; the rows of G lie further apart than they are long.
      let (rows, depth, columns) = (5 * tall + 3, 37, 2 * wide)
      var stream = RandomStream(seed: 4)
      let x: Tensor<Scalar> = stream.normals([depth, columns])
      var panels = x.scalars
      kernels.packColumns(columns, depth, columns, wide, x.scalars, &panels)
      /// Out of panels.
      func rowMajor(_ found: [Scalar]) -> [Scalar] {
        (0..<rows * columns).map { index in
          let (row, column) = (index / columns, index % columns)
          return found[(column / wide * rows + row) * wide + column % wide]
        }
      }
      func compare(_ found: [Scalar], _ expected: Tensor<Scalar>) {
        let worst = zip(rowMajor(found), expected.scalars).map { abs(Double($0) - Double($1)) }.max() ?? 0
        #expect(worst < tolerance * (expected.scalars.map { abs(Double($0)) }.max() ?? 1))
      }
      var out = [Scalar](repeating: .nan, count: rows * columns)
      let g: Tensor<Scalar> = stream.normals([rows, depth + 5])
      kernels.panelProducts(rows, depth, columns, depth + 5, g.scalars, panels, &out)
      compare(out, matrixProduct(g.gatheringColumns(Array(0..<depth)), x))

      let h: Tensor<Scalar> = stream.normals([depth, rows + 5])
      let expected = matrixProduct(h.gatheringColumns(Array(0..<rows)), x, transposingFirst: true)
      kernels.transposedProducts(rows, depth, columns, rows + 5, h.scalars, panels, false, &out)
      compare(out, expected)
      kernels.transposedProducts(rows, depth, columns, rows + 5, h.scalars, panels, true, &out)
      compare(out, expected * 2)
    }
    check(Double.self, tolerance: 1e-13)
    check(Float.self, tolerance: 1e-5)
  }

  @Test(arguments: sets, [0, 1, 31, 32, 1001]) func sumsAreInDoublePrecision(set: Processor.InstructionSet, n: Int) {
    var stream = RandomStream(seed: 2)
    let x = stream.normals([max(n, 1)], as: Float.self).scalars
    let expected = x.prefix(n).reduce(0.0) { $0 + Double($1) }
    #expect(abs(Float.networkKernels(for: set).sum(n, x) - expected) < 1e-12)
  }
}
