// The reduction of an image to fewer rows and columns, of which super-resolution is the inverse: the mean over squares, or
// Keys' bicubic kernel stretched by the factor, as MATLAB's imresize and Pillow have it (a = −0.5). Beyond the frame nothing
// is known, or what the boundary says.

import SextantArrays
import SextantGeometry

/// One row and column for each `factor` of the field.
struct Reduction: Sendable, Equatable {
  /// The weights of the pixels around an output.
  enum Filter: String, Sendable, CaseIterable {
    /// The mean over factor×factor pixels.
    case area
    /// Keys' cubic convolution, stretched by the factor.
    case bicubic
  }

  var factor: Int
  var filter: Filter
  var boundary: RasterBoundary

  static let kind = MeasurementDesignKind(
    name: "reduce", help: "fewer rows and columns by a factor, whose inverse is super-resolution: filter=area or bicubic",
    example: "reduce:2,filter=bicubic"
  ) { try Reduction(&$0) }

  init(_ text: inout DesignText) throws {
    let number = try text.takeNumber("factor", in: 2...64, fallback: 2, orPositional: true)
    guard let factor = Int(exactly: number) else {
      throw text.failure(expected: "the factor as a whole number from 2 to 64", found: "'\(number.short)'")
    }
    let word = text.takeText("filter", orPositional: true) ?? Filter.area.rawValue
    guard let filter = Filter(rawValue: word) else {
      throw text.failure(expected: "filter=area or filter=bicubic", found: "'\(word)'")
    }
    (self.factor, self.filter, boundary) = (factor, filter, try text.takeBoundary())
  }

  /// The first pixel that the output 0 depends on, and the weights of the pixels from there.
  private var line: (start: Int, weights: [Double]) {
    guard filter == .bicubic else { return (0, [Double](repeating: 1 / Double(factor), count: factor)) }
    let centre = Double(factor) / 2
    let places = (-2 * factor..<3 * factor).map { ($0, Self.keys((Double($0) + 0.5 - centre) / Double(factor))) }
      .filter { abs($0.1) > 1e-15 }
    let sum = places.reduce(0) { $0 + $1.1 }
    return (places.first?.0 ?? 0, places.map { $0.1 / sum })
  }

  /// Keys' cubic kernel with a = −0.5.
  private static func keys(_ x: Double) -> Double {
    let x = abs(x)
    if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
  }
}

extension Reduction: MeasurementDesign {
  var mayHide: Bool { true }

  func valueDomain(for domain: any Domain, inputs: MeasurementInputs) throws -> (any Domain)? {
    guard let plane = domain.plane else {
      throw MeasurementError.missingInput(
        specification: description, needs: "the rows and columns of an image",
        hint: "The domain (\(domain.summary)) is none; footprints:WIDTH averages over the surroundings of places on any domain.")
    }
    return try plane.coarsened(by: factor)
  }

  func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField {
    var field = try values.refined(by: factor, for: self)
    // Whole outputs on either side, so that those of the larger image lie where those of the frame do.
    if filter == .bicubic, boundary == .unknown { field = field.enlarged(byRows: 2 * factor, columns: 2 * factor) }
    return field
  }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    // First what throws: a domain without rows and columns must not be measured as it is.
    guard let values = try valueDomain(for: context.domain, inputs: context.inputs), let reduced = values.raster,
      let raster = context.domain.raster
    else { return SelectionOperator(all: context.entryCount) }
    let line = line
    /// The places and weights of one output along an axis; nil if nothing is known of some.
    func taps(_ output: Int, of count: Int) -> [(place: Int, weight: Double)]? {
      var result: [(Int, Double)] = []
      for (i, weight) in line.weights.enumerated() {
        guard let place = boundary.place(output * factor + line.start + i, of: count) else { return nil }
        result.append((place, weight))
      }
      return result
    }
    let (rows, columns) = ((0..<reduced.rows).map { taps($0, of: raster.rows) }, (0..<reduced.columns).map { taps($0, of: raster.columns) })
    var entries: [(row: Int, column: Int, value: Double)] = []
    var kept: [Bool] = []
    for (i, row) in rows.enumerated() {
      for (j, column) in columns.enumerated() {
        kept.append(row != nil && column != nil)
        guard let row, let column else { continue }
        for (r, one) in row {
          for (c, two) in column { entries.append((i * reduced.columns + j, r * raster.columns + c, one * two)) }
        }
      }
    }
    guard kept.contains(true) else {
      throw MeasurementError.nothingObserved(
        specification: description, reason: "every output depends on pixels beyond the frame of \(raster.rows)×\(raster.columns)")
    }
    let matrix = SparseMatrix(rowCount: reduced.vertexCount, columnCount: raster.vertexCount, entries: entries)
    return SelectionOperator(observed: kept.repeatingEach(context.channelCount)).composed(
      after: SparseOperator(matrix.repeated(channelCount: context.channelCount)))
  }
}

extension Reduction: CustomStringConvertible {
  var description: String {
    "reduce:\(factor),filter=\(filter.rawValue)\(boundary == .unknown ? "" : ",boundary=\(boundary.rawValue)")"
  }
}
