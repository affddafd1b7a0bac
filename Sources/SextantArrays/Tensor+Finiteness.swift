// Whether all scalars are numbers: asked before a step is trusted.

extension Tensor {
  /// Whether no scalar is infinite or not a number.
  public var isFinite: Bool {
    withUnsafeScalars { scalars in
      // A sum of products with 0 is NaN exactly where one of them is not finite; it needs no branch.
      scalars.reduce(Scalar(0)) { $0 + $1 * 0 } == 0
    }
  }
}
