// Masks as images: two numbers, of which one is missing. Weights and soft masks are refused with their histogram, and so
// are masks of another size or orientation.

import SextantArrays
import SextantImages

/// An image that says which pixels are missing.
enum MaskImage {
  /// Whether each pixel is missing (V).
  ///
  /// - Parameters:
  ///   - path: an image of one band with at most two numbers.
  ///   - missing: "white" (the larger number is missing) or "black".
  ///   - image: the image that it belongs to.
  /// - Throws: ``SignalFormatError/unusableCompanion(path:name:reason:)`` for a mask of another size or orientation, and
  ///   for one with more than two numbers, whose histogram is shown.
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
    guard mask.header.bands == 1 else { throw wrong("the mask has \(mask.header.bands) bands. Expected one.") }
    let pixels = ImagePixels(mask.header)
    let values = pixels.values(of: try mask.samples(ofPage: 0))
    let counts = Dictionary(grouping: values, by: { $0 }).mapValues(\.count).sorted { $0.key < $1.key }
    guard counts.count <= 2, let low = counts.first?.key, let high = counts.last?.key else {
      let shown = counts.prefix(12).map { "\(Double($0.key).short): \($0.value)" }.joined(separator: ", ")
      throw wrong(
        "the mask has \(counts.count) different numbers, and two are expected. Pixels of each: \(shown)\(counts.count > 12 ? ", …" : "")."
      )
    }
    // One number alone is black if it is 0.
    guard low < high else { return values.map { ($0 == 0) == (missing == "black") } }
    return values.map { $0 == (missing == "white" ? high : low) }
  }
}
