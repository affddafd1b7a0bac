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
    case .arcTangent: atan(x)
    case .exponential: exp(x)
    case .logarithm: log(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .softplus: x > 30 ? x : log1p(exp(x))
    case .square: x * x
    }
  }

  static func activated<Scalar: TensorScalar>(
    _ x: [Scalar], _ activation: Activation, _ set: Processor.InstructionSet
  ) throws -> [Scalar] {
    var out = x
    try #require(Scalar.kernels(for: set)).activate(
      count: x.count, activation: activation.code, slope: 0.2, from: x, to: &out)
    return out
  }

  @Test(arguments: sets, Activation.allCases)
  func activationsFollowTheirDefinition(set: Processor.InstructionSet, activation: Activation) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) throws {
      var x = stride(from: -30.0, through: 30, by: 0.0371).map { Scalar($0) } + [1e-3, -1e-3, 1e-6, -1e-6]
      if activation == .logarithm { x = x.map { abs($0) + 1e-6 } }
      for (x, y) in try zip(x, Self.activated(x, activation, set)) {
        let expected = Self.reference(activation, Double(x), slope: Double(Scalar(0.2)))
        #expect(abs(Double(y) - expected) <= tolerance * abs(expected) + 1e-37, "\(activation)(\(x)) = \(y)")
      }
    }
    // Far out, GELU is a product of a tiny number whose relative error the library's erfc decides.
    try check(Float.self, tolerance: activation == .gelu ? 1e-4 : 4e-7)
    try check(Double.self, tolerance: activation == .gelu ? 1e-12 : 4e-15)
  }

  @Test(arguments: sets, Activation.allCases)
  func activationsLetNaNThrough(set: Processor.InstructionSet, activation: Activation) throws {
    #expect(try Self.activated([Float.nan], activation, set)[0].isNaN)
    #expect(try Self.activated([Double.nan], activation, set)[0].isNaN)
  }

  @Test(arguments: sets) func boundedFunctionsHaveTheirLimits(set: Processor.InstructionSet) throws {
    #expect(try Self.activated([-.infinity, .infinity, -1e30, 1e30] as [Float], .tanh, set) == [-1, 1, -1, 1])
    #expect(try Self.activated([-.infinity, .infinity, -1e30, 1e30] as [Float], .sigmoid, set) == [0, 1, 0, 1])
    #expect(try Self.activated([-.infinity] as [Double], .relu, set) == [0])
  }

  @Test(arguments: sets, [1, 7, 33, 100]) func softmaxesSumToOne(set: Processor.InstructionSet, columns: Int) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Scalar) throws {
      var stream = RandomStream(seed: 1)
      let x = (stream.normals([5, columns], as: type) * 30).scalars
      var (byRows, byColumns, work) = (x, x, x)
      let kernels = try #require(Scalar.kernels(for: set))
      kernels.softmaxRows(rows: 5, columns: columns, from: x, to: &byRows)
      kernels.softmaxColumns(rows: 5, columns: columns, from: x, work: &work, to: &byColumns)
      for row in 0..<5 {
        #expect(abs(byRows[row * columns..<(row + 1) * columns].reduce(0, +) - 1) < tolerance)
      }
      for column in 0..<columns {
        #expect(abs((0..<5).map { byColumns[$0 * columns + column] }.reduce(0, +) - 1) < tolerance)
      }
    }
    try check(Float.self, tolerance: 1e-5)
    try check(Double.self, tolerance: 1e-14)
  }

  /// Batch, inputs, outputs: whole tiles, parts of tiles, less than a tile, more than one block of the sums.
  static let layers = [(64, 96, 64), (17, 35, 43), (1, 3, 2), (129, 70, 5), (3, 133, 150), (4, 64, 129), (33, 2100, 37), (256, 5, 300)]

  @Test(arguments: sets, layers)
  func denseKernelsAreProducts(set: Processor.InstructionSet, layer: (batch: Int, inputs: Int, outputs: Int)) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) throws {
      let kernels = try #require(Scalar.kernels(for: set))
      let (batch, inputs, outputs) = layer
      var stream = RandomStream(seed: 3)
      let x: Tensor<Scalar> = stream.normals([batch, inputs])
      let g: Tensor<Scalar> = stream.normals([batch, outputs])
      let w: Tensor<Scalar> = stream.normals([outputs, inputs])
      let bias: Tensor<Scalar> = stream.normals([outputs])
      // A single tile of rows is not packed.
      func packed(_ matrix: Tensor<Scalar>, width: Int) -> [Scalar] {
        guard batch > kernels.tileRows else { return matrix.scalars }
        let (rows, columns) = (matrix.rowCount, matrix.columnCount)
        var out = [Scalar](repeating: .nan, count: (rows + width - 1) / width * width * columns)
        kernels.packRows(rows: rows, columns: columns, stride: columns, width: width, from: matrix.scalars, to: &out)
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
        outputs: outputs, inputs: inputs, batch: batch, stride: outputs, weight: w.scalars,
        from: packed(x, width: wide), bias: bias.scalars, sums: &sums, to: &y)
      let biases = Tensor(Array(repeating: bias.scalars, count: batch).flatMap(\.self), shape: [batch, outputs])
      compare(y, matrixProduct(x, w, transposingSecond: true) + biases)

      var byRows = [Scalar](repeating: .nan, count: batch * outputs)
      kernels.denseRows(
        outputs: outputs, inputs: inputs, batch: batch, stride: outputs, weight: w.scalars, from: x.scalars,
        bias: bias.scalars, to: &byRows)
      compare(byRows, matrixProduct(x, w, transposingSecond: true) + biases)

      let expected = matrixProduct(g, w)
      var back = x.scalars
      kernels.denseInputs(
        columns: inputs, outputs: outputs, batch: batch, stride: inputs, weight: w.scalars,
        gradient: packed(g, width: tall), adds: true, to: &back)
      compare(back, expected + x)
      kernels.denseInputs(
        columns: inputs, outputs: outputs, batch: batch, stride: inputs, weight: w.scalars,
        gradient: packed(g, width: tall), adds: false, to: &back)
      compare(back, expected)
    }
    try check(Double.self, tolerance: 1e-13)
    try check(Float.self, tolerance: 1e-5)
  }

  @Test(arguments: sets) func panelKernelsAreProducts(set: Processor.InstructionSet) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) throws {
      let kernels = try #require(Scalar.kernels(for: set))
      let (tall, wide) = (kernels.tileRows, kernels.tileColumns)
      // No multiple of a tile; the rows of G lie further apart than they are long.
      let (rows, depth, columns) = (5 * tall + 3, 37, 2 * wide)
      var stream = RandomStream(seed: 4)
      let x: Tensor<Scalar> = stream.normals([depth, columns])
      var panels = x.scalars
      kernels.packColumns(columns: columns, rows: depth, stride: columns, width: wide, from: x.scalars, to: &panels)
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
      kernels.panelProducts(
        rows: rows, depth: depth, columns: columns, stride: depth + 5, left: g.scalars, right: panels, to: &out)
      compare(out, matrixProduct(g.gatheringColumns(Array(0..<depth)), x))

      let h: Tensor<Scalar> = stream.normals([depth, rows + 5])
      let expected = matrixProduct(h.gatheringColumns(Array(0..<rows)), x, transposingFirst: true)
      kernels.transposedProducts(
        rows: rows, depth: depth, columns: columns, stride: rows + 5, left: h.scalars, right: panels, adds: false,
        to: &out)
      compare(out, expected)
      kernels.transposedProducts(
        rows: rows, depth: depth, columns: columns, stride: rows + 5, left: h.scalars, right: panels, adds: true,
        to: &out)
      compare(out, expected * 2)
    }
    try check(Double.self, tolerance: 1e-13)
    try check(Float.self, tolerance: 1e-5)
  }

  @Test(arguments: sets, [0, 1, 31, 32, 1001])
  func sumsAreInDoublePrecision(set: Processor.InstructionSet, n: Int) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      var stream = RandomStream(seed: 2)
      let x = stream.normals([max(n, 1)], as: type).scalars
      let expected = x.prefix(n).reduce(0.0) { $0 + Double($1) }
      #expect(abs(try #require(Scalar.kernels(for: set)).sum(count: n, x) - expected) < 1e-12)
    }
    try check(Float.self)
    try check(Double.self)
  }
}
