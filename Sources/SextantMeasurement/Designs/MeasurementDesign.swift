// How fields are measured, as people write it: a design is a rule that draws the operator of one field. Masks are the designs that
// select entries; blurs and the like are operators of other forms. A design opens no files: what it needs is on the ground.

import SextantArrays
import SextantGeometry

/// A rule that draws the measurement operator of a field.
///
/// Each design has a text, which ``MeasurementDesignKind/read`` reads and `description` writes, such as `none`, `random:0.6` or
/// `blocks:share=0.4,size=30`.
public protocol MeasurementDesign: Sendable, CustomStringConvertible {
  /// Whether some value may be missing under it; false only where it is sure that none is.
  var mayHide: Bool { get }
  /// Draws the operator of one field, from V·C entries; the result depends on the arguments alone, not on the number of threads.
  ///
  /// Invalid entries are never measured: under a mask they are missing, and other operators may weigh them as 0 only.
  ///
  /// - Throws: ``MeasurementError`` where the ground lacks something that the design needs, or nothing would be observed.
  func draw(on ground: MeasurementGround, using random: inout RandomStream) throws -> any LinearOperator
}

/// Inputs that some designs need beside their own text and the field.
public struct MeasurementInputs: Sendable {
  /// The share of land at each vertex (V); needed by `land` and `sea`.
  public var landShare: [Float]?
  /// Whether each vertex (V) or entry (V·C) is observed according to a variable of a file (nil: its only one); needed by
  /// `file:PATH`.
  public var coverage: (@Sendable (_ path: String, _ variable: String?) throws -> [Bool])?

  public init(
    landShare: [Float]? = nil, coverage: (@Sendable (_ path: String, _ variable: String?) throws -> [Bool])? = nil
  ) {
    self.landShare = landShare
    self.coverage = coverage
  }
}

/// What a design may know of the field that it is drawn for: places, areas, and which entries count.
public struct MeasurementGround: Sendable {
  /// Where the field lives (V vertices).
  public let domain: any Domain
  /// The number of channels C.
  public let channelCount: Int
  /// Whether each entry of the field is there (V·C, channel fastest). Shares are shares of the valid entries.
  public let isValid: [Bool]
  /// Land masks and files.
  public let inputs: MeasurementInputs
  /// Whether any channel of each vertex is valid (V).
  public let isVertexValid: [Bool]

  /// - Throws: ``MeasurementError/sizeMismatch(what:expected:found:)`` for flags that do not fill the domain's vertices.
  public init(domain: any Domain, isValid: [Bool], inputs: MeasurementInputs = MeasurementInputs()) throws {
    let vertexCount = domain.vertexCount
    guard vertexCount > 0, !isValid.isEmpty, isValid.count.isMultiple(of: vertexCount) else {
      throw MeasurementError.sizeMismatch(
        what: "The validity flags of the field to measure", expected: vertexCount, found: isValid.count)
    }
    let channelCount = isValid.count / vertexCount
    self.domain = domain
    self.channelCount = channelCount
    self.isValid = isValid
    self.inputs = inputs
    isVertexValid = (0..<vertexCount).map { vertex in
      isValid[vertex * channelCount..<(vertex + 1) * channelCount].contains(true)
    }
  }

  /// The number of vertices V.
  public var vertexCount: Int { isVertexValid.count }
  /// The number of entries V·C.
  public var entryCount: Int { isValid.count }
  /// The vertices with a valid entry, ascending.
  public var validVertices: [Int] { isVertexValid.indices.filter { isVertexValid[$0] } }

  /// The unit vector of each vertex (V).
  ///
  /// Throws ``MeasurementError/missingInput(specification:needs:hint:)`` if the domain has no geography.
  public func directions(for design: any MeasurementDesign) throws(MeasurementError) -> [SIMD3<Double>] {
    _ = try geography(for: design)
    return domain.positions
  }

  /// The latitude and longitude of each vertex (V); throws as ``directions(for:)``.
  public func geographicPoints(for design: any MeasurementDesign) throws(MeasurementError) -> [GeographicPoint] {
    try geography(for: design).points
  }

  private func geography(for design: any MeasurementDesign) throws(MeasurementError) -> any Geography {
    guard let geography = domain.geography else {
      throw .missingInput(
        specification: design.description, needs: "latitudes and longitudes",
        hint: "The domain (\(domain.summary)) has none; use random:SHARE or file:PATH.")
    }
    return geography
  }

  /// Whether each vertex is land (V).
  ///
  /// Throws ``MeasurementError`` where there is no land mask or it is of another grid.
  public func isLand(for design: any MeasurementDesign) throws(MeasurementError) -> [Bool] {
    guard let share = inputs.landShare else {
      throw .missingInput(
        specification: design.description, needs: "a land mask of the field's grid",
        hint: "Give a file with a land–sea mask, or use another mask.")
    }
    guard share.count == vertexCount else {
      throw .sizeMismatch(what: "The land mask", expected: vertexCount, found: share.count)
    }
    return share.map { $0 > 0.5 }
  }

  /// How many of `count` valid places a missing share stands for: rounded, and never all.
  static func missingCount(share: Double, of count: Int) -> Int {
    min(max(0, count - 1), Int((share * Double(count)).rounded()))
  }
}

/// A kind of design: the word that its text starts with, and how the rest is read.
public struct MeasurementDesignKind: Sendable {
  /// The word before the colon.
  public let name: String
  /// One line for people.
  public let help: String
  /// A correct text, shown in help and errors.
  public let example: String
  /// Whether the text after the colon is taken whole: `+`, `|` and commas in it have no meaning of their own. For paths.
  public let takesWholeText: Bool
  /// Makes the design from its text; throws ``MeasurementError/invalidSpecification(text:expected:found:example:)``.
  public let read: @Sendable (inout DesignText) throws -> any MeasurementDesign

  public init(
    name: String, help: String, example: String, takesWholeText: Bool = false,
    read: @escaping @Sendable (inout DesignText) throws -> any MeasurementDesign
  ) {
    self.name = name
    self.help = help
    self.example = example
    self.takesWholeText = takesWholeText
    self.read = read
  }
}

extension [MeasurementDesignKind] {
  /// The designs that Sextant has: masks.
  public static let standard: [MeasurementDesignKind] = [
    .complete, RandomMissing.kind, RandomStations.kind, LatitudeBand.kind, SatelliteSwath.kind, BlockHoles.kind,
    MissingCells.kind, .land, .sea, .file,
  ]
}
