// Several files as one source of fields, for example one file per year or per model. All files must have the same
// domain. Units are converted to those of the first file if UDUNITS can convert them unambiguously.

import SextantArrays
import SextantGeometry

/// Files that cannot be combined to an archive.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
  /// No file was given.
  case empty
  /// Two files have different grids; the texts name each file and its grid.
  case differentGrids(first: String, firstGrid: String, second: String, secondGrid: String)
  /// Two files have different numbers of variables.
  case differentVariables(first: String, firstNames: [String], second: String, secondNames: [String])
  /// The units of a variable differ and cannot be converted unambiguously.
  case differentUnits(first: String, second: String, variable: String, reason: String)

  public var description: String {
    switch self {
    case .empty: "No input file: name at least one."
    case .differentGrids(let first, let firstGrid, let second, let secondGrid):
      "The files have different grids: \(first) has a \(firstGrid), \(second) a \(secondGrid). "
        + "Interpolate them to one grid first, for example with \"cdo remapbil,\(first) \(second) out.nc\"."
    case .differentVariables(let first, let firstNames, let second, let secondNames):
      "The files have different variables: \(first) has \(firstNames.joined(separator: ", ")), "
        + "\(second) has \(secondNames.joined(separator: ", ")). Specify the variables to read."
    case .differentUnits(let first, let second, let variable, let reason):
      "The units of \(variable) differ between \(first) and \(second): \(reason)"
    }
  }
}

/// The fields of several files, in the order of the files.
public struct SignalSeries: SignalSource {
  /// The files, in order.
  public let documents: [any SignalDocument]
  public let labels: [FieldLabel]
  /// The index of the first field of each file.
  private let starts: [Int]
  /// The conversion to the first file's units for each file and channel; nil if the units are equal.
  private let conversions: [[(factor: Double, offset: Double)?]]

  /// Joins files whose channels correspond in order, whatever their names.
  ///
  /// Throws ``ArchiveError`` if domains, channels or units do not match.
  public init(_ documents: [any SignalDocument]) throws {
    guard let first = documents.first else { throw ArchiveError.empty }
    for other in documents.dropFirst() where other.domain.fingerprint != first.domain.fingerprint {
      throw ArchiveError.differentGrids(
        first: first.path, firstGrid: first.domain.summary, second: other.path, secondGrid: other.domain.summary)
    }
    for other in documents where other.variables.count != first.variables.count {
      throw ArchiveError.differentVariables(
        first: first.path, firstNames: first.variables.map(\.name), second: other.path,
        secondNames: other.variables.map(\.name))
    }
    self.documents = documents
    labels = Self.labels(of: documents)
    starts = documents.indices.map { documents[..<$0].reduce(0) { $0 + $1.count } }
    conversions = try documents.map { document in
      try zip(document.variables, first.variables).map { variable, wanted in
        guard variable.units != wanted.units else { return nil }
        do {
          return try Units.line(from: variable.units, to: wanted.units, of: variable)
        } catch {
          throw ArchiveError.differentUnits(
            first: first.path, second: document.path, variable: wanted.name, reason: "\(error)")
        }
      }
    }
  }

  /// The labels of all files. Fields that are only numbered within their files are numbered through.
  private static func labels(of documents: [any SignalDocument]) -> [FieldLabel] {
    let all = documents.flatMap(\.labels)
    let areNumbers = all.allSatisfy { label in
      label.time == nil && label.month == nil && label.coordinates.keys.allSatisfy { $0 == FieldLabel.numberName }
    }
    guard documents.count > 1, areNumbers else { return all }
    return all.indices.map { FieldLabel(coordinates: [FieldLabel.numberName: "\($0)"]) }
  }

  public var domain: any Domain { documents[0].domain }
  public var variables: [Variable] { documents[0].variables }

  /// The file of field `index`, and the index of the field in that file.
  public func origin(of index: Int) -> (document: any SignalDocument, index: Int) {
    let number = (starts.firstIndex { $0 > index } ?? starts.count) - 1
    return (documents[number], index - starts[number])
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    // Fields of a single file need no copy; only their labels may be others.
    if documents.count == 1 { return try documents[0].read(indices) }
    let size = domain.vertexCount * variables.count
    var isValid = [Bool](repeating: false, count: indices.count * size)
    var slots = [[Int]](repeating: [], count: documents.count)
    for (slot, index) in indices.enumerated() {
      slots[(starts.firstIndex { $0 > index } ?? starts.count) - 1].append(slot)
    }
    let values = try Tensor<Float>(shape: [indices.count, domain.vertexCount, variables.count]) { out in
      for (number, own) in slots.enumerated() where !own.isEmpty {
        let part = try documents[number].read(own.map { indices[$0] - starts[number] })
        let lines = conversions[number]
        part.values.withUnsafeScalars { source in
          for (i, slot) in own.enumerated() {
            let (from, to) = (i * size..<(i + 1) * size, slot * size..<(slot + 1) * size)
            isValid.replaceSubrange(to, with: part.isValid[from])
            _ = UnsafeMutableBufferPointer(rebasing: out[to]).initialize(from: source[from])
            for (channel, line) in lines.enumerated() {
              guard let line else { continue }
              // A missing entry remains 0, also if the units are converted.
              for j in stride(from: to.lowerBound + channel, to: to.upperBound, by: lines.count) where isValid[j] {
                out[j] = Float(Double(out[j]) * line.factor + line.offset)
              }
            }
          }
        }
      }
    }
    return SignalSet(
      domain: domain, variables: variables, values: values, isValid: isValid, labels: indices.map { labels[$0] })
  }
}

extension FieldLabel {
  /// The coordinate of fields that have nothing but a number.
  static let numberName = "field"
  /// The coordinate that is the number of a frame in a stack of images.
  static let frameName = "frame"
}

extension [any SignalFormat] {
  /// Opens several files as one source: all with the same request, whose own path is not used, with the variables of
  /// the first file, and with its domain where it is the same.
  public func open(_ paths: [String], as request: SignalRequest) throws -> SignalSeries {
    var documents: [any SignalDocument] = []
    for path in paths {
      var own = request
      (own.path, own.series) = (path, documents.first)
      documents.append(try open(own))
    }
    return try SignalSeries(documents)
  }
}
