// Whether all scalars are numbers: asked before a step is trusted, and of what a file holds.

extension Tensor {
  /// Whether no scalar is infinite or not a number.
  public var isFinite: Bool {
    withUnsafeScalars { scalars in
      // On words of a known type: in terms of a generic scalar, 300 MB take seconds.
      MemoryLayout<Scalar>.size == 4
        ? scalars.withMemoryRebound(to: UInt32.self) { areFinite($0, exponent: 0x7f80_0000) }
        : scalars.withMemoryRebound(to: UInt64.self) { areFinite($0, exponent: 0x7ff0_0000_0000_0000) }
    }
  }
}

/// Whether no word has all bits of the exponent, which infinities and NaN have.
private func areFinite<Word: FixedWidthInteger>(_ words: UnsafeBufferPointer<Word>, exponent: Word) -> Bool {
  var found: Word = 0
  for word in words { found |= word & exponent == exponent ? 1 : 0 }
  return found == 0
}
