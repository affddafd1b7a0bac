// The values of a page of an image, and the samples of an answer. Values are the numbers of the file, never rescaled:
// only min-is-white is turned over, and colours that were multiplied by the opacity are divided by it. A sample whose
// value did not change keeps its own bits, so that what single precision rounds (32-bit whole numbers, doubles) comes
// out as it went in.

import Foundation
import SextantImages

/// The relation between the samples of a page and the values of the signal (V × colours, without the opacity).
struct ImagePixels: Sendable {
  let header: ImageHeader
  /// The number that stands for a missing pixel, of the samples' own type; nil for none.
  let gap: Double?
  /// The text of the file's no-data tag where no pixel can have it, because it is no number or none of the samples' type; else nil.
  let unusedTag: String?

  /// - Parameters:
  ///   - header: The header of the page.
  ///   - noData: The number that the user calls missing; nil for that of the file.
  init(_ header: ImageHeader, noData: Double? = nil) {
    self.header = header
    let tag = header.noData.flatMap { Double($0.trimmingCharacters(in: .whitespaces)) }
    // The text of the tag and the pixel differ in their last digits where the pixel is in single precision.
    let gap = (noData ?? tag).flatMap { $0.isNaN ? nil : header.type.nearest($0) }
      .flatMap { header.type.isWhole && noData == nil && tag != $0 ? nil : $0 }
    self.gap = gap
    unusedTag = noData == nil && gap == nil && tag?.isNaN != true ? header.noData : nil
  }

  /// The bands with values, in the order of the file.
  var bands: [Int] { (0..<header.bands).filter { $0 != header.alpha } }
  /// Whether a band was multiplied by the opacity: only colours are.
  private func isMultiplied(_ band: Int) -> Bool { header.isPremultiplied && band < (header.colour == .rgb ? 3 : 1) }
  /// Whether samples are turned over, so that the larger is the brighter.
  var isTurned: Bool { header.colour == .minIsWhite && header.type.isWhole && !header.type.isSigned }

  /// The value of each sample of pixel `pixel`, not-a-number where it is missing.
  private func values(_ numbers: [Double], _ pixel: Int, _ bands: [Int], _ body: (_ place: Int, _ value: Float) -> Void)
  {
    let first = pixel * header.bands
    let opacity = header.alpha.map { numbers[first + $0] }
    let isKey = header.key.map { key in key.indices.allSatisfy { numbers[first + $0] == Double(key[$0]) } } ?? false
    let isClear = opacity.map { !($0 > 0) } ?? false
    for (place, band) in bands.enumerated() {
      var number = numbers[first + band]
      if isKey || isClear || number == gap {
        number = .nan
      } else {
        if isTurned { number = header.type.full - number }
        if isMultiplied(band), let opacity { number *= header.type.full / opacity }
      }
      body(place, Float(number))
    }
  }

  /// The values (V × bands, not-a-number where missing) of a page's samples.
  func values(of samples: ImageSamples) -> [Float] {
    let (numbers, bands) = (samples.numbers, bands)
    var result = [Float](repeating: .nan, count: header.rows * header.columns * bands.count)
    for pixel in 0..<header.rows * header.columns {
      values(numbers, pixel, bands) { result[pixel * bands.count + $0] = $1 }
    }
    return result
  }

  /// A value that the samples cannot hold.
  struct Misfit: Equatable {
    /// How many there are.
    var count = 0
    /// The row, the column and the band of the first, from 1, and its value.
    var first: (row: Int, column: Int, band: Int, value: Float) = (0, 0, 0, 0)

    static func == (a: Misfit, b: Misfit) -> Bool { a.count == b.count && a.first == b.first }
  }

  /// The samples of values (V × bands, not-a-number where none is known).
  ///
  /// - Parameters:
  ///   - values: The values.
  ///   - original: The samples from which they come; nil where there are none.
  ///   - misfit: What does not fit the type is counted here.
  func samples(of values: [Float], from original: ImageSamples?, misfit: inout Misfit) -> ImageSamples {
    let (type, bands) = (header.type, bands)
    var result = original ?? ImageSamples(type: type, count: header.sampleCount)
    let before = original.map(\.numbers)
    for pixel in 0..<header.rows * header.columns {
      let first = pixel * header.bands
      var old = [Float](repeating: .infinity, count: bands.count)
      if let before { self.values(before, pixel, bands) { old[$0] = $1 } }
      let new = values[pixel * bands.count..<(pixel + 1) * bands.count]
      if zip(old, new).allSatisfy({ $0 == $1 || $0.isNaN && $1.isNaN }) { continue }
      // A pixel that is no longer missing is opaque.
      var opacity = header.type.full
      if let alpha = header.alpha {
        if let before, before[first + alpha] > 0 {
          opacity = before[first + alpha]
        } else {
          result[first + alpha] = opacity
        }
      }
      var isKey = header.key != nil
      for (place, band) in bands.enumerated() {
        let value = new[new.startIndex + place]
        if old[place] == value || old[place].isNaN && value.isNaN {
          if let key = header.key, place < key.count { isKey = isKey && result[first + band] == Double(key[place]) }
          continue
        }
        var number = Double(value)
        if isMultiplied(band) { number *= opacity / header.type.full }
        if isTurned { number = header.type.full - number }
        var sample = type.nearest(number)
        if number.isNaN, type.isWhole || gap != nil { sample = gap }
        // An answer must not be taken for a gap by the next reader.
        if !number.isNaN, sample == gap { sample = nil }
        guard let sample else {
          if misfit.count == 0 {
            misfit.first = (pixel / header.columns + 1, pixel % header.columns + 1, band + 1, value)
          }
          misfit.count += 1
          continue
        }
        result[first + band] = sample
        if let key = header.key, place < key.count { isKey = isKey && sample == Double(key[place]) }
      }
      if isKey {
        if misfit.count == 0 {
          misfit.first = (pixel / header.columns + 1, pixel % header.columns + 1, 1, new[new.startIndex])
        }
        misfit.count += 1
      }
    }
    return result
  }
}
