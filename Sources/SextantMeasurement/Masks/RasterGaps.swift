// Gaps in the rows and columns of images: rectangles and whole lines.

import SextantArrays
import SextantGeometry

extension MeasurementContext {
  /// The rows and columns of the domain. Throws ``MeasurementError/missingInput(specification:needs:hint:)``.
  func raster(for design: any MeasurementDesign) throws(MeasurementError) -> Raster {
    guard let raster = domain.raster else {
      throw .missingInput(
        specification: design.description, needs: "rows and columns",
        hint: "The domain (\(domain.summary)) has none; use random:SHARE or blocks on the sphere.")
    }
    return raster
  }
}

/// A rectangle of pixels is missing: at a given place, or at a random one in each field.
struct MissingBox: VertexMask, Equatable {
  let rows: Int
  let columns: Int
  /// The first row and column, from 0; nil for a random place.
  let corner: [Int]?

  static let kind = MeasurementDesignKind(
    name: "box", help: "a rectangle of rows and columns is missing, at random or at=ROW/COLUMN", example: "box:size=16x16,at=8/8"
  ) { text in
    let size = text.takeText("size", orPositional: true) ?? ""
    let numbers = size.components(between: "x").compactMap { Int($0) }
    guard (1...2).contains(numbers.count), numbers.count == size.components(between: "x").count, numbers.allSatisfy({ $0 > 0 }) else {
      throw text.failure(expected: "size as PIXELS or ROWSxCOLUMNS", found: size.isEmpty ? "nothing" : "'\(size)'")
    }
    guard let place = text.takeText("at") else { return MissingBox(rows: numbers[0], columns: numbers[numbers.count - 1], corner: nil) }
    let corner = place.components(between: "/").compactMap { Int($0) }
    guard corner.count == 2, corner.allSatisfy({ $0 >= 0 }) else {
      throw text.failure(expected: "at=ROW/COLUMN, counted from 0", found: "'\(place)'")
    }
    return MissingBox(rows: numbers[0], columns: numbers[numbers.count - 1], corner: corner)
  }

  var description: String { "box:size=\(rows)x\(columns)\(corner.map { ",at=\($0[0])/\($0[1])" } ?? "")" }

  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    let raster = try context.raster(for: self)
    let top = corner?[0] ?? Int(random.uniform() * Double(max(1, raster.rows - rows + 1)))
    let left = corner?[1] ?? Int(random.uniform() * Double(max(1, raster.columns - columns + 1)))
    return (0..<raster.vertexCount).map { vertex in
      let (row, column) = vertex.quotientAndRemainder(dividingBy: raster.columns)
      return row >= top && row - top < rows && column >= left && column - left < columns
    }
  }
}

/// A share of the rows, or of the columns, is missing.
struct MissingLines: VertexMask, Equatable {
  let share: ClosedRange<Double>
  /// Whether columns are missing instead of rows.
  let areColumns: Bool
  /// The number of neighbouring lines that are missing together.
  let width: Int

  static let kind = MeasurementDesignKind(
    name: "lines", help: "a share of the rows or columns is missing", example: "lines:0.5,along=columns,width=2"
  ) { text in
    let share = try text.takeRequiredShares("share")
    let along = text.takeText("along") ?? "rows"
    guard ["rows", "columns"].contains(along) else {
      throw text.failure(expected: "along=rows or along=columns", found: "'\(along)'")
    }
    let width = try text.takeNumber("width", in: 1...10_000, fallback: 1)
    guard let lines = Int(exactly: width) else { throw text.failure(expected: "width as a whole number", found: "'\(width.short)'") }
    return MissingLines(share: share, areColumns: along == "columns", width: lines)
  }

  var mayHide: Bool { share.upperBound > 0 }
  var description: String {
    "lines:\(share.short(separator: "-")),along=\(areColumns ? "columns" : "rows")\(width == 1 ? "" : ",width=\(width)")"
  }

  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    let raster = try context.raster(for: self)
    let lines = areColumns ? raster.columns : raster.rows
    let groups = (lines + width - 1) / width
    let count = MeasurementContext.missingCount(share: random.uniform(in: share), of: groups)
    var order = Array(0..<groups)
    order.shuffle(using: &random)
    let missing = Set(order.prefix(count))
    return (0..<raster.vertexCount).map { vertex in
      missing.contains((areColumns ? vertex % raster.columns : vertex / raster.columns) / width)
    }
  }
}
