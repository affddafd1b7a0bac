// A format of files that hold signals: how a file is recognised, opened and inspected, and how fields are written to
// it. Code above this protocol does not depend on the format of a file. A format is a plain value: a program gets the
// list of known formats as a parameter (`[any SignalFormat].standard`, or a copy with more members), and there is no
// global registry.

import Foundation
import SextantStorage

/// A file format for signals on domains.
///
/// Only ``name``, ``help``, ``recognises(_:)`` and ``open(_:)`` are required. Without the others, a format is read
/// only, is recognised by its contents only, and its files are inspected by reading their fields.
public protocol SignalFormat: Sendable {
  /// The name for people, such as "NetCDF".
  var name: String { get }
  /// One line for help texts: which files these are, and what is read from them.
  var help: String { get }
  /// The endings of file names, in lower case and without the dot, that indicate this format if the contents do not
  /// identify any, as in an empty file.
  var endings: [String] { get }
  /// The endings of the file names that it writes; empty if it writes no files.
  var writtenEndings: [String] { get }

  /// Whether the contents of the file at `path` are in this format; false where there is no file.
  func recognises(_ path: String) -> Bool

  /// Opens a file.
  ///
  /// Throws errors of the file first, and then ``SignalFormatError/refused(path:format:option:reason:)`` for a part
  /// of the request that the format cannot honour.
  func open(_ request: SignalRequest) throws -> any SignalDocument

  /// Describes what is in a file.
  func inspect(_ request: InspectionRequest) throws -> any SignalInspection

  /// Prepares to write fields like those of `source`: on its domain, with its variables and labels. Nothing is written
  /// yet.
  ///
  /// The source is a document, whose axes and other contents are kept where the format can do so, or fields without a
  /// file, such as samples of a prior.
  ///
  /// - Throws: ``SignalFormatError`` if the format cannot hold the content, with the reason.
  func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink
}

extension SignalFormat {
  public var endings: [String] { [] }
  public var writtenEndings: [String] { [] }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    let document = try open(SignalRequest(path: request.path, settings: request.settings))
    try request.refusePart(for: self)
    return try FieldsInspection(document)
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    throw SignalFormatError.unwritable(path: output.path, format: name, reason: "this format can only be read")
  }
}

extension [any SignalFormat] {
  /// The formats of the library. Later formats take precedence, so that those that a program appends come before these,
  /// and the guess that text with numbers is a table comes last.
  public static var standard: [any SignalFormat] {
    [
      VertexTableFormat(), PointTableFormat(), MeshPropertyFormat(), SurfaceDataFormat(), IDXFormat(), NetCDFFormat(),
      PointNetCDFFormat(), GRIBFormat(), CIFARFormat(), ImageFormat(), VertexArrayFormat(), SyntheticClimateFormat(),
    ]
  }

  /// The format of the file at `path`: the last one that recognises the contents, or else the last one with the ending
  /// of the name.
  ///
  /// Throws `FileError.missing(path:)` where there is no file, and
  /// ``SignalFormatError/unrecognised(path:found:formats:)``.
  public func format(of path: String) throws -> any SignalFormat {
    if let format = last(where: { $0.recognises(path) }) { return format }
    guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
    let ending = FileContents.ending(of: path)
    if let format = last(where: { $0.endings.contains(ending) }) { return format }
    throw SignalFormatError.unrecognised(path: path, found: Self.signature(of: path), formats: map(\.name))
  }

  /// Opens a file in the format that it has, without the values that the request's conditions exclude.
  ///
  /// Throws ``SignalFormatError/suspectValues(path:field:finding:)``, now or when fields are read, for values that are
  /// no measurements although nothing in the file says so.
  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    try format(of: request.path).open(request).checked(by: request, formats: self)
  }

  /// Describes a file in the format that it has.
  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    try format(of: request.path).inspect(request)
  }

  /// Prepares to write fields like those of `source` in the format that the ending of the output's name chooses, or
  /// else in the format of the source itself.
  ///
  /// Throws ``SignalFormatError/unknownOutput(path:endings:)`` if neither decides,
  /// `FileError.isInput(path:input:)` if a file that would be written is one of those that the source or the request
  /// names as inputs, and any error of the format.
  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    let sink = try uncheckedSink(output, like: source)
    let inputs = ((source as? any SignalDocument)?.inputPaths ?? []) + output.otherInputs
    for path in sink.paths { try WholeFile.checkIsNoInput(path, inputs: inputs) }
    return sink
  }

  private func uncheckedSink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    let ending = URL(fileURLWithPath: output.path).pathExtension.lowercased()
    if let format = last(where: { $0.writtenEndings.contains(ending) }) {
      return try format.sink(output, like: source)
    }
    // A name without an ending, or with that of the input, stands for the input's own format; any other would be a surprise.
    if let document = source as? any SignalDocument, !document.format.writtenEndings.isEmpty,
      ending.isEmpty || ending == URL(fileURLWithPath: document.path).pathExtension.lowercased()
    {
      return try document.format.sink(output, like: source)
    }
    // A format that is only read says so itself.
    if let format = last(where: { $0.writtenEndings.isEmpty && $0.endings.contains(ending) }) {
      return try format.sink(output, like: source)
    }
    throw SignalFormatError.unknownOutput(path: output.path, endings: flatMap(\.writtenEndings))
  }

  private static func signature(of path: String) -> String {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if isFolder.boolValue { return "a folder" }
    guard let handle = FileHandle(forReadingAtPath: path) else { return "a file that may not be read" }
    defer { try? handle.close() }
    return FileSignature.description(of: [UInt8]((try? handle.read(upToCount: 1024)) ?? Data()))
  }
}
