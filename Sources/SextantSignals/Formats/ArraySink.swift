// Fields written as NumPy arrays, one for each part: values or means in the array itself, and spread, quantiles,
// samples or noise in arrays beside it. Each field is written to its place in the files immediately, so that memory
// does not grow with their number.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// Writes arrays.
///
/// An array has the shape V, V×C or N×V×C, with as few axes as the numbers of fields and variables require. Quantiles
/// and samples have an axis of their own before V. An array has no place for history and attributes.
struct ArraySink: SignalSink {
  private let output: OutputRequest
  private let vertexCount: Int
  private let channelCount: Int

  init(_ output: OutputRequest, like source: any SignalSource) {
    self.output = output
    vertexCount = (output.domain ?? source.domain).vertexCount
    channelCount = source.variables.count
  }

  var paths: [String] { files(of: output.content).map(\.path) }

  /// A part of the content, and the file to which it is written.
  private struct File {
    let path: String
    let part: Part
    /// The number of arrays of V·C numbers for each field.
    let rows: Int
    /// Whether these have an axis of their own.
    let hasRows: Bool
  }

  private enum Part {
    case values, spread, quantiles, samples, noise
    case member(Int)
  }

  private func files(of content: SignalContent) -> [File] {
    if output.splitsMembers {
      return MemberFiles.paths(for: output.path, count: content.memberCount, ending: "npy").enumerated().map {
        File(path: $1, part: .member($0), rows: 1, hasRows: false)
      }
    }
    func beside(_ what: String) -> String { ArrayFiles.path(what, beside: output.path) }
    var files = [File(path: output.path, part: .values, rows: 1, hasRows: false)]
    if content.hasSpread { files.append(File(path: beside("spread"), part: .spread, rows: 1, hasRows: false)) }
    if content.memberCount > 0 {
      files.append(File(path: beside("samples"), part: .samples, rows: content.memberCount, hasRows: true))
    }
    if !content.quantileLevels.isEmpty {
      files.append(
        File(path: beside("quantiles"), part: .quantiles, rows: content.quantileLevels.count, hasRows: true))
    }
    if content.hasNoise { files.append(File(path: beside("noise"), part: .noise, rows: 1, hasRows: false)) }
    return files
  }

  private func shape(of file: File, fieldCount: Int) -> [Int] {
    let many = [vertexCount, channelCount]
    let one = channelCount == 1 ? [vertexCount] : many
    let rows = file.hasRows ? [file.rows] : []
    return fieldCount == 1 ? rows + one : [fieldCount] + rows + many
  }

  func write(
    _ content: SignalContent, description: FieldFileDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    let files = files(of: content)
    try WholeFile.write(toAll: files.map(\.path), overwrite: overwrite) { temporary in
      let arrays = try zip(temporary, files).map { place, file in
        try NPYWriter(creating: place, reportedAs: file.path, shape: shape(of: file, fieldCount: content.fieldCount))
      }
      let writer = ArrayFieldWriter(
        zip(files, arrays).map { file, array in
          (
            array, file.rows * vertexCount * channelCount,
            { field in
              switch file.part {
              case .values: field.values
              case .spread: field.spread
              case .noise: field.noise
              case .quantiles: field.quantiles.flatMap(\.self)
              case .samples: field.members?.scalars
              case .member(let index): field.members?.rows(index..<index + 1).scalars
              }
            }
          )
        })
      try body(writer)
      for array in arrays { try array.close() }
    }
  }
}

/// Arrays that are being written.
private final class ArrayFieldWriter: FieldWriter {
  typealias Part = (array: NPYWriter, length: Int, values: (FieldRecord) -> [Float]?)
  private let parts: [Part]

  init(_ parts: [Part]) { self.parts = parts }

  func write(_ field: FieldRecord, at index: Int) throws {
    for part in parts {
      guard let values = part.values(field) else { continue }
      precondition(values.count == part.length, "\(values.count) numbers for a place of \(part.length)")
      try part.array.write(values, at: index * part.length)
    }
  }
}
