// Element-wise loops with vector instructions: the Swift interface to CVectorKernels. They are serial; callers split
// large work with `Parallel`. Inputs and outputs have equal lengths; an output may be the same memory as an input.

import CVectorKernels

/// The Matérn correlations with a closed form, by their smoothness ν. With t = √(2ν)·distance/range:
public enum MaternCorrelation: String, CaseIterable, Codable, Sendable {
  /// ν = 1/2, the exponential correlation: e⁻ᵗ.
  case half
  /// ν = 3/2: (1 + t)·e⁻ᵗ.
  case threeHalves
  /// ν = 5/2: (1 + t + t²/3)·e⁻ᵗ.
  case fiveHalves

  var code: vk_correlation {
    switch self {
    case .half: VK_MATERN_1_2
    case .threeHalves: VK_MATERN_3_2
    case .fiveHalves: VK_MATERN_5_2
    }
  }
}

/// Element-wise loops for one scalar type, compiled for one instruction set.
public struct VectorKernels<Scalar: TensorScalar>: Sendable {
  /// The instruction set of these loops.
  public let instructionSet: Processor.InstructionSet

  /// The loops for ``Processor/chosenInstructionSet``.
  public static var chosen: VectorKernels { VectorKernels(unchecked: Processor.chosenInstructionSet) }

  /// The loops for `instructionSet`; nil if the processor does not support it.
  public init?(_ instructionSet: Processor.InstructionSet) {
    guard instructionSet <= Processor.bestInstructionSet else { return nil }
    self.instructionSet = instructionSet
  }

  private init(unchecked instructionSet: Processor.InstructionSet) { self.instructionSet = instructionSet }

  /// out ← a + b.
  public func add(
    _ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>, into out: UnsafeMutableBufferPointer<Scalar>
  ) {
    precondition(a.count == out.count && b.count == out.count, "Lengths differ")
    guard let a = a.baseAddress, let b = b.baseAddress, let target = out.baseAddress else { return }
    Scalar.add(instructionSet, out.count, a, b, target)
  }

  /// out ← a − b.
  public func subtract(
    _ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>, into out: UnsafeMutableBufferPointer<Scalar>
  ) {
    precondition(a.count == out.count && b.count == out.count, "Lengths differ")
    guard let a = a.baseAddress, let b = b.baseAddress, let target = out.baseAddress else { return }
    Scalar.subtract(instructionSet, out.count, a, b, target)
  }

  /// out ← a·b, element-wise.
  public func multiply(
    _ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>, into out: UnsafeMutableBufferPointer<Scalar>
  ) {
    precondition(a.count == out.count && b.count == out.count, "Lengths differ")
    guard let a = a.baseAddress, let b = b.baseAddress, let target = out.baseAddress else { return }
    Scalar.multiply(instructionSet, out.count, a, b, target)
  }

  /// out ← factor·x.
  public func scale(
    _ x: UnsafeBufferPointer<Scalar>, by factor: Scalar, into out: UnsafeMutableBufferPointer<Scalar>
  ) {
    precondition(x.count == out.count, "Lengths differ")
    guard let x = x.baseAddress, let target = out.baseAddress else { return }
    Scalar.scale(instructionSet, out.count, factor, x, target)
  }

  /// y ← y + factor·x.
  public func add(
    _ x: UnsafeBufferPointer<Scalar>, scaledBy factor: Scalar, to y: UnsafeMutableBufferPointer<Scalar>
  ) {
    precondition(x.count == y.count, "Lengths differ")
    guard let x = x.baseAddress, let target = y.baseAddress else { return }
    Scalar.addScaled(instructionSet, y.count, factor, x, target)
  }

  /// sums ← sums + x in double precision: column sums, row by row.
  public func accumulate(_ x: UnsafeBufferPointer<Scalar>, into sums: UnsafeMutableBufferPointer<Double>) {
    precondition(x.count == sums.count, "Lengths differ")
    guard let x = x.baseAddress, let target = sums.baseAddress else { return }
    Scalar.accumulate(instructionSet, sums.count, x, target)
  }

  /// sums ← sums + x² in double precision: the sums of squares of columns, row by row.
  public func accumulateSquares(of x: UnsafeBufferPointer<Scalar>, into sums: UnsafeMutableBufferPointer<Double>) {
    precondition(x.count == sums.count, "Lengths differ")
    guard let x = x.baseAddress, let target = sums.baseAddress else { return }
    Scalar.accumulateSquares(instructionSet, sums.count, x, target)
  }

  /// The sum of a·b, in double precision.
  public func dot(_ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>) -> Double {
    precondition(a.count == b.count, "Lengths differ")
    guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
    return Scalar.dot(instructionSet, a.count, x, y)
  }

  /// out ← eˣ, with a relative error below 1e-7 (`Float`) or 1e-15 (`Double`).
  public func exponential(_ x: UnsafeBufferPointer<Scalar>, into out: UnsafeMutableBufferPointer<Scalar>) {
    precondition(x.count == out.count, "Lengths differ")
    guard let x = x.baseAddress, let target = out.baseAddress else { return }
    Scalar.exponential(instructionSet, out.count, x, target)
  }

  /// out ← out + (x − here)²: one axis of the squared distances from one point to many.
  public func addSquaredDifferences(
    from here: Scalar, to x: UnsafeBufferPointer<Scalar>, into out: UnsafeMutableBufferPointer<Scalar>
  ) {
    precondition(x.count == out.count, "Lengths differ")
    guard let x = x.baseAddress, let target = out.baseAddress else { return }
    Scalar.addSquaredDifferences(instructionSet, out.count, here, x, target)
  }

  /// values ← the correlation at each squared distance, which is in units of the squared range.
  ///
  /// `slopes`, if given, is set to −2 times the derivative with respect to the squared distance. For the exponential
  /// correlation at distance 0, where the derivative is infinite, it is a large finite number.
  public func matern(
    _ correlation: MaternCorrelation, squaredDistances: UnsafeBufferPointer<Scalar>,
    values: UnsafeMutableBufferPointer<Scalar>, slopes: UnsafeMutableBufferPointer<Scalar>? = nil
  ) {
    precondition(squaredDistances.count == values.count, "Lengths differ")
    guard let source = squaredDistances.baseAddress, let target = values.baseAddress else { return }
    guard let slopes else {
      Scalar.matern(instructionSet, values.count, correlation.code, source, target)
      return
    }
    precondition(slopes.count == values.count, "Lengths differ")
    guard let slopes = slopes.baseAddress else { return }
    Scalar.maternWithSlope(instructionSet, values.count, correlation.code, source, target, slopes)
  }
}
