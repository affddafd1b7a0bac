// The pages of images, as fields are handed over: numbers become samples of the type of the pixels, beside what the input has at the same
// place. What a type cannot hold is refused with its count and place, never clipped or wrapped without a word.

import SextantArrays
import SextantImages

/// Images that are being written. The pages of a file come in any order and are kept until those before them are there.
final class ImageFieldWriter: FieldWriter {
  private final class File {
    let target: ImageTarget
    let place: String
    var writer: ImageWriter?
    var waiting: [Int: ImageSamples] = [:]
    var next = 0

    init(_ target: ImageTarget, _ place: String) { (self.target, self.place) = (target, place) }
  }

  private let files: [File]
  /// The files in which each field has pages.
  private var filesOfField: [Int: [File]] = [:]
  private let template: ImageDocument?
  private let originals: [Int?]
  private let channelCount: Int

  init(_ targets: [ImageTarget], places: [String], template: ImageDocument?, originals: [Int?], channelCount: Int) {
    (self.template, self.originals, self.channelCount) = (template, originals, channelCount)
    files = zip(targets, places).map(File.init)
    for file in files {
      for field in Set(file.target.pages.map(\.field)) { filesOfField[field, default: []].append(file) }
    }
  }

  func write(_ field: FieldRecord, at index: Int) throws {
    for file in filesOfField[index] ?? [] {
      let target = file.target
      for (place, page) in target.pages.enumerated() where page.field == index {
        file.waiting[place] = try samples(Self.values(field, target.part, row: page.row), page, target)
      }
      try flush(file)
    }
  }

  /// Writes what was never handed over as missing, and closes the files.
  func finish() throws {
    for file in files {
      for (place, page) in file.target.pages.enumerated() where place >= file.next && file.waiting[place] == nil {
        file.waiting[place] = try samples(nil, page, file.target)
      }
      try flush(file)
    }
  }

  private func flush(_ file: File) throws {
    let target = file.target
    while let samples = file.waiting.removeValue(forKey: file.next) {
      if file.writer == nil {
        file.writer = try ImageWriter(
          creating: file.place, reportedAs: target.path, target.container, header: target.header,
          pageCount: target.pages.count)
      }
      try file.writer?.append(samples)
      file.next += 1
    }
    if file.next == target.pages.count {
      try file.writer?.close()
      file.writer = nil
    }
  }

  /// The V×C numbers of a row of a part; nil where the record has none.
  private static func values(_ field: FieldRecord, _ part: ImageTarget.Part, row: Int) -> [Float]? {
    switch part {
    case .values: field.values
    case .spread: field.spread
    case .noise: field.noise
    case .quantiles: row < field.quantiles.count ? field.quantiles[row] : nil
    case .samples: field.members.map { $0.rows(row..<row + 1).scalars }
    case .member(let member): field.members.map { $0.rows(member..<member + 1).scalars }
    }
  }

  /// The samples of a page. Throws ``SignalFormatError/unwritable(path:format:reason:)`` where they do not fit.
  private func samples(_ values: [Float]?, _ page: ImageTarget.Page, _ target: ImageTarget) throws -> ImageSamples {
    let header = target.header
    let pixels = target.keepsSamples ? template?.pixels ?? ImagePixels(header) : ImagePixels(header)
    let width = pixels.bands.count
    let count = header.rows * header.columns
    var own = [Float](repeating: .nan, count: count * width)
    if let values, width == channelCount {
      own = values
    } else if let values {
      for pixel in 0..<count {
        let start = pixel * channelCount + page.channel * width
        for band in 0..<width { own[pixel * width + band] = values[start + band] }
      }
    }
    var original: ImageSamples?
    if target.keepsSamples, let template, let field = originals[page.field] {
      let (file, inner) = template.place(ofField: field)
      let source = template.files[file]
      original = try source.samples(ofPage: source.axes.page(ofField: inner, channel: page.channel))
    }
    var misfit = ImagePixels.Misfit()
    let samples = pixels.samples(of: own, from: original, misfit: &misfit)
    if misfit.count > 0 {
      throw SignalFormatError.unwritable(
        path: target.path, format: target.container.rawValue, reason: misfit.reason(pixels, field: page.field))
    }
    return samples
  }
}

extension ImagePixels.Misfit {
  /// What does not fit, where, and what to do.
  fileprivate func reason(_ pixels: ImagePixels, field: Int) -> String {
    let type = pixels.header.type
    let values = count == 1 ? "1 value of field \(field + 1) does" : "\(count) values of field \(field + 1) do"
    var range = type.isWhole ? ", from \(Int(type.range.lowerBound)) to \(Int(type.range.upperBound))" : ""
    if let gap = pixels.gap { range += ", of which \(gap) means missing" }
    if pixels.header.key != nil { range += ", of which one colour means transparent" }
    // What is missing has no place in the range either.
    let isOutside = type.isWhole && !first.value.isNaN && !type.range.contains(Double(first.value))
    let advice = isOutside ? ", or let `sextant impute --clip` bring the values into the range" : ""
    return
      "\(values) not fit numbers of type \(type.rawValue)\(range). The first is \(first.value) at row \(first.row), column \(first.column), band \(first.band). Give an output that ends in .float.tif, which is in single precision, or in .npy\(advice)."
  }
}
