// NumPy arrays as a format: V numbers are a field of one variable, V×C numbers a field of C variables, N×V numbers N
// fields of one variable, and N×V×C numbers N fields; in arrays of images, rows and columns stand for V (see ArrayImages). Other
// numbers at the vertices are in separate arrays next to it: FILE.spread.npy, FILE.noise.npy, FILE.samples.npy, and FILE.NAME.npy for a condition on NAME.

import Foundation
import SextantArrays
import SextantGeometry

/// NumPy arrays (.npy) of values at the vertices of a mesh, or of any known domain. The setting `axes`, such as TYX, says that they
/// are the pixels of images.
public struct VertexArrayFormat: SignalFormat {
  public init() {}

  public var name: String { "a NumPy array" }
  public var help: String {
    "NumPy arrays of V, V×C, N×V or N×V×C values at the vertices of a mesh, or of images with --axes (.npy)"
  }
  public var endings: [String] { ["npy"] }
  public var writtenEndings: [String] { ["npy"] }

  public func recognises(_ path: String) -> Bool { NPYFile.isRecognised(at: path) }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    let names = request.variables ?? request.series?.variables.map(\.name)
    var numbers = try NPYFile.numbers(request.path)
    try request.checkNames()
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(except: ["axes"], for: self)
    let mesh: MeshDocument?
    let domain: any Domain
    if let letters = request.settings["axes"] {
      try request.refuseGeometry(for: self, because: "with --axes the array has the pixels of images. Leave it out.")
      let axes = try ArrayAxes(letters, shape: numbers.shape, path: request.path)
      mesh = nil
      domain = try request.imageDomain(rows: axes.rows, columns: axes.columns)
      numbers = numbers.reshaped(to: axes.shape)
    } else {
      let found = try request.meshAndDomain()
      (mesh, domain) = (found.mesh, found.domain)
      numbers = numbers.joiningPixels(of: domain, channels: names?.count ?? request.expectedVariables?.count)
    }
    let values = try VertexValues(
      numbers, path: request.path, vertexCount: domain.vertexCount, names: names, removesOffsets: request.removesOffsets)
    let fields = request.describing(try values.signals(on: domain), isNamed: names != nil)
    let (path, count, channels) = (request.path, fields.count, fields.channelCount)
    let noiseNames = fields.variables.map { NoiseNaming.noise(of: $0.name) }
    let noisePath = ArrayFiles.path("noise", beside: path)
    let hasNoise = FileManager.default.fileExists(atPath: noisePath)
    let others = ArrayFiles.names(beside: path)
    let samplesPath = ArrayFiles.path("samples", beside: path)
    let hasSamples = request.content == .estimates && FileManager.default.fileExists(atPath: samplesPath)
    return try StoredSignals(
      path: path, inputPaths: request.vertexPaths + (hasNoise ? [noisePath] : []), format: self, fields: fields,
      mesh: mesh, forms: values.forms, columnNames: (hasNoise ? noiseNames : []) + others,
      columns: { name in
        if others.contains(name) {
          return try Self.companion(
            name, channel: 0, of: 1, fieldCount: count, domain: domain,
            path: ArrayFiles.path(name, beside: path))
        }
        guard hasNoise, let channel = noiseNames.firstIndex(of: name) else { return nil }
        return try Self.companion(
          name, channel: channel, of: channels, fieldCount: count, domain: domain, path: noisePath)
      },
      ensembles: { index in
        guard hasSamples else { return nil }
        let samples = try NPYFile.read(samplesPath)
        let size = domain.vertexCount * channels
        guard samples.count.isMultiple(of: size * count) else {
          throw VertexFileError.anotherKind(
            path: samplesPath, expected: "samples of \(count) fields of \(size) values",
            found: "the shape \(samples.shape)")
        }
        let members = samples.count / (size * count)
        return samples.reshaped(to: [count * members, size]).rows(index * members..<(index + 1) * members)
      }
    ).selecting(request.select)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    let inspection = try NumbersInspection(array: request.path, axes: request.settings["axes"])
    try request.refusePart(for: self)
    try request.refuseSettings(except: ["axes"], for: self)
    return inspection
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    ArraySink(output, like: source)
  }

  /// One channel of an array beside the fields: V, V×C, N×V or N×V×C numbers.
  private static func companion(
    _ name: String, channel: Int, of channels: Int, fieldCount: Int, domain: any Domain, path: String
  ) throws -> FieldCompanion {
    let vertexCount = domain.vertexCount
    let numbers = try NPYFile.numbers(path).joiningPixels(of: domain, channels: channels)
    let values = try VertexValues(numbers, path: path, vertexCount: vertexCount, names: nil, removesOffsets: false)
    guard values.vertexCount == vertexCount else {
      throw VertexFileError.wrongLength(path: path, expected: vertexCount, found: values.vertexCount)
    }
    guard values.variables.count == channels || values.variables.count == 1 else {
      throw VertexFileError.anotherKind(
        path: path, expected: "\(channels) columns, one for each variable", found: "\(values.variables.count)")
    }
    guard values.count == fieldCount || values.count == 1 else {
      throw SignalFormatError.companionCount(path: path, name: name, expected: fieldCount, found: values.count)
    }
    let width = values.variables.count
    let start = width == 1 ? 0 : channel
    return FieldCompanion(name: name, isConstant: values.count == 1) { index in
      let field = values.count == 1 ? 0 : index
      return values.values.withUnsafeScalars { scalars in
        (0..<vertexCount).map { vertex in
          let entry = (field * vertexCount + vertex) * width + start
          return values.isValid[entry] ? scalars[entry] : .nan
        }
      }
    }
  }
}

/// The names of the arrays of one output, and of those beside an input.
enum ArrayFiles {
  /// The parts of an answer, which are no quantities of their own.
  private static let parts: Set = ["spread", "samples", "quantiles", "noise"]

  /// The names of further arrays beside an array: "quality" where there is "heat.quality.npy" beside "heat.npy".
  static func names(beside path: String) -> [String] {
    let url = URL(fileURLWithPath: path)
    let stem = url.deletingPathExtension().lastPathComponent + "."
    let files = (try? FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)) ?? []
    return files.sorted().filter { $0.hasPrefix(stem) && $0.hasSuffix(".npy") }.compactMap { file in
      let name = String(file.dropFirst(stem.count).dropLast(4))
      return name.isEmpty || name.contains(".") || parts.contains(name) ? nil : name
    }
  }

  /// "heat.npy" with "spread" gives "heat.spread.npy".
  static func path(_ what: String, beside path: String) -> String {
    let ending = (path as NSString).pathExtension
    return (path as NSString).deletingPathExtension + ".\(what).\(ending.isEmpty ? "npy" : ending)"
  }
}
