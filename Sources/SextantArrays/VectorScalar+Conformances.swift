// The C functions of `Float` and `Double`.

import CVectorKernels

extension Float: VectorScalar {
  private static func kernels(_ set: Processor.InstructionSet) -> vk_kernels_float {
    vk_kernels_for_float(set.code).pointee
  }

  public static func add(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>
  ) { kernels(set).add(n, a, b, out) }

  public static func subtract(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>
  ) { kernels(set).subtract(n, a, b, out) }

  public static func multiply(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>
  ) { kernels(set).multiply(n, a, b, out) }

  public static func scale(
    _ set: Processor.InstructionSet, _ n: Int, _ factor: Float, _ x: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>
  ) { kernels(set).scale(n, factor, x, out) }

  public static func addScaled(
    _ set: Processor.InstructionSet, _ n: Int, _ factor: Float, _ x: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) { kernels(set).add_scaled(n, factor, x, y) }

  public static func accumulate(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Double>
  ) { kernels(set).accumulate(n, x, sums) }

  public static func accumulateSquares(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Double>
  ) { kernels(set).accumulate_squares(n, x, sums) }

  public static func dot(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>
  ) -> Double { kernels(set).dot(n, a, b) }

  public static func exponential(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>
  ) { kernels(set).exponential(n, x, out) }

  public static func addSquaredDifferences(
    _ set: Processor.InstructionSet, _ n: Int, _ here: Float, _ x: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>
  ) { kernels(set).add_squared_differences(n, here, x, out) }

  public static func matern(
    _ set: Processor.InstructionSet, _ n: Int, _ correlation: vk_correlation, _ squared: UnsafePointer<Float>,
    _ value: UnsafeMutablePointer<Float>
  ) { kernels(set).matern(n, correlation, squared, value) }

  public static func maternWithSlope(
    _ set: Processor.InstructionSet, _ n: Int, _ correlation: vk_correlation, _ squared: UnsafePointer<Float>,
    _ value: UnsafeMutablePointer<Float>,
    _ slope: UnsafeMutablePointer<Float>
  ) { kernels(set).matern_with_slope(n, correlation, squared, value, slope) }
}

extension Double: VectorScalar {
  private static func kernels(_ set: Processor.InstructionSet) -> vk_kernels_double {
    vk_kernels_for_double(set.code).pointee
  }

  public static func add(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
    _ out: UnsafeMutablePointer<Double>
  ) { kernels(set).add(n, a, b, out) }

  public static func subtract(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
    _ out: UnsafeMutablePointer<Double>
  ) { kernels(set).subtract(n, a, b, out) }

  public static func multiply(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
    _ out: UnsafeMutablePointer<Double>
  ) { kernels(set).multiply(n, a, b, out) }

  public static func scale(
    _ set: Processor.InstructionSet, _ n: Int, _ factor: Double, _ x: UnsafePointer<Double>,
    _ out: UnsafeMutablePointer<Double>
  ) { kernels(set).scale(n, factor, x, out) }

  public static func addScaled(
    _ set: Processor.InstructionSet, _ n: Int, _ factor: Double, _ x: UnsafePointer<Double>,
    _ y: UnsafeMutablePointer<Double>
  ) { kernels(set).add_scaled(n, factor, x, y) }

  public static func accumulate(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>
  ) { kernels(set).accumulate(n, x, sums) }

  public static func accumulateSquares(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>
  ) { kernels(set).accumulate_squares(n, x, sums) }

  public static func dot(
    _ set: Processor.InstructionSet, _ n: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>
  ) -> Double { kernels(set).dot(n, a, b) }

  public static func exponential(
    _ set: Processor.InstructionSet, _ n: Int, _ x: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>
  ) { kernels(set).exponential(n, x, out) }

  public static func addSquaredDifferences(
    _ set: Processor.InstructionSet, _ n: Int, _ here: Double, _ x: UnsafePointer<Double>,
    _ out: UnsafeMutablePointer<Double>
  ) { kernels(set).add_squared_differences(n, here, x, out) }

  public static func matern(
    _ set: Processor.InstructionSet, _ n: Int, _ correlation: vk_correlation, _ squared: UnsafePointer<Double>,
    _ value: UnsafeMutablePointer<Double>
  ) { kernels(set).matern(n, correlation, squared, value) }

  public static func maternWithSlope(
    _ set: Processor.InstructionSet, _ n: Int, _ correlation: vk_correlation, _ squared: UnsafePointer<Double>,
    _ value: UnsafeMutablePointer<Double>,
    _ slope: UnsafeMutablePointer<Double>
  ) { kernels(set).matern_with_slope(n, correlation, squared, value, slope) }
}
