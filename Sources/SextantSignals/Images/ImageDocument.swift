// A file of images, or a folder of them, as fields: each page, or each set of pages of channels, is a field on the plane
// grid of its pixels. Images are read when they are asked for.

import Foundation
import SextantArrays
import SextantGeometry
import SextantImages
import SextantStorage

/// The images of a file or of a folder.
struct ImageDocument: SignalDocument {
  let path: String
  let inputPaths: [String]
  let domain: any Domain
  let variables: [Variable]
  let labels: [FieldLabel]
  let remarks: [Remark]
  /// The files, all of one size and kind.
  let files: [ImageFile]
  let pixels: ImagePixels
  /// Whether they lie in a folder.
  let isFolder: Bool
  /// Where pixels are missing beside what the files say (V); nil for nowhere.
  private let isMasked: [Bool]?
  /// Whether the fields are read as estimates, with their ensembles.
  private let wantsEstimates: Bool

  var format: any SignalFormat { ImageFormat() }

  /// The axes of the pages, which all files share.
  private var axes: ImageAxes { files[0].axes }

  /// Opens the images of a request. Throws ``SignalFormatError``, `ImageFileError` and `FileError`.
  init(_ request: SignalRequest) throws {
    path = request.path
    wantsEstimates = request.content == .estimates
    let listed = try ImageFolder(path: request.path)
    isFolder = listed != nil
    let axes = request.settings["axes"]
    let keepsGoing = listed != nil && request.settings["keep_going"] == "true"
    var (files, failures): ([ImageFile], [String]) = ([], [])
    for path in listed?.images ?? [request.path] {
      do {
        let file = try ImageFile(path: path, axes: axes)
        if let first = files.first, file.header.kind != first.header.kind || file.axes != first.axes {
          throw ImageFileError.refused(
            path: file.path,
            reason:
              "expected an image like \(first.path), \(first.header.kind), found \(file.header.kind). Images of one folder have one size, type and number of bands."
          )
        }
        // A file that is cut off shows it only in its pixels, and would stop the run in the middle of the others.
        if keepsGoing { try Self.checkPixels(of: file) }
        files.append(file)
      } catch where keepsGoing {
        failures.append("\(error)")
      }
    }
    guard let first = files.first else {
      throw ImageFileError.refused(
        path: request.path, reason: (["the folder has no images that can be read."] + failures).joined(separator: "\n"))
    }
    self.files = files
    let noData = try request.settings["no_data"].map { text in
      guard let number = Double(text) else {
        throw SignalFormatError.invalidSetting(
          path: request.path, name: "no_data", expected: "a number", found: "'\(text)'")
      }
      return number
    }
    pixels = ImagePixels(first.header, noData: noData)
    domain = try request.imageDomain(rows: first.header.rows, columns: first.header.columns)
    let named = Self.names(first)
    try request.checkBands(named, for: ImageFormat())
    variables = named.map { Variable(name: $0) }
    let fieldsOfFile = first.axes.fieldCount
    let folder = isFolder
    labels = files.flatMap { file in
      (0..<fieldsOfFile).map { field in
        var coordinates: [String: String] = [:]
        if folder { coordinates["file"] = URL(fileURLWithPath: file.path).lastPathComponent }
        for place in file.axes.places(ofField: field) { coordinates[Self.coordinate(place.name)] = "\(place.place)" }
        return FieldLabel(coordinates: coordinates)
      }
    }
    let mask = request.settings["mask"]
    isMasked = try mask.map { try MaskImage.isMissing($0, where: request.settings["missing_where"], like: first) }
    inputPaths = [request.path] + files.map(\.path) + [mask].compactMap(\.self)
    remarks =
      Self.remarks(first, pixels, listed)
      + (failures.isEmpty
        ? []
        : [
          Remark(
            .warning, "images-left-out",
            "\(path): \(failures.count) of \(failures.count + files.count) images were left out:\n" + failures.map { "  \($0)" }.joined(separator: "\n"))
        ])
  }

  /// Reads all pages of a file. Throws `ImageFileError`, and `VertexFileError` for infinite numbers.
  private static func checkPixels(of file: ImageFile) throws {
    let pixels = ImagePixels(file.header)
    for page in 0..<file.pageCount {
      let samples = try file.samples(ofPage: page)
      guard !file.header.type.isWhole, let entry = pixels.values(of: samples).firstIndex(where: \.isInfinite) else { continue }
      let (row, column) = (entry / pixels.bands.count).quotientAndRemainder(dividingBy: file.header.columns)
      throw VertexFileError.infinite(path: file.path, place: "row \(row + 1), column \(column + 1)")
    }
  }

  /// The names of the variables: those of channels, of colours, or of bands.
  private static func names(_ file: ImageFile) -> [String] {
    let header = file.header
    let bands = (0..<header.bands).filter { $0 != header.alpha }
    let colours = ["red", "green", "blue"]
    let own = bands.map { band in
      header.colour == .rgb && band < 3 ? colours[band] : bands.count == 1 ? "value" : "band_\(band + 1)"
    }
    let channels = file.axes.channelCount
    let all = file.axes.bandNames
    if all.count == channels * own.count, Set(all).count == all.count { return all }
    guard channels > 1 else { return own }
    let given = file.axes.channelNames
    let isNamed = given.count == channels && Set(given).count == channels
    return (0..<channels).flatMap { channel in
      let name = isNamed ? given[channel] : "channel_\(channel + 1)"
      return own.map { own.count == 1 ? name : "\(name)_\($0)" }
    }
  }

  private static func coordinate(_ axis: Character) -> String {
    switch axis {
    case "T": FieldLabel.frameName
    case "Z": "slice"
    case "I": FieldLabel.numberName
    default: axis.lowercased()
    }
  }

  private static func remarks(_ file: ImageFile, _ pixels: ImagePixels, _ folder: ImageFolder?) -> [Remark] {
    var remarks: [Remark] = []
    let header = file.header
    if pixels.isTurned {
      remarks.append(
        Remark(
          .note, "min-is-white",
          "\(file.path): the smallest number is white (min-is-white). The values are turned over, \(Int(header.type.full)) less the number, and an answer of the same kind is turned back."
        ))
    } else if header.colour == .minIsWhite {
      remarks.append(
        Remark(
          .note, "min-is-white",
          "\(file.path): the smallest number is white (min-is-white), and the numbers are worked on as they are, because \(header.type.rawValue) has no fixed largest number."
        ))
    }
    if let tag = pixels.unusedTag {
      remarks.append(
        Remark(
          .note, "no-data",
          "\(file.path): the no-data tag is \"\(tag)\". No pixel of type \(header.type.rawValue) can have this value, so that none counts as missing by it. If pixels are missing, say which ones by --missing, such as --missing 'value=255'."
        ))
    }
    if header.isPremultiplied {
      remarks.append(
        Remark(
          .note, "premultiplied",
          "\(file.path): the colours were multiplied by the opacity. They are divided by it, and multiplied again in an answer."
        ))
    }
    if header.alpha != nil || header.key != nil {
      remarks.append(Remark(.assumption, "transparent", "\(file.path): transparent pixels count as missing."))
    }
    if let described = file.describedPageCount {
      remarks.append(
        Remark(
          .warning, "other-pages",
          "\(file.path): the description in the file names \(described) page\(described == 1 ? "" : "s"), and there \(file.pageCount == 1 ? "is" : "are") \(file.pageCount). Look whether it was copied whole."
        ))
    }
    if file.reducedCount > 0 {
      let copies = file.reducedCount == 1 ? "a copy of the image in reduced size, which is" : "\(file.reducedCount) copies in reduced size, which are"
      remarks.append(
        Remark(.note, "reduced-copies", "\(file.path): the file has \(copies) not read, and not written to an answer."))
    }
    if let orientation = header.orientation, orientation != 1 {
      remarks.append(
        Remark(
          .note, "orientation",
          "\(file.path): the orientation tag is \(orientation)\((1...8).contains(orientation) ? "" : ", which has no meaning and counts as 1"). The pixels are worked on in the order in which they are stored, and a mask must have the same order."
        ))
    }
    if file.container == .jpeg {
      remarks.append(
        Remark(
          .note, "jpeg",
          "\(file.path): JPEG images are read and not written. Answers in a folder are PNG images; for any other output, give a name that ends in .png or .tif."
        ))
    }
    if [.uint32, .int32, .float64].contains(header.type) {
      remarks.append(
        Remark(
          .note, "rounded",
          "\(file.path): the pixels are of type \(header.type.rawValue), and the calculation is in single precision, which has 24 bits. Pixels that do not change keep all of their bits."
        ))
    }
    if let folder, !folder.others.isEmpty {
      remarks.append(
        Remark(
          .note, "other-files",
          "\(folder.path): \(folder.others.count) file\(folder.others.count == 1 ? " is no image and was" : "s are no images and were") not read: \(NetCDFError.abridged(folder.others))."
        ))
    }
    return remarks
  }

  /// The file of a field, and the field's place in it.
  func place(ofField index: Int) -> (file: Int, field: Int) {
    let place = index.quotientAndRemainder(dividingBy: axes.fieldCount)
    return (place.quotient, place.remainder)
  }

  /// The pages of a field, one for each channel.
  func pages(ofField index: Int) throws -> [ImageSamples] {
    let (file, field) = place(ofField: index)
    return try (0..<axes.channelCount).map {
      try files[file].samples(ofPage: axes.page(ofField: field, channel: $0))
    }
  }

  /// The values of field `index` (V×C), not-a-number where one is missing.
  func values(ofField index: Int) throws -> [Float] {
    let pages = try pages(ofField: index).map(pixels.values)
    guard pages.count > 1 else { return pages[0] }
    let width = pixels.bands.count
    return (0..<domain.vertexCount).flatMap { vertex in
      pages.flatMap { $0[vertex * width..<(vertex + 1) * width] }
    }
  }

  func read(_ indices: [Int]) throws -> SignalSet {
    var (values, isValid): ([Float], [Bool]) = ([], [])
    let size = domain.vertexCount * variables.count
    values.reserveCapacity(indices.count * size)
    isValid.reserveCapacity(indices.count * size)
    for index in indices {
      for (entry, value) in try self.values(ofField: index).enumerated() {
        if value.isInfinite {
          let (vertex, channel) = entry.quotientAndRemainder(dividingBy: variables.count)
          let (row, column) = vertex.quotientAndRemainder(dividingBy: pixels.header.columns)
          throw VertexFileError.infinite(
            path: files[place(ofField: index).file].path,
            place: "row \(row + 1), column \(column + 1) of \(variables[channel].name)")
        }
        let isHere = !value.isNaN && !(isMasked?[entry / variables.count] ?? false)
        values.append(isHere ? value : 0)
        isValid.append(isHere)
      }
    }
    return SignalSet(
      domain: domain, variables: variables,
      values: Tensor(values, shape: [indices.count, domain.vertexCount, variables.count]), isValid: isValid,
      labels: indices.map { labels[$0] })
  }

  /// The opacity, the variables themselves, and the noise in a file beside this one.
  func companion(_ name: String) throws -> FieldCompanion? {
    if name == "alpha", let alpha = pixels.header.alpha {
      return FieldCompanion(name: name, isConstant: false) { index in
        let numbers = try pages(ofField: index)[0].numbers
        return stride(from: alpha, to: numbers.count, by: pixels.header.bands).map { Float(numbers[$0]) }
      }
    }
    guard let channel = variables.firstIndex(where: { NoiseNaming.noise(of: $0.name) == name }), try has("noise") else {
      return ownCompanion(name)
    }
    let channels = variables.count
    return FieldCompanion(name: name, isConstant: false) { index in
      let image = files[place(ofField: index).file].path
      guard let noise = try part("noise", of: index) else {
        throw SignalFormatError.companionCount(path: image, name: name, expected: 1, found: 0)
      }
      guard noise.file.axes.fieldCount == noise.count else {
        throw SignalFormatError.companionCount(
          path: image, name: name, expected: noise.count, found: noise.file.axes.fieldCount)
      }
      let values = try rows(of: noise.file, at: noise.index, count: 1)
      return stride(from: channel, to: values.count, by: channels).map { values[$0] }
    }
  }

  var companionNames: [String] {
    variables.map(\.name) + (pixels.header.alpha != nil ? ["alpha"] : [])
      + ((try? has("noise")) == true ? variables.map { NoiseNaming.noise(of: $0.name) } : [])
  }

  func members(of index: Int) throws -> Tensor<Float>? {
    guard wantsEstimates, let samples = try part("samples", of: index) else { return nil }
    let each = samples.file.axes.fieldCount / max(1, samples.count)
    guard each > 0, samples.file.axes.fieldCount == each * samples.count else {
      throw SignalFormatError.companionCount(
        path: path, name: samples.file.path, expected: samples.count, found: samples.file.axes.fieldCount)
    }
    let values = try rows(of: samples.file, at: samples.index, count: each)
    return Tensor(values, shape: [each, domain.vertexCount * variables.count])
  }

  func spread(of index: Int) throws -> [Float]? {
    guard wantsEstimates, let spread = try part("spread", of: index), spread.file.axes.fieldCount == spread.count else { return nil }
    return try rows(of: spread.file, at: spread.index, count: 1)
  }

  var fullScale: Double? { pixels.header.type.isWhole ? pixels.header.type.full : nil }

  /// Whether there is a part of an answer, or of measurements, beside the values.
  private func has(_ name: String) throws -> Bool { count > 0 ? try part(name, of: 0) != nil : false }

  /// The file with a part of an answer beside that of a field, the position of the field in it and the number of its fields; nil where
  /// there is none. Throws where it does not fit.
  private func part(_ name: String, of field: Int) throws -> (file: ImageFile, index: Int, count: Int)? {
    guard isFolder else {
      return try beside(ImageNames.path(name, beside: path)).map { ($0, field, count) }
    }
    let (number, own) = place(ofField: field)
    let image = files[number]
    return try beside(ImageNames.path(name, in: path, of: image.path)).map { ($0, own, image.axes.fieldCount) }
  }

  private func beside(_ place: String) throws -> ImageFile? {
    guard FileManager.default.fileExists(atPath: place) else { return nil }
    let file = try ImageFile(path: place)
    let header = file.header
    guard header.rows == pixels.header.rows, header.columns == pixels.header.columns,
      header.bands * file.axes.channelCount == variables.count
    else {
      throw SignalFormatError.unusableCompanion(
        path: path, name: place, reason: "it has \(header.kind), which is not the size of the image.")
    }
    return file
  }

  /// `count` rows of V·C numbers that a file holds for a field.
  private func rows(of file: ImageFile, at index: Int, count: Int) throws -> [Float] {
    let (width, channels) = (file.header.bands, variables.count)
    let plain = ImagePixels(file.header)
    var result = [Float](repeating: 0, count: count * domain.vertexCount * channels)
    for row in 0..<count {
      for channel in 0..<file.axes.channelCount {
        let page = file.axes.page(ofField: index * count + row, channel: channel)
        for (entry, value) in plain.values(of: try file.samples(ofPage: page)).enumerated() {
          let (pixel, band) = entry.quotientAndRemainder(dividingBy: width)
          result[(row * domain.vertexCount + pixel) * channels + channel * width + band] = value
        }
      }
    }
    return result
  }
}

extension ImageHeader {
  /// What images of one archive share, in words.
  var kind: String {
    "\(rows)×\(columns) pixels, \(bands) band\(bands == 1 ? "" : "s") of \(type.rawValue)"
      + (colour == .minIsWhite ? ", min-is-white" : "") + (isPremultiplied ? ", premultiplied" : "")
      + (alpha.map { ", opacity in band \($0 + 1)" } ?? "")
  }
}
