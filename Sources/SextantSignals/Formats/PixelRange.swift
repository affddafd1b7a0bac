// The numbers that the pixels of images can be: of a signed type, half of them are below 0.

import SextantImages

extension ImageDocument {
  var fullRange: ClosedRange<Double>? {
    let type = pixels.header.type
    return type.isWhole ? type.range : nil
  }
}

extension SignalSeries {
  /// The largest number that the type of the pixels of all files can hold; nil where it differs, or where there is none.
  public var fullScale: Double? {
    let first = documents.first?.fullScale
    return documents.allSatisfy { $0.fullScale == first } ? first : nil
  }
}
