// Land masks and coverage files brought to the grid of the fields: what the masks `land`, `sea` and `file:` need,
// and what lets a prior tell land from sea.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import Synchronization

/// A file that tells land from sea.
public struct LandMask: Sendable, Equatable, Codable {
  /// The file.
  public var file: String
  /// Its variable; nil where it has one only.
  public var variable: String?
  /// The values that mean land; nil: a number between 0 and 1 is the share of land, anything above 1 is land.
  public var landValues: [Float]?

  public init(file: String, variable: String? = nil, landValues: [Float]? = nil) {
    self.file = file
    self.variable = variable
    self.landValues = landValues
  }

  /// The share of land around each vertex of `domain` (V); a missing value counts as sea.
  ///
  /// On a latitude–longitude grid it is the mean over the cell of the vertex, elsewhere the interpolated value. Throws
  /// `GeometryError.noGeography(domain:purpose:)`, and what reading throws.
  public func share(on domain: any Domain, formats: [any SignalFormat] = .standard) throws -> [Float] {
    let source = try formats.open(SignalRequest(path: file, variables: variable.map { [$0] }))
    let field = try source.read([0])[0]
    let channels = field.variables.count
    let shares = field.values.withUnsafeScalars { values in
      (0..<source.domain.vertexCount).map { vertex -> Double in
        let entry = vertex * channels
        guard field.isValid[entry] else { return 0 }
        if let landValues { return landValues.contains(values[entry]) ? 1 : 0 }
        return Double(min(max(values[entry], 0), 1))
      }
    }
    let mask = try source.domain.requiredGeography(for: "A land mask")
    func interpolated(to places: [GeographicPoint]) throws -> [Double] {
      try mask.interpolation(to: places).times(shares)
    }
    let geography = try domain.requiredGeography(for: "The share of land")
    let points = geography.points
    guard let grid = geography.gridAxes, grid.rows > 1, grid.columns > 1, points.count <= Self.averagedVertexLimit
    else { return try interpolated(to: points).map(Float.init) }
    let (rowStep, columnStep) = (
      abs(grid.latitudes[1] - grid.latitudes[0]), abs(grid.longitudes[1] - grid.longitudes[0])
    )
    var sums = [Double](repeating: 0, count: points.count)
    let count = Self.averagingPoints
    for i in 0..<count {
      for j in 0..<count {
        let (north, east) = ((Double(i) + 0.5) / Double(count) - 0.5, (Double(j) + 0.5) / Double(count) - 0.5)
        let places = points.map { point in
          GeographicPoint(
            latitude: min(max(point.latitude + north * rowStep, -90), 90),
            longitude: point.longitude + east * columnStep)
        }
        for (vertex, share) in try interpolated(to: places).enumerated() { sums[vertex] += share }
      }
    }
    return sums.map { Float($0 / Double(count * count)) }
  }

  /// How many places along each side of a cell are averaged.
  private static let averagingPoints = 7
  /// Beyond this many vertices, cells are as fine as masks are, and averaging would only take time.
  private static let averagedVertexLimit = 200_000
}

extension MeasurementInputs {
  /// What designs need beside their text, on `domain`: the land mask, and the content of coverage files, of kernels of blurs
  /// (images, arrays or plain numbers in rows) and of matrices.
  ///
  /// A value of a coverage file counts as observed where it is there and not 0; the first variable of the file counts, if none is
  /// named. If the file is on other vertices than the domain, each vertex takes the nearest one of the file. A file is read when
  /// a design first needs it, and kept.
  package init(on domain: any Domain, landShare: [Float]?, formats: [any SignalFormat] = .standard) {
    let files = CoverageFiles(domain, formats: formats)
    let operators = OperatorFiles(formats: formats)
    self.init(
      landShare: landShare, coverage: { path, variable in try files.isObserved(in: path, variable: variable) },
      table: { try operators.table(in: $0) }, matrix: { try operators.matrix(in: $0) })
  }

  /// Throws what drawing `designs` on a field without gaps would: to be called before long work, for files that are missing
  /// and masks that leave nothing.
  package func check(_ designs: [AnyMeasurementDesign], on domain: any Domain) throws {
    let context = try MeasurementContext(
      domain: domain, isValid: [Bool](repeating: true, count: domain.vertexCount), inputs: self)
    for design in designs {
      var random = RandomStream(seed: 0)
      _ = try design.draw(in: context, using: &random)
    }
  }
}

/// The coverage files of one domain, each read once.
private final class CoverageFiles: Sendable {
  private let domain: any Domain
  private let formats: [any SignalFormat]
  private let kept = Mutex<[String: [Bool]]>([:])

  package init(_ domain: any Domain, formats: [any SignalFormat]) { (self.domain, self.formats) = (domain, formats) }

  /// Whether each vertex (V) is observed according to a file.
  func isObserved(in path: String, variable: String?) throws -> [Bool] {
    let key = "\(path)\n\(variable ?? "")"
    if let known = kept.withLock({ $0[key] }) { return known }
    let flags = try read(path, variable: variable)
    kept.withLock { $0[key] = flags }
    return flags
  }

  private func read(_ path: String, variable: String?) throws -> [Bool] {
    let source = try formats.open(SignalRequest(path: path, variables: variable.map { [$0] }, domain: domain))
    let field = try source.read([0])[0]
    let channels = field.variables.count
    let flags = field.values.withUnsafeScalars { values in
      (0..<source.domain.vertexCount).map { field.isValid[$0 * channels] && values[$0 * channels] != 0 }
    }
    if source.domain.fingerprint == domain.fingerprint { return flags }
    // Positions of domains that are not on the Earth are coordinates of their own, which mean nothing to each other.
    guard source.domain.geography != nil, domain.geography != nil else {
      throw RunError.invalid(
        "file:\(path): expected a coverage on the \(domain.summary) of the fields, found one on a \(source.domain.summary). Only between domains with latitudes and longitudes does each place take the value of the nearest one."
      )
    }
    let cells = NearestNeighbours(source.domain.positions)
    return domain.positions.map { position in
      cells.nearest(1, to: position).first.map { flags[$0.index] } ?? false
    }
  }
}

extension LandMask {
  /// Reads "FILE" or "FILE:VARIABLE".
  public init(text: String) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    self.init(file: parts.first ?? text, variable: parts.count == 2 ? parts[1] : nil)
  }
}
