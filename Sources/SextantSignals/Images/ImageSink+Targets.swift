// The files of an answer in images: which parts there are, and which pages and which header each of them has. A file whose fields are
// those of one file of the input keeps its axes and its description.

import Foundation
import SextantImages

extension ImageSink {
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

  /// The files that hold a content.
  func targets(_ content: SignalContent) -> [ImageTarget] {
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
    (header.pngChunks, header.tiffTags) = ([], template.files.count == 1 ? header.tiffTags : [])
    // A file with the same pages keeps what is said in it of its own, and the order of its pages.
    let axes = template.files[0].axes
    if let file = wholeFile(fields) {
      (header.description, header.pngChunks, header.tiffTags) = (file.header.description, file.header.pngChunks, file.header.tiffTags)
      header.isPlanar = file.header.isPlanar
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
      header.tiffTags = wholeFile(fields)?.header.tiffTags ?? (template?.files.count == 1 ? own.tiffTags : [])
    } else if pageBands != 3 {
      header.colour = .grey
    }
    header.description =
      (rows == 1 ? imageJText(fields, isValues: isValues) : nil)
      ?? ImageAxes.description(axes(fields, rows: rows), header: header, names: names)
    return header
  }
}
