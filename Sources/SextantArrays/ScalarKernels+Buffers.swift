// The element-wise kernels on buffers, whose lengths are checked. An output may be the same memory as an input.

extension ScalarKernels {
  /// Read by a kernel.
  public typealias Input = UnsafeBufferPointer<Scalar>
  /// Written by a kernel.
  public typealias Output = UnsafeMutableBufferPointer<Scalar>

  /// out ← a + b.
  public func add(_ a: Input, _ b: Input, into out: Output) {
    precondition(a.count == out.count && b.count == out.count, "Lengths differ")
    guard let a = a.baseAddress, let b = b.baseAddress, let target = out.baseAddress else { return }
    add(count: out.count, a, b, to: target)
  }

  /// out ← a − b.
  public func subtract(_ a: Input, _ b: Input, into out: Output) {
    precondition(a.count == out.count && b.count == out.count, "Lengths differ")
    guard let a = a.baseAddress, let b = b.baseAddress, let target = out.baseAddress else { return }
    subtract(count: out.count, a, b, to: target)
  }

  /// out ← a·b, element-wise.
  public func multiply(_ a: Input, _ b: Input, into out: Output) {
    precondition(a.count == out.count && b.count == out.count, "Lengths differ")
    guard let a = a.baseAddress, let b = b.baseAddress, let target = out.baseAddress else { return }
    multiply(count: out.count, a, b, adds: false, to: target)
  }

  /// out ← factor·x.
  public func scale(_ x: Input, by factor: Scalar, into out: Output) {
    precondition(x.count == out.count, "Lengths differ")
    guard let x = x.baseAddress, let target = out.baseAddress else { return }
    scale(count: out.count, factor: factor, from: x, to: target)
  }

  /// y ← y + factor·x.
  public func add(_ x: Input, scaledBy factor: Scalar, to y: Output) {
    precondition(x.count == y.count, "Lengths differ")
    guard let x = x.baseAddress, let target = y.baseAddress else { return }
    addScaled(count: y.count, factor: factor, from: x, to: target)
  }

  /// sums ← sums + x in double precision: column sums, row by row.
  public func accumulate(_ x: Input, into sums: UnsafeMutableBufferPointer<Double>) {
    precondition(x.count == sums.count, "Lengths differ")
    guard let x = x.baseAddress, let target = sums.baseAddress else { return }
    accumulate(count: sums.count, from: x, to: target)
  }

  /// sums ← sums + x² in double precision: the sums of squares of columns, row by row.
  public func accumulateSquares(of x: Input, into sums: UnsafeMutableBufferPointer<Double>) {
    precondition(x.count == sums.count, "Lengths differ")
    guard let x = x.baseAddress, let target = sums.baseAddress else { return }
    accumulateSquares(count: sums.count, from: x, to: target)
  }

  /// The sum of a·b, in double precision.
  public func dot(_ a: Input, _ b: Input) -> Double {
    precondition(a.count == b.count, "Lengths differ")
    guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
    return dot(count: a.count, x, y)
  }

  /// out ← eˣ, with a relative error below 1e-7 (`Float`) or 1e-15 (`Double`).
  public func exponential(_ x: Input, into out: Output) {
    precondition(x.count == out.count, "Lengths differ")
    guard let x = x.baseAddress, let target = out.baseAddress else { return }
    exponential(count: out.count, from: x, to: target)
  }

  /// out ← out + (x − centre)²: one axis of the squared distances from one point to many.
  public func addSquaredDifferences(from centre: Scalar, to x: Input, into out: Output) {
    precondition(x.count == out.count, "Lengths differ")
    guard let x = x.baseAddress, let target = out.baseAddress else { return }
    addSquaredDifferences(count: out.count, centre: centre, from: x, to: target)
  }

  /// values ← the correlation at each squared distance, which is in units of the squared range.
  ///
  /// `slopes`, if given, is set to −2 times the derivative with respect to the squared distance. For the exponential
  /// correlation at distance 0, where the derivative is infinite, it is a large finite number.
  public func matern(
    _ correlation: MaternCorrelation, squaredDistances: Input, values: Output, slopes: Output? = nil
  ) {
    precondition(
      squaredDistances.count == values.count && slopes?.count ?? values.count == values.count, "Lengths differ")
    guard let source = squaredDistances.baseAddress, let target = values.baseAddress else { return }
    if let slopes = slopes?.baseAddress {
      matern(
        count: values.count, correlation: correlation.code, squaredDistances: source, values: target, slopes: slopes)
    } else {
      matern(count: values.count, correlation: correlation.code, squaredDistances: source, values: target)
    }
  }
}
