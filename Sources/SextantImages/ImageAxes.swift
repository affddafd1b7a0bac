// The axes of the pages of a stack, as ImageJ, OME and tifffile name them in the description of a TIFF, or as the user
// does. Pages of channels belong to one field, and all others are fields of their own.

import Foundation

/// The axes of the pages of a file, slowest first, without those of one entry.
public struct ImageAxes: Sendable, Equatable {
  /// An axis.
  public struct Axis: Sendable, Equatable {
    /// Its letter: T for times, Z for depths, C for channels, and others for what has no meaning of its own.
    public var name: Character
    public var count: Int
  }

  public var axes: [Axis]
  /// The names of the channels; empty where the file gives none.
  public var channelNames: [String] = []
  /// The names of all bands of all channels, which only files of this package have.
  public var bandNames: [String] = []

  public var pageCount: Int { axes.reduce(1) { $0 * $1.count } }
  /// The number of pages of channels that a field has.
  public var channelCount: Int { axes.filter { $0.name == "C" }.reduce(1) { $0 * $1.count } }
  public var fieldCount: Int { pageCount / max(1, channelCount) }

  /// The place of a field on its own axes.
  public func places(ofField field: Int) -> [(name: Character, place: Int)] {
    var rest = field
    var places: [(Character, Int)] = []
    for axis in axes.reversed() where axis.name != "C" {
      places.append((axis.name, rest % axis.count))
      rest /= axis.count
    }
    return places.reversed()
  }

  /// The page of a channel of a field.
  public func page(ofField field: Int, channel: Int) -> Int {
    var own = places(ofField: field)[...]
    return axes.reduce(0) { page, axis in
      page * axis.count + (axis.name == "C" ? channel : own.popFirst()?.place ?? 0)
    }
  }

  init(_ axes: [Axis]) { self.axes = axes }

  /// The axes that the user names, or that the file does. Throws ``ImageFileError``.
  init(of header: ImageHeader, pages: Int, given: String?, path: String) throws {
    if let given {
      axes = try Self.parse(given, header: header, pages: pages, path: path)
      return
    }
    let found = Self.imageJ(header.description) ?? Self.ome(header.description) ?? Self.shaped(header)
    if let found, found.pageCount == pages {
      self = found
      axes = axes.filter { $0.count > 1 }
    } else if pages == 1 {
      axes = []
    } else {
      throw ImageFileError.unnamedAxes(path: path, pages: pages)
    }
  }

  /// A letter of the user, with its length where it is stated.
  private typealias Entry = (name: Character, count: Int?)

  /// Reads "TYX" or "T5C2YX".
  private static func parse(_ text: String, header: ImageHeader, pages: Int, path: String) throws -> [Axis] {
    func wrong(_ reason: String) -> ImageFileError {
      .wrongAxes(path: path, axes: text, pages: pages, reason: reason)
    }
    let upper = text.uppercased()
    guard upper.hasSuffix("YX") else { throw wrong("they must end with YX, the rows and columns of a page") }
    var entries: [Entry] = []
    for character in upper.dropLast(2) {
      if character.isNumber, let digit = character.wholeNumberValue {
        guard let last = entries.indices.last, (entries[last].count ?? 0) < 1 << 30 else {
          throw wrong("a letter is expected before the number")
        }
        entries[last].count = 10 * (entries[last].count ?? 0) + digit
      } else {
        guard character.isLetter, !entries.contains(where: { $0.name == character }) else {
          throw wrong("each axis has one letter of its own")
        }
        entries.append((character, nil))
      }
    }
    do {
      return try lengths(entries, pages: pages, wrong)
    } catch {
      // The bands of a page in planes are no axis of the pages, and may be named all the same: "TCYX".
      guard header.isPlanar, let last = entries.last, "CS".contains(last.name), (last.count ?? header.bands) == header.bands,
        let own = try? lengths(Array(entries.dropLast()), pages: pages, wrong)
      else { throw error }
      return own
    }
  }

  /// The axes with their lengths, of which one at most is open.
  private static func lengths(_ given: [Entry], pages: Int, _ wrong: (String) -> ImageFileError) throws -> [Axis] {
    var entries = given
    let open = entries.indices.filter { entries[$0].count == nil }
    var known = 1
    for entry in entries {
      let product = known.multipliedReportingOverflow(by: entry.count ?? 1)
      guard !product.overflow, product.partialValue > 0 else { throw wrong("the lengths are too large, or 0") }
      known = product.partialValue
    }
    guard open.count <= 1 else {
      let others = entries.filter { !"TZC".contains($0.name) }.map { String($0.name) }
      let hint =
        others.isEmpty
        ? "" : "; \(others.joined(separator: " and ")) \(others.count == 1 ? "is" : "are") none of T (times), Z (depths) and C (channels)"
      throw wrong("give the length after all letters but one, as in T5C2YX\(hint)")
    }
    if let last = open.first {
      guard pages % known == 0 else { throw wrong("\(pages) is not a multiple of \(known)") }
      entries[last].count = pages / known
      known = pages
    }
    guard known == pages else { throw wrong("they stand for \(known) page\(known == 1 ? "" : "s")") }
    return entries.map { Axis(name: $0.name, count: $0.count ?? 1) }.filter { $0.count > 1 }
  }

  /// The number of frames that ImageJ's description names.
  static func imageJCount(_ description: String?) -> Int? { imageJ(description)?.pageCount }

  /// The number of pages that ImageJ's or tifffile's description names; nil for no such description, and for one that has the bands
  /// of a page in front, which may be planes of one page. OME's is left out: it may be that of several files.
  static func describedPageCount(_ header: ImageHeader) -> Int? {
    if let axes = imageJ(header.description) { return axes.pageCount }
    guard let axes = shaped(header), !axes.axes.contains(where: { $0.name == "S" }) else { return nil }
    return axes.pageCount
  }

  private static func imageJ(_ description: String?) -> ImageAxes? {
    guard let description, description.hasPrefix("ImageJ=") else { return nil }
    var numbers: [String: Int] = [:]
    for line in description.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2, let number = Int(parts[1]), (1...1 << 30).contains(number) { numbers[parts[0]] = number }
    }
    let all = numbers["images"] ?? 1
    // ImageJ's order is fixed: channels, then slices, then frames.
    let axes = [("T", "frames"), ("Z", "slices"), ("C", "channels")].map { letter, name in
      Axis(name: Character(letter), count: numbers[name] ?? 1)
    }
    let product = axes.reduce(1.0) { $0 * Double($1.count) }
    if product == Double(all) { return ImageAxes(axes) }
    // Plain stacks have "images" alone, and are depths in ImageJ's own words.
    return product == 1 ? ImageAxes([Axis(name: "Z", count: all)]) : nil
  }

  private static func ome(_ description: String?) -> ImageAxes? {
    guard let description, let start = description.range(of: "<Pixels"), description.contains("<OME"),
      let end = description.range(of: ">", range: start.upperBound..<description.endIndex)
    else { return nil }
    let element = String(description[start.upperBound..<end.lowerBound])
    guard let order = attribute("DimensionOrder", of: element), order.count == 5 else { return nil }
    var axes: [Axis] = []
    for letter in order.dropFirst(2).reversed() {
      guard let count = attribute("Size\(letter)", of: element).flatMap(Int.init), count > 0 else { return nil }
      axes.append(Axis(name: letter, count: count))
    }
    var result = ImageAxes(axes)
    for piece in description.components(separatedBy: "<Channel ").dropFirst() {
      if let name = attribute("Name", of: String(piece.prefix { $0 != ">" })) { result.channelNames.append(name) }
    }
    // A page with several bands holds as many of the channels.
    if let bands = attribute("SamplesPerPixel", of: description).flatMap(Int.init), bands > 1 {
      result.axes = result.axes.map { $0.name == "C" ? Axis(name: "C", count: max(1, $0.count / bands)) : $0 }
    }
    return result
  }

  private static func attribute(_ name: String, of element: String) -> String? {
    guard let start = element.range(of: " \(name)=\"") ?? element.range(of: "\(name)=\""),
      let end = element.range(of: "\"", range: start.upperBound..<element.endIndex)
    else { return nil }
    return String(element[start.upperBound..<end.lowerBound])
  }

  private struct Shape: Codable {
    var shape: [Int]
    var axes: String?
    var names: [String]?
  }

  /// The axes in the words of tifffile: {"shape": [3, 64, 64], "axes": "TYX"}. The bands of a page in planes, which stand before its rows,
  /// are no axis of the pages.
  private static func shaped(_ header: ImageHeader) -> ImageAxes? {
    guard let text = header.description, text.hasPrefix("{\"shape\""),
      let shape = try? JSONDecoder().decode(Shape.self, from: Data(text.utf8)), let axes = shape.axes,
      axes.count == shape.shape.count, let rows = axes.firstIndex(of: "Y")
    else { return nil }
    let leading = axes.distance(from: axes.startIndex, to: rows)
    guard shape.shape.allSatisfy({ $0 > 0 }) else { return nil }
    var result = ImageAxes(zip(axes.prefix(leading), shape.shape).map { Axis(name: $0, count: $1) })
    if header.isPlanar, axes.hasSuffix("YX"), result.axes.last?.count == header.bands { result.axes.removeLast() }
    result.bandNames = shape.names ?? []
    return result
  }

  /// A description in the words of tifffile, which ``ImageFile`` reads as well; tifffile passes over the names of
  /// bands. Those of a page in planes stand before its rows.
  public static func description(_ axes: [Axis], header: ImageHeader, names: [String]) -> String {
    let own = axes.filter { $0.count > 1 }
    let bands: [Int] = header.bands > 1 ? [header.bands] : []
    let (before, after): ([Int], [Int]) = header.isPlanar ? (bands, []) : ([], bands)
    let extents = own.map(\.count) + before + [header.rows, header.columns] + after
    let letters = String(own.map(\.name)) + (before.isEmpty ? "" : "S") + "YX" + (after.isEmpty ? "" : "S")
    let list = (try? JSONEncoder().encode(names)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    return
      "{\"shape\": [\(extents.map(String.init).joined(separator: ", "))], \"axes\": \"\(letters)\", \"names\": \(list)}"
  }
}

extension ImageAxes.Axis {
  public init(_ name: Character, _ count: Int) { self.init(name: name, count: count) }
}
