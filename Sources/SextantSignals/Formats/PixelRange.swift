// The numbers that the pixels of an image can be: of a signed type, half of them are below 0.

import SextantImages

extension ImageDocument {
  var fullRange: ClosedRange<Double>? {
    let type = pixels.header.type
    return type.isWhole ? type.range : nil
  }
}
