// Several files as one source of fields, for example one file per year or per model. All files must have the same grid.
// Units are converted to those of the first file if UDUNITS can convert them unambiguously.

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
  /// A field has no values.
  case noObservations(variable: String, field: String)

  public var description: String {
    switch self {
    case .empty: "No input file: pass at least one NetCDF file."
    case .differentGrids(let first, let firstGrid, let second, let secondGrid):
      "The files have different grids: \(first) has a \(firstGrid), \(second) a \(secondGrid). "
        + "Interpolate them to one grid first, for example with \"cdo remapbil,\(first) \(second) out.nc\"."
    case .differentVariables(let first, let firstNames, let second, let secondNames):
      "The files have different variables: \(first) has \(firstNames.joined(separator: ", ")), "
        + "\(second) has \(secondNames.joined(separator: ", ")). Specify the variables to read."
    case .differentUnits(let first, let second, let variable, let reason):
      "The units of \(variable) differ between \(first) and \(second): \(reason)"
    case .noObservations(let variable, let field):
      "Variable \(variable) has no values in the field \(field): every entry is missing. "
        + "Exclude the field, or check its fill value and valid range."
    }
  }
}

/// The fields of several files, in the order of the files.
public struct GriddedArchive: SignalSource {
  /// The files, in order.
  public let files: [GriddedFile]
  public let labels: [FieldLabel]
  /// The index of the first field of each file.
  private let starts: [Int]
  /// The conversion to the first file's units for each file and channel; nil if the units are equal.
  private let conversions: [[(factor: Double, offset: Double)?]]

  /// Opens files with the same choice of variables. The parameters are those of ``GriddedFile``.
  public init(
    paths: [String], variables: [String]? = nil, selecting: [String: [String]] = [:], monthVariable: String? = nil
  ) throws {
    var files: [GriddedFile] = []
    for path in paths {
      files.append(
        try GriddedFile(
          path: path, variables: variables ?? files.first?.variables.map(\.name), selecting: selecting,
          monthVariable: monthVariable, acceptsPoints: false, sharing: files.first))
    }
    try self.init(files: files)
  }

  /// Combines files whose channels correspond in order, even if their names differ.
  ///
  /// Throws ``ArchiveError`` if grids, channels or units do not match.
  public init(files: [GriddedFile]) throws {
    guard let first = files.first else { throw ArchiveError.empty }
    for file in files.dropFirst() where file.domain.fingerprint != first.domain.fingerprint {
      throw ArchiveError.differentGrids(
        first: first.path, firstGrid: first.domain.summary, second: file.path, secondGrid: file.domain.summary)
    }
    for file in files where file.variables.count != first.variables.count {
      throw ArchiveError.differentVariables(
        first: first.path, firstNames: first.variables.map(\.name), second: file.path,
        secondNames: file.variables.map(\.name))
    }
    self.files = files
    labels = files.flatMap(\.labels)
    starts = files.indices.map { files[..<$0].reduce(0) { $0 + $1.count } }
    conversions = try files.map { file in
      try zip(file.variables, first.variables).map { variable, wanted in
        guard variable.units != wanted.units else { return nil }
        do {
          return try Units.line(from: variable.units, to: wanted.units)
        } catch {
          throw ArchiveError.differentUnits(
            first: first.path, second: file.path, variable: wanted.name, reason: "\(error)")
        }
      }
    }
  }

  public var domain: any Domain { files[0].domain }
  public var variables: [Variable] { files[0].variables }

  /// The file that contains the field `index`, and the field's index in that file.
  public func origin(of index: Int) -> (file: GriddedFile, index: Int) {
    let number = (starts.firstIndex { $0 > index } ?? starts.count) - 1
    return (files[number], index - starts[number])
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    // A single file in its own units needs no second copy.
    if files.count == 1 { return try files[0].read(indices) }
    let size = domain.vertexCount * variables.count
    var isValid = [Bool](repeating: false, count: indices.count * size)
    var slots = [[Int]](repeating: [], count: files.count)
    for (slot, index) in indices.enumerated() {
      slots[(starts.firstIndex { $0 > index } ?? starts.count) - 1].append(slot)
    }
    let values = try Tensor<Float>(shape: [indices.count, domain.vertexCount, variables.count]) { out in
      for (number, own) in slots.enumerated() where !own.isEmpty {
        let part = try files[number].read(own.map { indices[$0] - starts[number] })
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
