// Answers as images: the mean with the type, the tags and the kind of file of the input, and spread, quantiles, samples
// and noise as TIFF stacks in single precision beside it, and in a JSON file how the answer was made. A folder gives a folder. Not here:
// the pages and headers of the files (ImageSink+Targets), and the numbers that are written on them (ImageFieldWriter).

import Foundation
import SextantGeometry
import SextantImages
import SextantStorage

/// Writes images.
struct ImageSink: SignalSink {
  let output: OutputRequest
  /// The images from which the fields come, of the same size and bands; nil where they come from elsewhere.
  let template: ImageDocument?
  /// The folder whose images give their names to those of the output, whatever their size; nil where the output is no folder.
  let folder: ImageDocument?
  /// The field of the images from which the fields come that each field is; nil where it is none of them.
  let originals: [Int?]
  /// Whether the fields come from images of bytes in a file of another kind, IDX or CIFAR.
  let isOfBytes: Bool
  let rows: Int
  let columns: Int
  let names: [String]

  private var writesFolder: Bool { folder != nil }
  var channelCount: Int { names.count }

  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` for fields without rows and columns, and for those
  /// that the kind of file cannot hold.
  init(_ output: OutputRequest, like source: any SignalSource) throws {
    self.output = output
    let domain = output.domain ?? source.domain
    guard domain.isImage, let raster = domain.raster else {
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

  // MARK: Writing

  func write(
    _ content: SignalContent, description: OutputDescription, overwrite: Bool,
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
  private static func write(_ description: OutputDescription, to path: String, reportedAs reported: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let texts = description.attributes.merging(["history": description.history]) { own, _ in own }
    let data = try encoder.encode(texts) + Data("\n".utf8)
    guard FileManager.default.createFile(atPath: path, contents: data) else {
      throw FileError.system(action: "write the file", path: reported, reason: String(cString: strerror(errno)))
    }
  }
}
