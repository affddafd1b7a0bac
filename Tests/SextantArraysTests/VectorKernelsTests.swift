// The C kernels on every instruction set that this processor has: they follow their definitions, and agree.

import Foundation
import SextantArrays
import Testing

@Suite struct VectorKernelsTests {
  static let sets = Processor.InstructionSet.allCases.filter { $0 <= Processor.bestInstructionSet }
  /// Lengths around the widths of vectors.
  static let lengths = [0, 1, 7, 16, 33, 1000]

  static func kernels<Scalar: TensorScalar>(
    _ set: Processor.InstructionSet, as type: Scalar.Type
  ) throws -> Scalar.Kernels { try #require(Scalar.kernels(for: set)) }

  /// Runs `body` on arrays as buffers and returns the output, which starts as `initial`.
  static func output<Scalar: TensorScalar>(
    from x: [Scalar], _ y: [Scalar], initial: [Scalar],
    _ body: (UnsafeBufferPointer<Scalar>, UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) -> [Scalar] {
    var out = initial
    x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in out.withUnsafeMutableBufferPointer { body(x, y, $0) } }
    }
    return out
  }

  static func random<Scalar: TensorScalar>(_ n: Int, _ seed: UInt64, as type: Scalar.Type) -> [Scalar] {
    var stream = RandomStream(seed: seed)
    return stream.normals([n], as: type).scalars
  }

  @Test(arguments: sets, lengths) func arithmeticFollowsItsDefinition(set: Processor.InstructionSet, n: Int) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let kernels = try Self.kernels(set, as: type)
      let (x, y, z) = (Self.random(n, 1, as: type), Self.random(n, 2, as: type), Self.random(n, 3, as: type))
      #expect(Self.output(from: x, y, initial: z) { kernels.add($0, $1, into: $2) } == zip(x, y).map { $0 + $1 })
      #expect(Self.output(from: x, y, initial: z) { kernels.subtract($0, $1, into: $2) } == zip(x, y).map { $0 - $1 })
      #expect(Self.output(from: x, y, initial: z) { kernels.multiply($0, $1, into: $2) } == zip(x, y).map { $0 * $1 })
      #expect(
        Self.output(from: x, y, initial: z) { x, _, out in kernels.scale(x, by: 3, into: out) } == x.map { $0 * 3 })
      let scaled = Self.output(from: x, y, initial: z) { x, _, out in kernels.add(x, scaledBy: 0.7, to: out) }
      let squares = Self.output(from: x, y, initial: z) { x, _, out in
        kernels.addSquaredDifferences(from: 0.5, to: x, into: out)
      }
      for i in 0..<n {
        // With or without a fused multiplication: one rounding more or less.
        #expect(abs(scaled[i] - (z[i] + 0.7 * x[i])) <= 4 * Scalar.ulpOfOne)
        #expect(abs(squares[i] - (z[i] + (x[i] - 0.5) * (x[i] - 0.5))) <= 16 * Scalar.ulpOfOne)
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test(arguments: sets, lengths) func sumsAreInDoublePrecision(set: Processor.InstructionSet, n: Int) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let kernels = try Self.kernels(set, as: type)
      let (x, y) = (Self.random(n, 4, as: type), Self.random(n, 5, as: type))
      var sums = [Double](repeating: 1, count: n)
      var squares = sums
      let dot = x.withUnsafeBufferPointer { x in
        sums.withUnsafeMutableBufferPointer { kernels.accumulate(x, into: $0) }
        squares.withUnsafeMutableBufferPointer { kernels.accumulateSquares(of: x, into: $0) }
        return y.withUnsafeBufferPointer { kernels.dot(x, $0) }
      }
      for i in 0..<n {
        #expect(abs(sums[i] - (1 + Double(x[i]))) < 1e-14)
        #expect(abs(squares[i] - (1 + Double(x[i]) * Double(x[i]))) < 1e-14)
      }
      #expect(abs(dot - zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }) < 1e-11)
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test(arguments: sets) func exponentialsAreAccurate(set: Processor.InstructionSet) throws {
    let singles = try Self.kernels(set, as: Float.self)
    let x = stride(from: Float(-87), through: 88, by: 0.0037).map { $0 }
    let y = Self.output(from: x, x, initial: x) { x, _, out in singles.exponential(x, into: out) }
    let worst = zip(x, y).map { abs(Double($1) / exp(Double($0)) - 1) }.max() ?? 1
    #expect(worst < 1e-7, "relative error \(worst)")

    let doubles = try Self.kernels(set, as: Double.self)
    let u = stride(from: -708.0, through: 709, by: 0.0371).map { $0 }
    let v = Self.output(from: u, u, initial: u) { x, _, out in doubles.exponential(x, into: out) }
    let worstDouble = zip(u, v).map { abs($1 / exp($0) - 1) }.max() ?? 1
    #expect(worstDouble < 1e-15, "relative error \(worstDouble)")
  }

  @Test(arguments: sets) func exponentialsHaveTheirLimits(set: Processor.InstructionSet) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let kernels = try Self.kernels(set, as: type)
      let x: [Scalar] = [0, -.infinity, .infinity, .nan, -1e4, 1e4]
      let y = Self.output(from: x, x, initial: x) { x, _, out in kernels.exponential(x, into: out) }
      #expect(y[0] == 1 && y[1] == 0 && y[2] == .infinity && y[3].isNaN && y[4] == 0 && y[5] == .infinity)
    }
    try check(Float.self)
    try check(Double.self)
    let doubles = try Self.kernels(set, as: Double.self)
    let denormal = Self.output(from: [-740.0], [0], initial: [0]) { x, _, out in doubles.exponential(x, into: out) }
    #expect(abs(denormal[0] / exp(-740.0) - 1) < 0.2)
  }

  @Test(arguments: sets, MaternCorrelation.allCases)
  func maternCorrelationsFollowTheirFormula(set: Processor.InstructionSet, correlation: MaternCorrelation) throws {
    func formula(_ squared: Double) -> Double {
      switch correlation {
      case .half:
        return exp(-squared.squareRoot())
      case .threeHalves:
        let t = (3 * squared).squareRoot()
        return (1 + t) * exp(-t)
      case .fiveHalves:
        let t = (5 * squared).squareRoot()
        return (1 + t + t * t / 3) * exp(-t)
      }
    }
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) throws {
      let kernels = try Self.kernels(set, as: type)
      let squared = (0..<501).map { Scalar($0) * 0.02 }
      var (values, slopes) = (squared, squared)
      squared.withUnsafeBufferPointer { squared in
        values.withUnsafeMutableBufferPointer { values in
          kernels.matern(correlation, squaredDistances: squared, values: values)
          let alone = Array(values)
          slopes.withUnsafeMutableBufferPointer {
            kernels.matern(correlation, squaredDistances: squared, values: values, slopes: $0)
          }
          #expect(Array(values) == alone)
        }
      }
      #expect(values[0] == 1)
      #expect(slopes.allSatisfy { $0.isFinite })
      for i in 1..<squared.count {
        let s = Double(squared[i])
        #expect(abs(Double(values[i]) - formula(s)) < tolerance)
        let step = 1e-5 * s
        let slope = -2 * (formula(s + step) - formula(s - step)) / (2 * step)
        #expect(abs(Double(slopes[i]) - slope) < max(tolerance, 1e-6) * max(1, slope))
      }
    }
    try check(Float.self, tolerance: 5e-7)
    try check(Double.self, tolerance: 1e-15)
  }

  @Test(arguments: sets) func correlationsMayOverwriteTheirDistances(set: Processor.InstructionSet) throws {
    let kernels = try Self.kernels(set, as: Double.self)
    let squared = (0..<101).map { Double($0) * 0.1 }
    let apart = Self.output(from: squared, squared, initial: squared) { x, _, out in
      kernels.matern(.threeHalves, squaredDistances: x, values: out)
    }
    var inPlace = squared
    inPlace.withUnsafeMutableBufferPointer {
      kernels.matern(.threeHalves, squaredDistances: UnsafeBufferPointer($0), values: $0)
    }
    #expect(inPlace == apart)
  }

  @Test func aSetThatTheProcessorLacksCannotBeChosen() {
    for set in Processor.InstructionSet.allCases where set > Processor.bestInstructionSet {
      #expect(Float.kernels(for: set) == nil)
    }
    #expect(Processor.chosenInstructionSet <= Processor.bestInstructionSet)
  }
}
