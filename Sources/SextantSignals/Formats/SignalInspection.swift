// The description of a file, for people and for programs.

import Foundation
import SextantArrays
import SextantGeometry

/// The description of a file: text for people, and JSON for programs.
public protocol SignalInspection: Sendable, Encodable, CustomStringConvertible {
  /// The kind of file, in one word: "netcdf", "mesh", "numbers".
  static var kind: String { get }
}

extension FileInspection: SignalInspection {
  public static var kind: String { "netcdf" }
}

/// The description of a mesh, with values of its properties that are probably no measurements.
struct MeshSignalInspection: SignalInspection {
  static var kind: String { "mesh" }

  /// The mesh.
  let mesh: MeshInspection
  /// What was found in the properties of its vertices.
  let suspects: [SuspectValue]

  /// Looks at a mesh and at the values of its vertices' properties.
  init(_ document: MeshDocument) throws {
    mesh = try MeshInspection(document)
    suspects = document.vertexProperties.flatMap { property in
      var scan = ValueScan()
      for value in property.values where value.isFinite { scan.add(value) }
      return scan.suspects(name: property.name)
    }
  }

  var description: String { ([mesh.description] + suspects.problemLines).joined(separator: "\n") }

  private enum CodingKeys: String, CodingKey { case suspects }

  func encode(to encoder: any Encoder) throws {
    try mesh.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(suspects, forKey: .suspects)
  }
}

extension NumbersInspection: SignalInspection {
  public static var kind: String { "numbers" }
}

/// The description of a file that is known by its fields alone.
struct FieldsInspection: SignalInspection {
  static var kind: String { "fields" }

  /// A variable in short, over all fields.
  struct Channel: Sendable, Equatable, Encodable {
    /// The variable.
    let variable: Variable
    /// The smallest value; nil if every value is missing.
    let minimum: Double?
    /// The largest value.
    let maximum: Double?
    /// The number of missing values.
    let missingCount: Int
    /// Values that are probably no measurements.
    let suspects: [SuspectValue]
  }

  /// The file.
  let path: String
  /// The name of the format.
  let format: String
  /// One line on the domain.
  let domain: String
  /// The number of fields N.
  let fieldCount: Int
  /// The number of vertices V.
  let vertexCount: Int
  /// The names of the coordinates that distinguish the fields.
  let coordinates: [String]
  /// The variables (C).
  let variables: [Channel]

  /// Reads all fields of a document, piece by piece.
  init(_ document: any SignalDocument) throws {
    (path, format, domain) = (document.path, document.format.name, document.domain.summary)
    (fieldCount, vertexCount) = (document.count, document.domain.vertexCount)
    coordinates = Set(document.labels.flatMap(\.coordinates.keys)).sorted()
    let channels = document.variables.count
    var ranges = [(low: Double, high: Double, missing: Int)](
      repeating: (.infinity, -.infinity, 0), count: channels)
    var scans = document.variables.map { ValueScan(range: PhysicalRange(of: $0)) }
    try document.forEachChunk(of: Array(0..<document.count)) { set in
      set.values.withUnsafeScalars { values in
        for entry in values.indices {
          let channel = entry % channels
          if set.isValid[entry] {
            scans[channel].add(Double(values[entry]))
            ranges[channel].low = min(ranges[channel].low, Double(values[entry]))
            ranges[channel].high = max(ranges[channel].high, Double(values[entry]))
          } else {
            ranges[channel].missing += 1
          }
        }
      }
    }
    variables = zip(zip(document.variables, ranges), scans).map { pair, scan in
      let (variable, range) = pair
      let isEmpty = range.low > range.high
      return Channel(
        variable: variable, minimum: isEmpty ? nil : range.low, maximum: isEmpty ? nil : range.high,
        missingCount: range.missing, suspects: scan.suspects(name: variable.name))
    }
  }

  var description: String {
    var lines = [
      "\(path): \(format), \(fieldCount) field\(fieldCount == 1 ? "" : "s") on \(domain.withArticle)"
    ]
    if !coordinates.isEmpty { lines.append("  told apart by \(coordinates.joined(separator: ", "))") }
    for channel in variables {
      let name = channel.variable.name + (channel.variable.units.isEmpty ? "" : " (\(channel.variable.units))")
      let range =
        channel.minimum.flatMap { low in
          channel.maximum.map { "\(String(format: "%.6g", low)) to \(String(format: "%.6g", $0))" }
        } ?? "no values"
      lines.append("  \(name): \(range), \(channel.missingCount) missing")
    }
    return (lines + variables.flatMap(\.suspects).problemLines).joined(separator: "\n")
  }
}
