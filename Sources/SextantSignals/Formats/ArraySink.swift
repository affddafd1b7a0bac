// Fields written as NumPy arrays, one for each part: values or means in the array itself, and spread, quantiles,
// samples or noise in arrays beside it. Each field is written to its place in the files immediately, so that memory
// does not grow with their number.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// Writes arrays.
///
/// An array has the shape V, V×C or N×V×C, with as few axes as the numbers of fields and variables require. For images, V
/// is two axes, rows and columns, and C is left out for one variable. Quantiles and samples have an axis of their own before
/// V. An array has no place for history and attributes.
struct ArraySink: SignalSink {
  private let output: OutputRequest
  private let vertexCount: Int
  /// The axes of the vertices: V, or rows and columns of pixels.
  private let extents: [Int]
  /// How the numbers of each variable stand in the file (C).
  private let forms: [StoredForm]

  private var channelCount: Int { forms.count }

  init(_ output: OutputRequest, like source: any SignalSource) {
    self.output = output
    let domain = output.domain ?? source.domain
    (vertexCount, extents) = (domain.vertexCount, domain.arrayExtents)
    forms = (source.storedForms ?? source.variables.map { _ in StoredForm() }).map(\.withoutScale)
  }

  var paths: [String] { files(of: output.content).map(\.path) }

  var replacedPaths: [String] { replacedPaths(for: output.content) }

  private func replacedPaths(for content: SignalContent) -> [String] {
    let written = files(of: content).map(\.path)
    if output.splitsMembers { return output.otherMembers(than: written) }
    return ["spread", "samples", "quantiles", "noise"].map { ArrayFiles.path($0, beside: output.path) }.filter {
      !written.contains($0) && FileManager.default.fileExists(atPath: $0)
    }
  }

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
    let isPlain = channelCount == 1 && (fieldCount == 1 || extents.count == 2)
    let fields: [Int] = fieldCount == 1 ? [] : [fieldCount]
    let rows: [Int] = file.hasRows ? [file.rows] : []
    let channels: [Int] = isPlain ? [] : [channelCount]
    return fields + rows + extents + channels
  }

  func write(
    _ content: SignalContent, description: OutputDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    let files = files(of: content)
    // Arrays have one type for all their numbers.
    let isDouble = forms.contains { $0.type == .float64 }
    try WholeFile.write(
      toAll: files.map(\.path), replacing: replacedPaths(for: content), overwrite: overwrite
    ) { temporary in
      let arrays = try zip(temporary, files).map { place, file in
        try NPYWriter(
          creating: place, reportedAs: file.path, shape: shape(of: file, fieldCount: content.fieldCount),
          isDouble: isDouble)
      }
      let writer = ArrayFieldWriter(
        zip(files, arrays).map { file, array in
          (
            array, file.rows * vertexCount * channelCount,
            { field in
              switch file.part {
              case .values: numbers(field.values)
              case .spread: field.spread.map { numbers($0, isDifference: true) }
              case .noise: field.noise.map { numbers($0, isDifference: true) }
              case .quantiles: numbers(field.quantiles.flatMap(\.self))
              case .samples: field.members.map { numbers($0.scalars) }
              case .member(let index): field.members.map { numbers($0.rows(index..<index + 1).scalars) }
              }
            }
          )
        })
      try body(writer)
      for array in arrays { try array.close() }
    }
  }
}

extension ArraySink {
  /// The numbers of the file for values whose channel varies fastest, or for differences of values.
  private func numbers(_ values: [Float], isDifference: Bool = false) -> [Double] {
    let forms = forms
    return values.enumerated().map { entry, value in
      let form = forms[entry % forms.count]
      return isDifference ? form.difference(value) : form.number(value)
    }
  }
}

/// Arrays that are being written.
private final class ArrayFieldWriter: FieldWriter {
  typealias Part = (array: NPYWriter, length: Int, values: (FieldRecord) -> [Double]?)
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
