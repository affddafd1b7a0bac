// Whole fields brought from transformed units back to the variables' own: values one by one, and the mean and spread of
// entries that are normal in transformed units.

import SextantArrays

extension [MarginalTransform] {
  /// Replaces mean and spread of normal entries (V·C each, channel fastest) by those of their values in the variables'
  /// units. Entries that are not a number stay; without a spread, each value is the one at its mean.
  public func mapMoments(mean: inout [Float], spread: inout [Float]?) {
    for entry in mean.indices {
      let transform = self[entry % count]
      guard !transform.isIdentity, !mean[entry].isNaN else { continue }
      let moments = transform.momentsOfNormal(
        mean: Double(mean[entry]), deviation: Double(spread?[entry] ?? 0))
      mean[entry] = Float(moments.mean)
      spread?[entry] = Float(moments.deviation)
    }
  }

  /// Replaces transformed values (rows of V·C, channel fastest) by those in the variables' units; what is not a number stays.
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
