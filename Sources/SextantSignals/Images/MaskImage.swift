// Masks as images: two numbers or two colours, of which one is missing. A palette is no obstacle: what counts is how bright its colours
// are, whatever their places in it. Weights and soft masks are refused with their histogram, and so are masks of another size or
// orientation.

import SextantArrays
import SextantImages

/// An image that says which pixels are missing.
enum MaskImage {
  /// Whether each pixel is missing (V).
  ///
  /// - Parameters:
  ///   - path: a grey image with at most two numbers, or an image of red, green and blue with at most two colours.
  ///   - missing: "white" (the larger number or the brighter colour is missing) or "black".
  ///   - image: the image that it belongs to.
  /// - Throws: ``SignalFormatError/unusableCompanion(path:name:reason:)`` for a mask of another size or orientation, for one with
  ///   transparent pixels, and for one with more than two numbers or colours, whose histogram is shown.
  static func isMissing(_ path: String, where missing: String?, like image: ImageFile) throws -> [Bool] {
    guard let missing, ["white", "black"].contains(missing) else {
      throw SignalFormatError.invalidSetting(
        path: path, name: "missing_where", expected: "white or black, the pixels of the mask that are missing",
        found: missing.map { "'\($0)'" } ?? "nothing")
    }
    let mask = try ImageFile(path: path)
    func wrong(_ reason: String) -> SignalFormatError {
      .unusableCompanion(path: image.path, name: path, reason: reason)
    }
    guard mask.header.rows == image.header.rows, mask.header.columns == image.header.columns, mask.pageCount == 1 else {
      throw wrong(
        "the mask has \(mask.pageCount) page\(mask.pageCount == 1 ? "" : "s") of \(mask.header.rows)×\(mask.header.columns) pixels, and the image has \(image.header.rows)×\(image.header.columns)."
      )
    }
    let turns = [mask, image].map { file in file.header.orientation.map { (1...8).contains($0) ? $0 : 1 } ?? 1 }
    guard turns[0] == turns[1] else {
      throw wrong(
        "the mask's orientation tag is \(turns[0]), and the image's is \(turns[1]), so that their pixels are stored in another order."
      )
    }
    let pixels = ImagePixels(mask.header)
    let bands = pixels.bands.count
    guard bands == 1 || bands == 3 && mask.header.colour == .rgb else {
      throw wrong("the mask has \(bands) bands. Expected one, or red, green and blue.")
    }
    let numbers = pixels.values(of: try mask.samples(ofPage: 0))
    guard !numbers.contains(where: \.isNaN) else {
      throw wrong("some pixels of the mask are transparent or have no value, and are neither white nor black.")
    }
    // A grey is a colour of three equal parts.
    let colours = stride(from: 0, to: numbers.count, by: bands).map { first -> SIMD3<Float> in
      bands == 1 ? SIMD3(repeating: numbers[first]) : SIMD3(numbers[first], numbers[first + 1], numbers[first + 2])
    }
    var counts: [SIMD3<Float>: Int] = [:]
    for colour in colours { counts[colour, default: 0] += 1 }
    let sorted = counts.sorted { ($0.key.brightness, $0.key.x, $0.key.y) < ($1.key.brightness, $1.key.x, $1.key.y) }
    guard sorted.count <= 2, let low = sorted.first?.key, let high = sorted.last?.key else {
      func text(_ colour: SIMD3<Float>) -> String {
        let parts = [colour.x, colour.y, colour.z].map { Double($0).short }
        return bands == 1 ? parts[0] : "(\(parts.joined(separator: ", ")))"
      }
      let shown = sorted.prefix(12).map { "\(text($0.key)): \($0.value)" }.joined(separator: ", ")
      throw wrong(
        "the mask has \(sorted.count) different \(bands == 1 ? "numbers" : "colours"), and two are expected. Pixels of each: \(shown)\(sorted.count > 12 ? ", …" : "")."
      )
    }
    // One number alone is black if it is 0.
    guard low != high else { return colours.map { ($0 == SIMD3(repeating: 0)) == (missing == "black") } }
    guard low.brightness < high.brightness else {
      throw wrong("the two colours of the mask are equally bright, so that neither is white or black. Save it in black and white.")
    }
    return colours.map { $0 == (missing == "white" ? high : low) }
  }
}

extension SIMD3<Float> {
  /// How bright a colour of red, green and blue is (the weights of ITU-R BT.709); a grey has its own number, without rounding.
  fileprivate var brightness: Float { x == y && y == z ? x : 0.2126 * x + 0.7152 * y + 0.0722 * z }
}
