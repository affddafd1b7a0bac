// The tables of C kernels for `Float` and `Double`, with pointers and counts only; ``VectorKernels`` is the checked
// interface.

import CVectorKernels

/// A scalar type for which the C kernels are compiled. CVectorKernels.h describes each kernel.
public protocol VectorScalar {
  static func add(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
    _ out: UnsafeMutablePointer<Self>)
  static func subtract(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
    _ out: UnsafeMutablePointer<Self>)
  static func multiply(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
    _ out: UnsafeMutablePointer<Self>)
  static func scale(
    _ set: Processor.InstructionSet, _ n: Int, _ factor: Self, _ x: UnsafePointer<Self>,
    _ out: UnsafeMutablePointer<Self>)
  static func addScaled(
    _ set: Processor.InstructionSet, _ n: Int, _ factor: Self, _ x: UnsafePointer<Self>,
    _ y: UnsafeMutablePointer<Self>)
  static func accumulate(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Double>)
  static func accumulateSquares(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Double>)
  static func dot(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>
  ) -> Double
  static func exponential(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Self>, _ out: UnsafeMutablePointer<Self>)
  static func addSquaredDifferences(
    _ set: Processor.InstructionSet, _ n: Int, _ here: Self, _ x: UnsafePointer<Self>,
    _ out: UnsafeMutablePointer<Self>)
  static func matern(
    _ set: Processor.InstructionSet, _ n: Int, _ correlation: vk_correlation, _ squared: UnsafePointer<Self>,
    _ value: UnsafeMutablePointer<Self>)
  static func maternWithSlope(
    _ set: Processor.InstructionSet, _ n: Int, _ correlation: vk_correlation, _ squared: UnsafePointer<Self>,
    _ value: UnsafeMutablePointer<Self>, _ slope: UnsafeMutablePointer<Self>)
}
