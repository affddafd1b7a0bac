// A measurement design is a rule that draws the measurement operator of a field. Masks are the designs that select
// entries; others, such as blurs, draw operators of other forms. A design does not open files: the context contains its
// inputs.

import SextantArrays
import SextantGeometry

/// A rule that draws the measurement operator of a field.
///
/// Each design has a text, such as `none`, `random:0.6` or `blocks:share=0.4,size=30`, which
/// ``MeasurementDesignKind/read`` parses and `description` gives.
public protocol MeasurementDesign: Sendable, CustomStringConvertible {
  /// Whether the design may omit a valid value; false only if it never does.
  var mayHide: Bool { get }
  /// The paths of the files that the design reads: by default none.
  var files: [String] { get }
  /// Draws the operator of one field, which acts on V·C entries. The result does not depend on the number of threads.
  ///
  /// Invalid entries are never measured: masks omit them, and other operators must give them weight 0.
  ///
  /// - Throws: ``MeasurementError`` if the context lacks an input that the design needs, or nothing would be observed.
  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator
  /// The domain of the values that are measured of fields on `domain`, to which the ``LinearOperator/outputEntries`` of
  /// drawn operators belong: by default the same. Nil if no domain of this kind can hold them.
  func valueDomain(for domain: any Domain, inputs: MeasurementInputs) throws -> (any Domain)?
  /// The field of which the values on a domain are measured: by default on the same domain.
  ///
  /// - Throws: ``MeasurementError`` if the values do not say.
  func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField
}

extension MeasurementDesign {
  public var files: [String] { [] }

  public func valueDomain(for domain: any Domain, inputs: MeasurementInputs) throws -> (any Domain)? { domain }

  public func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField { values }
}

/// A table of numbers from a file, such as the kernel of a blur.
public struct NumberTable: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  /// The numbers (rows·columns), row by row.
  public let values: [Double]

  public init(rows: Int, columns: Int, values: [Double]) {
    precondition(values.count == rows * columns, "\(values.count) numbers in \(rows)×\(columns)")
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }
}

/// Additional inputs that some designs need.
public struct MeasurementInputs: Sendable {
  /// The share of land at each vertex (V); needed by `land` and `sea`.
  public var landShare: [Float]?
  /// Whether each vertex (V) or entry (V·C) is observed according to a variable of a file (nil: its only one); needed by
  /// `file:PATH`.
  public var coverage: (@Sendable (_ path: String, _ variable: String?) throws -> [Bool])?
  /// The numbers of a file in rows and columns; needed by `blur:file=PATH`.
  public var table: (@Sendable (_ path: String) throws -> NumberTable)?
  /// The sparse matrix of a file; needed by `matrix:file=PATH`.
  public var matrix: (@Sendable (_ path: String) throws -> SparseMatrix)?

  public init(
    landShare: [Float]? = nil, coverage: (@Sendable (_ path: String, _ variable: String?) throws -> [Bool])? = nil,
    table: (@Sendable (_ path: String) throws -> NumberTable)? = nil,
    matrix: (@Sendable (_ path: String) throws -> SparseMatrix)? = nil
  ) {
    self.landShare = landShare
    self.coverage = coverage
    self.table = table
    self.matrix = matrix
  }
}

/// The place of a field in a series, for designs whose steps belong together.
public struct SeriesPlace: Sendable {
  /// The number of the step.
  public let step: Int
  /// The stream that all steps of the series share.
  public let stream: RandomStream

  public init(step: Int, stream: RandomStream) { (self.step, self.stream) = (step, stream) }
}

/// The field for which a design is drawn: its domain, its valid entries and additional inputs.
public struct MeasurementContext: Sendable {
  /// The domain of the field (V vertices).
  public let domain: any Domain
  /// The number of channels C.
  public let channelCount: Int
  /// Whether each entry of the field is valid (V·C, channel fastest). Shares refer to the valid entries.
  public let isValid: [Bool]
  /// Land masks and files.
  public let inputs: MeasurementInputs
  /// The place of the field in a series; nil for a field by itself.
  public let series: SeriesPlace?
  /// Whether any channel of each vertex is valid (V).
  public let isVertexValid: [Bool]

  /// Makes a context. Throws ``MeasurementError/sizeMismatch(what:expected:found:)`` unless there is the same number of
  /// flags for each vertex.
  public init(
    domain: any Domain, isValid: [Bool], inputs: MeasurementInputs = MeasurementInputs(), series: SeriesPlace? = nil
  ) throws {
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
    self.series = series
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

  /// The latitude and the longitude of each vertex (V). The errors are those of ``directions(for:)``.
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
  /// Throws ``MeasurementError`` if there is no land mask or it belongs to another grid.
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

  /// The number of `count` valid places that are missing for a share: rounded, and less than all.
  static func missingCount(share: Double, of count: Int) -> Int {
    min(max(0, count - 1), Int((share * Double(count)).rounded()))
  }
}

/// A kind of design: the word with which its text starts, and the function that parses the remaining text.
public struct MeasurementDesignKind: Sendable {
  /// The word before the colon.
  public let name: String
  /// One line of help.
  public let help: String
  /// A valid text, for help and errors.
  public let example: String
  /// Whether the text after the colon is a single value in which `+`, `|` and commas have no special meaning, such as a
  /// path.
  public let takesWholeText: Bool
  /// Makes the design from its text. Throws ``MeasurementError/invalidSpecification(text:expected:found:example:)``.
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
  /// The built-in designs: masks, and then operators.
  public static let standard: [MeasurementDesignKind] = [
    .complete, RandomMissing.kind, RandomStations.kind, LatitudeBand.kind, SatelliteSwath.kind, BlockHoles.kind,
    MissingCells.kind, MovingClouds.kind, MissingBox.kind, MissingLines.kind, .land, .sea, .file, Blur.kind, Reduction.kind,
    Footprints.kind, GaussianProjections.kind, GivenMatrix.kind, Multiple.kind,
  ]
}
