// Answers as images: the mean with the type, the tags and the kind of file of the input, and spread, quantiles, samples
// and noise as TIFF stacks in single precision beside it, and in a JSON file how the answer was made. A folder gives a folder. What a type cannot hold is refused with
// its count and place, never clipped or wrapped without a word.

import Foundation
import SextantArrays
import SextantGeometry
import SextantImages
import SextantStorage

/// Writes images.
struct ImageSink: SignalSink {
  private let output: OutputRequest
  /// The images from which the fields come, of the same size and bands; nil where they come from elsewhere.
  private let template: ImageDocument?
  /// The folder whose images give their names to those of the output, whatever their size; nil where the output is no folder.
  private let folder: ImageDocument?
  /// The field of the images from which the fields come that each field is; nil where it is none of them.
  private let originals: [Int?]
  /// Whether the fields come from images of bytes in a file of another kind, IDX or CIFAR.
  private let isOfBytes: Bool
  private let rows: Int
  private let columns: Int
  private let names: [String]

  private var writesFolder: Bool { folder != nil }
  private var channelCount: Int { names.count }

  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` for fields without rows and columns, and for those
  /// that the kind of file cannot hold.
  init(_ output: OutputRequest, like source: any SignalSource) throws {
    self.output = output
    let domain = output.domain ?? source.domain
    guard let raster = domain.raster, domain.geography == nil else {
      throw SignalFormatError.unwritable(
        path: output.path, format: ImageFormat().name,
        reason: "they are on \(domain.summaryWithArticle), and not on the pixels of an image.")
    }
    (rows, columns, names) = (raster.rows, raster.columns, source.variables.map(\.name))
    let origin = (source as? any SignalDocument)?.origin
    let document = origin as? ImageDocument
    let fits = origin.map {
      $0.domain.fingerprint == domain.fingerprint && $0.variables.count == source.variables.count
    }
    template = fits == true ? document : nil
    isOfBytes = fits == true && origin is any ByteImages
    originals = Self.originals(of: source.labels, in: document)
    folder = (output.path as NSString).pathExtension.isEmpty && document?.isFolder == true ? document : nil
    if writesFolder, output.splitsMembers {
      throw SignalFormatError.refused(
        path: output.path, format: ImageFormat().name, option: "--split-members",
        reason: "a folder of images has the members of each image in one stack. Leave it out.")
    }
    let targets = targets(output.content)
    try checkNames(targets)
    for target in targets {
      if let reason = refusal(target) {
        throw SignalFormatError.unwritable(path: target.path, format: target.container.rawValue, reason: reason + ".")
      }
    }
  }

  private static func originals(of labels: [FieldLabel], in document: ImageDocument?) -> [Int?] {
    guard let document else { return labels.map { _ in nil } }
    if document.labels == labels { return labels.indices.map { $0 } }
    func key(_ label: FieldLabel) -> String {
      label.coordinates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
    }
    let places = Dictionary(document.labels.enumerated().map { (key($1), $0) }, uniquingKeysWith: { first, _ in first })
    return labels.map { places[key($0)] }
  }

  /// Throws where the answers to two images of a folder, or parts of them, would have one name: "a.jpg" and "a.png" are both
  /// answered in "a.png", and "a.png" and "a.tif" have their spread in "spread/a.tif".
  private func checkNames(_ targets: [ImageTarget]) throws {
    var fields: [String: Int] = [:]
    for target in targets {
      guard let field = target.pages.first?.field, let other = fields.updateValue(field, forKey: target.path) else { continue }
      func name(_ field: Int) -> String {
        guard let folder, let original = originals[field] else { return "field \(field + 1)" }
        return (folder.files[folder.place(ofField: original).file].path as NSString).lastPathComponent
      }
      throw SignalFormatError.unwritable(
        path: output.path, format: ImageFormat().name,
        reason:
          "\(name(other)) and \(name(field)) would both be answered in \(target.path), so that one would replace the other. Rename one of them, or give an output that ends in .tif, which holds all answers."
      )
    }
  }

  private func refusal(_ target: ImageTarget) -> String? {
    if target.container == .png, !target.keepsSamples, !target.header.type.isWhole {
      return output.content.kind == .measurements
        ? "measured values have gaps and noise, for which it has no place. Give an output that ends in .tif"
        : "they are fractional numbers. Give an output that ends in .tif"
    }
    return ImageWriter.refusal(target.container, target.header, pageCount: target.pages.count)
  }

  var paths: [String] {
    writesFolder ? [output.path] : targets(output.content).map(\.path) + [about]
  }

  private var about: String { ImageNames.about(output.path, isFolder: writesFolder) }

  var replacedPaths: [String] {
    if writesFolder { return [] }
    let written = paths
    if output.splitsMembers { return output.otherMembers(than: written) }
    return ["spread", "samples", "quantiles", "noise"].map { ImageNames.path($0, beside: output.path) }.filter {
      !written.contains($0) && FileManager.default.fileExists(atPath: $0)
    }
  }

  // MARK: What is written

  /// The parts of the content, with the number of rows that each has for a field.
  private func parts(_ content: SignalContent) -> [(part: ImageTarget.Part, name: String, rows: Int)] {
    var parts: [(ImageTarget.Part, String, Int)] = []
    if content.hasSpread { parts.append((.spread, "spread", 1)) }
    if content.memberCount > 0 { parts.append((.samples, "samples", content.memberCount)) }
    if !content.quantileLevels.isEmpty { parts.append((.quantiles, "quantiles", content.quantileLevels.count)) }
    if content.hasNoise { parts.append((.noise, "noise", 1)) }
    return parts
  }

  /// The fields of each file of a folder, which is a stack where it has several.
  private func fieldsOfFiles(_ content: SignalContent, in folder: ImageDocument) -> [[Int]] {
    var (groups, places): ([[Int]], [Int: Int]) = ([], [:])
    for field in 0..<content.fieldCount {
      let file = originals[field].map { folder.place(ofField: $0).file }
      if let file, let place = places[file] {
        groups[place].append(field)
      } else {
        if let file { places[file] = groups.count }
        groups.append([field])
      }
    }
    return groups
  }

  private func targets(_ content: SignalContent) -> [ImageTarget] {
    if let folder {
      return fieldsOfFiles(content, in: folder).flatMap { fields in
        let file = originals[fields[0]].map { folder.files[folder.place(ofField: $0).file] }
        var name = file.map { ($0.path as NSString).lastPathComponent } ?? "\(fields[0]).tif"
        var container = file?.container == .jpeg ? .png : file?.container ?? .tiff
        if content.kind == .measurements || template == nil, container == .png {
          // Gaps, noise and fractional numbers have no place in it.
          (name, container) = ((name as NSString).deletingPathExtension + ".tif", .tiff)
        }
        return targets(
          content, fields: fields, path: (output.path as NSString).appendingPathComponent(name), container: container,
          beside: { ImageNames.path($0, in: output.path, of: name) })
      }
    }
    let container = ImageContainer(ending: output.path) ?? (template?.files[0].container == .png ? .png : .tiff)
    let fields = Array(0..<content.fieldCount)
    guard output.splitsMembers else {
      return targets(
        content, fields: fields, path: output.path, container: container,
        beside: { ImageNames.path($0, beside: output.path) })
    }
    let paths = MemberFiles.paths(for: output.path, count: content.memberCount, ending: "tif")
    return paths.enumerated().map { member, path in
      values(.member(member), fields: fields, path: path, container: ImageContainer(ending: path) ?? container, content)
    }
  }

  private func targets(
    _ content: SignalContent, fields: [Int], path: String, container: ImageContainer, beside: (String) -> String
  ) -> [ImageTarget] {
    let path =
      container == .png && (path as NSString).pathExtension.lowercased().hasPrefix("jp")
      ? (path as NSString).deletingPathExtension + ".png" : path
    let other = parts(content).map { part, name, rows in
      let pages = fields.flatMap { field in
        (0..<rows).flatMap { row in (0..<pageChannels).map { ImageTarget.Page(field: field, row: row, channel: $0) } }
      }
      return ImageTarget(
        path: beside(name), container: .tiff,
        header: floatHeader(fields, rows: rows, isValues: false), part: part,
        pages: pages, keepsSamples: false)
    }
    return [values(.values, fields: fields, path: path, container: container, content)] + other
  }

  /// The file with the values, in the type of the input where that can hold them.
  private func values(
    _ part: ImageTarget.Part, fields: [Int], path: String, container: ImageContainer, _ content: SignalContent
  ) -> ImageTarget {
    let pages = fields.flatMap { field in
      (0..<pageChannels).map { ImageTarget.Page(field: field, row: 0, channel: $0) }
    }
    // Measured values have gaps, and a member is fractional and may leave the range of the type.
    let isWhole = part == .values && content.kind != .measurements
    let isFloat = ImageNames.wantsFloat(path) || template?.pixels.header.type.isWhole == true && !isWhole
    guard let template, !isFloat else {
      var header = floatHeader(fields, rows: 1, isValues: true)
      if isOfBytes, isWhole, content.kind == .estimates, !isFloat { header.type = .uint8 }
      return ImageTarget(
        path: path, container: container, header: header, part: part, pages: pages, keepsSamples: false)
    }
    var header = template.pixels.header
    header.pngChunks = []
    // A file with the same pages keeps what is said in it of its own, and the order of its pages.
    let axes = template.files[0].axes
    if let file = wholeFile(fields) {
      (header.description, header.pngChunks) = (file.header.description, file.header.pngChunks)
      (header.orientation, header.resolution, header.profile) = (file.header.orientation, file.header.resolution, file.header.profile)
      let places = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1, $0) })
      let ordered = pages.sorted {
        axes.page(ofField: places[$0.field] ?? 0, channel: $0.channel)
          < axes.page(ofField: places[$1.field] ?? 0, channel: $1.channel)
      }
      return ImageTarget(
        path: path, container: container, header: header, part: part, pages: ordered, keepsSamples: true)
    }
    if pages.count > 1 || axes.pageCount > 1 {
      header.description = ImageAxes.description(
        [.init("I", fields.count), .init("C", pageChannels)], header: header, names: names)
    }
    return ImageTarget(path: path, container: container, header: header, part: part, pages: pages, keepsSamples: true)
  }

  /// The file whose fields these are, all of them and in its order; nil where there is none.
  private func wholeFile(_ fields: [Int]) -> ImageFile? {
    guard let template, let first = fields.first, let last = fields.max(), last < originals.count, let start = originals[first]
    else { return nil }
    let place = template.place(ofField: start)
    let file = template.files[place.file]
    guard place.field == 0, fields.count == file.axes.fieldCount,
      fields.enumerated().allSatisfy({ originals[$1] == start + $0 })
    else { return nil }
    return file
  }

  /// The bands of a page, and the pages of channels that a field has.
  private var pageBands: Int { template?.pixels.bands.count ?? (channelCount <= 4 ? channelCount : 1) }
  private var pageChannels: Int { max(1, channelCount / max(1, pageBands)) }

  /// The axes of the pages of fields: those of their file where they are all of its fields, or else one of images; then one of the
  /// rows of a field (members, levels), and one of channels.
  private func axes(_ fields: [Int], rows: Int) -> [ImageAxes.Axis] {
    let own = wholeFile(fields)?.axes.axes.filter { $0.name != "C" } ?? [.init("I", fields.count)]
    let letter: Character = own.contains { $0.name == "Q" } ? "M" : "Q"
    return own + [.init(letter, rows), .init("C", pageChannels)]
  }

  /// ImageJ's description of the file of fields, where it describes pages of one row of each of them, too; nil where it does not. The
  /// range of the display is that of the values.
  private func imageJText(_ fields: [Int], isValues: Bool) -> String? {
    guard let file = wholeFile(fields), let text = file.header.description, text.hasPrefix("ImageJ="),
      file.describedPageCount == nil, file.axes.axes.dropLast().allSatisfy({ $0.name != "C" })
    else { return nil }
    let lines = text.components(separatedBy: "\n")
    return isValues ? text : lines.filter { !$0.hasPrefix("min=") && !$0.hasPrefix("max=") }.joined(separator: "\n")
  }

  /// The header of a file in single precision, whose pages are `rows` for each channel of each field.
  private func floatHeader(_ fields: [Int], rows: Int, isValues: Bool) -> ImageHeader {
    var header = ImageHeader(rows: self.rows, columns: columns, bands: pageBands, type: .float32)
    if let own = template?.pixels.header {
      header.colour = own.colour == .rgb && pageBands >= 3 ? .rgb : .grey
      (header.orientation, header.resolution, header.profile) = (own.orientation, own.resolution, own.profile)
    } else if pageBands != 3 {
      header.colour = .grey
    }
    header.description =
      (rows == 1 ? imageJText(fields, isValues: isValues) : nil)
      ?? ImageAxes.description(axes(fields, rows: rows), header: header, names: names)
    return header
  }

  // MARK: Writing

  func write(
    _ content: SignalContent, description: FieldFileDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    let targets = targets(content)
    guard writesFolder else {
      try WholeFile.write(toAll: targets.map(\.path) + [about], replacing: replacedPaths, overwrite: overwrite) { temporary in
        try Self.write(description, to: temporary[targets.count], reportedAs: about)
        let writer = ImageFieldWriter(
          targets, places: Array(temporary.prefix(targets.count)), template: template, originals: originals, channelCount: channelCount)
        try body(writer)
        try writer.finish()
      }
      return
    }
    try WholeFile.checkIsFree(output.path, overwrite: overwrite)
    let folder = (output.path as NSString).standardizingPath
    let temporary =
      ((folder as NSString).deletingLastPathComponent as NSString).appendingPathComponent(
        ".\((folder as NSString).lastPathComponent).partial-\(ProcessInfo.processInfo.processIdentifier)")
    do {
      try WholeFile.makeFolder(temporary)
      let places = targets.map { temporary + String(($0.path as NSString).standardizingPath.dropFirst(folder.count)) }
      for inner in Set(places.map { ($0 as NSString).deletingLastPathComponent }) { try WholeFile.makeFolder(inner) }
      try Self.write(description, to: (temporary as NSString).appendingPathComponent(ImageNames.aboutName), reportedAs: about)
      let writer = ImageFieldWriter(
        targets, places: places, template: template, originals: originals, channelCount: channelCount)
      try body(writer)
      try writer.finish()
      try WholeFile.remove(folder)
      guard rename(temporary, folder) == 0 else {
        throw FileError.system(
          action: "move the finished folder into place", path: output.path, reason: String(cString: strerror(errno)))
      }
    } catch {
      try? WholeFile.remove(temporary)
      throw error
    }
  }
}

extension ImageSink {
  /// Writes what is said of an answer, its history and its attributes by name, to a temporary file of `reported`.
  private static func write(_ description: FieldFileDescription, to path: String, reportedAs reported: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let texts = description.attributes.merging(["history": description.history]) { own, _ in own }
    let data = try encoder.encode(texts) + Data("\n".utf8)
    guard FileManager.default.createFile(atPath: path, contents: data) else {
      throw FileError.system(action: "write the file", path: reported, reason: String(cString: strerror(errno)))
    }
  }
}

/// Images that are being written. The pages of a file come in any order and are kept until those before them are there.
private final class ImageFieldWriter: FieldWriter {
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
