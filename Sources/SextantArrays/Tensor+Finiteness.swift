// A check for non-finite values, used to validate steps and files.

extension Tensor {
  /// Whether no scalar is infinite or NaN.
  public var isFinite: Bool {
    withUnsafeScalars { scalars in
      // On words of a concrete type: with a generic scalar type, 300 MB take seconds.
      MemoryLayout<Scalar>.size == 4
        ? scalars.withMemoryRebound(to: UInt32.self) { areFinite($0, exponent: 0x7f80_0000) }
        : scalars.withMemoryRebound(to: UInt64.self) { areFinite($0, exponent: 0x7ff0_0000_0000_0000) }
    }
  }
}

/// Whether no word has all exponent bits set, as infinities and NaN have.
private func areFinite<Word: FixedWidthInteger>(_ words: UnsafeBufferPointer<Word>, exponent: Word) -> Bool {
  var found: Word = 0
  for word in words { found |= word & exponent == exponent ? 1 : 0 }
  return found == 0
}
