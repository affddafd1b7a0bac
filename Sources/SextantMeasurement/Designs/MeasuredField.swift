// The field of which given values are measured. For most designs both have one domain. A blur of unknown surroundings has
// values that depend on a rim beyond the frame, and a reduction has values of a finer image: the domain on which a field is
// recovered is then larger than that of the values.

import SextantArrays
import SextantGeometry

/// A field of which values are measured: its domain, and the rim around it that the values also depend on.
public struct MeasuredField: Sendable {
  /// The domain of the field within the frame, on which an answer is wanted.
  public var domain: any Domain
  /// The rows above and below the frame on which values depend, and the columns on either side.
  public private(set) var margin: (rows: Int, columns: Int)
  /// The number of rows and columns for one of the values: the rim is a multiple of it, so that the values of the larger
  /// field lie where those of the frame do.
  private var spacing = 1

  /// The field on the domain of the values themselves.
  public init(_ domain: any Domain) {
    self.domain = domain
    margin = (0, 0)
  }

  /// Whether the values depend on nothing beyond the frame.
  public var isWithinFrame: Bool { margin == (0, 0) }

  /// The domain of the field with its rim. Throws `GeometryError`.
  public func wholeDomain() throws -> any Domain {
    guard !isWithinFrame, let plane = domain.plane else { return domain }
    return try plane.enlarged(byRows: margin.rows, columns: margin.columns)
  }

  /// The entries of the frame among those of the whole domain (V·C, channel fastest).
  public func frameEntries(channelCount: Int) -> [Int] {
    guard let raster = domain.raster, !isWithinFrame else { return Array(0..<domain.vertexCount * channelCount) }
    let width = raster.columns + 2 * margin.columns
    return (0..<raster.rows).flatMap { row in
      (0..<raster.columns * channelCount).map {
        ((row + margin.rows) * width + margin.columns) * channelCount + $0
      }
    }
  }

  /// The field with a wider rim, on a domain that has larger ones; on any other, nothing beyond the frame exists.
  func enlarged(byRows rows: Int, columns: Int) -> MeasuredField {
    guard domain.plane != nil else { return self }
    func rounded(_ count: Int) -> Int { (count + spacing - 1) / spacing * spacing }
    var result = self
    result.margin = (rounded(margin.rows + rows), rounded(margin.columns + columns))
    return result
  }

  /// Of two fields of one domain, the one with a rim that contains both.
  static func widest(_ one: MeasuredField, _ two: MeasuredField) -> MeasuredField {
    var result = one
    result.margin = (max(one.margin.rows, two.margin.rows), max(one.margin.columns, two.margin.columns))
    return result
  }

  /// The field with `factor` rows and columns for each of its own. Throws ``MeasurementError`` for a domain that has none.
  func refined(by factor: Int, for design: any MeasurementDesign) throws -> MeasuredField {
    guard let plane = domain.plane else { throw Self.noImage(design, domain) }
    var result = self
    result.domain = try plane.refined(by: factor)
    result.margin = (margin.rows * factor, margin.columns * factor)
    result.spacing = spacing * factor
    return result
  }

  /// The field on an image of another size. Throws ``MeasurementError`` unless the size is stated.
  func resized(toRows rows: Int, columns: Int, for design: any MeasurementDesign) throws -> MeasuredField {
    guard let plane = domain.plane else { throw Self.noImage(design, domain) }
    guard rows > 0, columns > 0, isWithinFrame else {
      throw MeasurementError.missingInput(
        specification: "\(design)", needs: "the size of the image that was measured",
        hint: "Give rows=ROWS,columns=COLUMNS in the design, or a model of images of that size.")
    }
    return MeasuredField(try plane.resized(toRows: rows, columns: columns))
  }

  private static func noImage(_ design: any MeasurementDesign, _ domain: any Domain) -> MeasurementError {
    .missingInput(
      specification: "\(design)", needs: "an image, whose size can be another",
      hint: "The values are on \(domain.summaryWithArticle). Give a model whose fields were measured.")
  }
}
