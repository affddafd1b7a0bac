// Laws of tensors: value semantics, shapes, gathers and arithmetic, over both scalar types and awkward sizes.

import SextantArrays
import Testing

@Suite struct TensorTests {
  /// Shapes around the grain of parallel loops and the tile of transposition, and empty ones.
  static let shapes = [[0, 3], [1, 1], [3, 5], [32, 33], [65, 130], [300, 257]]

  /// 0, 1, 2, … in `shape`.
  static func counting<Scalar: TensorScalar>(_ shape: [Int], as type: Scalar.Type) -> Tensor<Scalar> {
    Tensor((0..<shape.reduce(1, *)).map { Scalar($0) }, shape: shape)
  }

  @Test func copiesShareMemoryUntilOneIsWritten() {
    let original = Self.counting([2, 3], as: Float.self)
    var copy = original
    copy[1, 2] = 100
    #expect(original[1, 2] == 5)
    #expect(copy[1, 2] == 100)
    var shaped = original.reshaped(to: [6])
    shaped[0] = -1
    #expect(original[0, 0] == 0)
  }

  @Test func addingInPlaceLeavesOtherCopiesAlone() {
    var a = Self.counting([4], as: Double.self)
    let before = a
    a.add(before, scaledBy: 2)
    #expect(a.scalars == [0, 3, 6, 9])
    #expect(before.scalars == [0, 1, 2, 3])
  }

  @Test(arguments: shapes) func reshapingKeepsTheScalars(shape: [Int]) {
    let tensor = Self.counting(shape, as: Float.self)
    let flat = tensor.reshaped(to: [tensor.count])
    #expect(flat.scalars == tensor.scalars)
    #expect(flat.reshaped(to: shape) == tensor)
  }

  @Test(arguments: shapes) func transposingTwiceIsNothing(shape: [Int]) {
    let tensor = Self.counting(shape, as: Double.self)
    let transposed = tensor.transposed()
    #expect(transposed.shape == [shape[1], shape[0]])
    #expect(transposed.transposed() == tensor)
    for i in 0..<min(shape[0], 40) {
      for j in 0..<min(shape[1], 40) { #expect(transposed[j, i] == tensor[i, j]) }
    }
  }

  @Test(arguments: shapes.filter { $0[0] > 0 }) func gatheringPicksRowsAndColumns(shape: [Int]) {
    let tensor = Self.counting(shape, as: Float.self)
    let rows = (0..<shape[0]).reversed() + [0]
    let columns = [shape[1] - 1] + Array(0..<shape[1])
    let byRow = tensor.gatheringRows(Array(rows))
    let byColumn = tensor.gatheringColumns(columns)
    let middle = min(1, tensor.columnCount)..<tensor.columnCount
    #expect(tensor.columns(middle) == tensor.gatheringColumns(Array(middle)))
    #expect(byRow == byRow.transposed().gatheringColumns(Array(0..<rows.count)).transposed())
    for (i, row) in rows.enumerated() { #expect(byRow.row(i) == tensor.row(row)) }
    for (j, column) in columns.enumerated() { #expect(byColumn[shape[0] - 1, j] == tensor[shape[0] - 1, column]) }
    #expect(tensor.rows(0..<shape[0]) == tensor)
  }

  @Test(arguments: shapes) func arithmeticIsElementByElement(shape: [Int]) {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) {
      let a = Self.counting(shape, as: Scalar.self)
      let b = a.map { 3 - $0 / 2 }
      let (x, y) = (a.scalars, b.scalars)
      #expect((a + b).scalars == zip(x, y).map { $0 + $1 })
      #expect((a - b).scalars == zip(x, y).map { $0 - $1 })
      #expect((a * b).scalars == zip(x, y).map { $0 * $1 })
      #expect((a * 3).scalars == x.map { $0 * 3 })
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: shapes) func scalingAndSumsFollowTheirDefinitions(shape: [Int]) {
    let a = Self.counting(shape, as: Float.self).map { $0.remainder(dividingBy: 7) }
    let rowFactors = (0..<shape[0]).map { Float($0 + 1) }
    let columnFactors = (0..<shape[1]).map { Float($0 + 2) }
    let byRow = a.scalingRows(by: rowFactors)
    let byColumn = a.scalingColumns(by: columnFactors)
    for i in 0..<shape[0] where i % 17 == 0 {
      for j in 0..<shape[1] {
        #expect(byRow[i, j] == a[i, j] * rowFactors[i])
        #expect(byColumn[i, j] == a[i, j] * columnFactors[j])
      }
    }
    // Sums of small whole numbers are exact in any order.
    for j in 0..<shape[1] where shape[0] > 0 {
      let column = (0..<shape[0]).map { Double(a[$0, j]) }
      #expect(a.columnSquaredNorms()[j] == column.reduce(0) { $0 + $1 * $1 })
      #expect(a.columnMeans()[j] == column.reduce(0, +) / Double(shape[0]))
    }
    #expect(a.dot(a) == a.scalars.reduce(0.0) { $0 + Double($1) * Double($1) })
  }

  @Test func convertingKeepsWhatThePrecisionHolds() {
    let a = Tensor<Double>([0.1, 1e-30, 12345678.9])
    #expect(a.converted(to: Float.self).scalars == [0.1, 1e-30, 12345679])
    #expect(a.converted(to: Double.self) == a)
    // More than one part of a parallel loop, there and back.
    let many = Self.counting([3, 1 << 16], as: Float.self)
    #expect(many.converted(to: Double.self) == Self.counting([3, 1 << 16], as: Double.self))
    #expect(many.converted(to: Double.self).converted(to: Float.self) == many)
  }

  @Test(arguments: [0, 1, 7, 64, 1001]) func whatIsNotFiniteIsFoundWhereverItStands(count: Int) {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) {
      var numbers = Tensor<Scalar>(repeating: -1, shape: [count])
      for (i, extreme) in [Scalar.greatestFiniteMagnitude, -Scalar.leastNonzeroMagnitude, Scalar.zero].enumerated()
      where i < count {
        numbers[i] = extreme
      }
      #expect(numbers.isFinite)
      for place in Set([0, count / 2, count - 1]) where count > 0 {
        for bad in [Scalar.nan, Scalar.infinity, -Scalar.infinity, Scalar.signalingNaN] {
          var spoilt = numbers
          spoilt[place] = bad
          #expect(!spoilt.isFinite)
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }
}
