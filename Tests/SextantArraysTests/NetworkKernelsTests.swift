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

  @Test(arguments: sets, [0, 1, 31, 32, 1001]) func sumsAreInDoublePrecision(set: Processor.InstructionSet, n: Int) {
    var stream = RandomStream(seed: 2)
    let x = stream.normals([max(n, 1)], as: Float.self).scalars
    let expected = x.prefix(n).reduce(0.0) { $0 + Double($1) }
    #expect(abs(Float.networkKernels(for: set).sum(n, x) - expected) < 1e-12)
  }
}
