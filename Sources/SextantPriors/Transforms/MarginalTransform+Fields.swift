// Transforms whole fields back to the variables' units: single values, or the mean and the standard deviation of
// entries that are normal in transformed units.

import SextantArrays

extension [MarginalTransform] {
  /// Replaces the mean and the standard deviation of normal entries (V·C each, channels varying fastest) by those of
  /// the values in the variables' units. NaN entries remain; without a standard deviation, the mean itself is
  /// transformed.
  public func mapMoments(mean: inout [Float], spread: inout [Float]?) {
    for entry in mean.indices {
      let transform = self[entry % count]
      guard !transform.isIdentity, !mean[entry].isNaN else { continue }
      let moments = transform.momentsOfNormal(
        mean: Double(mean[entry]), standardDeviation: Double(spread?[entry] ?? 0))
      mean[entry] = Float(moments.mean)
      spread?[entry] = Float(moments.standardDeviation)
    }
  }

  /// Replaces transformed values (rows of V·C, channels varying fastest) by values in the variables' units; NaN entries
  /// remain.
  public func mapValues(_ fields: inout Tensor<Float>) {
    guard contains(where: { !$0.isIdentity }) else { return }
    fields.withUnsafeMutableScalars { values in
      guard let base = values.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEachRange(of: values.count, grain: 4096) { range in
        for i in range where !self[i % count].isIdentity && !out[i].isNaN {
          out[i] = Float(self[i % count].value(at: Double(out[i])))
        }
      }
    }
  }
}
