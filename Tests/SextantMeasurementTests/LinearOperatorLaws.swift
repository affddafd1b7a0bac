// Laws of every linear operator and of every composition of two, run over all members of the family.

import SextantArrays
import SextantGeometry
import SextantTestSupport
import Testing

@testable import SextantMeasurement

/// A member of the family, by a name that tests show.
struct NamedOperator: Sendable, CustomTestStringConvertible {
  let name: String
  let operation: any LinearOperator
  var testDescription: String { name }
}

/// A circular blur that is known by its action alone: the mean of an entry and its two neighbours, with unequal weights.
struct RingBlur: LinearOperator {
  let count: Int
  var inputCount: Int { count }
  var outputCount: Int { count }
  static let weights: [(offset: Int, weight: Float)] = [(-1, 0.2), (0, 0.5), (1, 0.3)]

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> { shifted(signals, sign: 1) }
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { shifted(measurements, sign: -1) }

  private func shifted(_ rows: Tensor<Float>, sign: Int) -> Tensor<Float> {
    Tensor(shape: [rows.rowCount, count]) { out in
      rows.withUnsafeScalars { source in
        for row in 0..<rows.rowCount {
          for i in 0..<count {
            out[row * count + i] = Self.weights.reduce(Float(0)) { sum, term in
              sum + term.weight * source[row * count + (i + sign * term.offset + count) % count]
            }
          }
        }
      }
    }
  }
}

/// A·x = diag(s)·x with A known by its decomposition, U = V = I.
struct DiagonalOperator: LinearOperator, SpectralForm {
  let singularValues: [Float]
  var inputCount: Int { singularValues.count }
  var outputCount: Int { singularValues.count }
  var form: OperatorForm { .spectral(self) }
  func apply(_ signals: Tensor<Float>) -> Tensor<Float> { signals.scalingColumns(by: singularValues) }
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { measurements.scalingColumns(by: singularValues) }
  func spectrum(ofSignals signals: Tensor<Float>) -> Tensor<Float> { signals }
  func signals(ofSpectrum spectrum: Tensor<Float>) -> Tensor<Float> { spectrum }
  func spectrum(ofMeasurements measurements: Tensor<Float>) -> Tensor<Float> { measurements }
  func measurements(ofSpectrum spectrum: Tensor<Float>) -> Tensor<Float> { spectrum }
}

@Suite("Laws of linear operators")
struct LinearOperatorLaws {
  static let places = [
    GeographicPoint(latitude: 12.5, longitude: 359), GeographicPoint(latitude: -90, longitude: 10),
    GeographicPoint(latitude: 47.25, longitude: -33), GeographicPoint(latitude: 0, longitude: 0),
  ]

  /// One of each kind, all from signals of 84 entries, and compositions of them.
  static func members() throws -> [NamedOperator] {
    let domain = RegularSphere(step: 30)
    let selection = SelectionOperator(inputCount: 84, indices: [3, 80, 3, 0, 41])
    let sparse = SparseOperator(
      SparseMatrix(rowCount: 3, columnCount: 84, entries: [(0, 4, 2), (0, 1, -1), (2, 0, 0.5), (2, 80, 3)]))
    let interpolation = try GridInterpolation(from: domain, to: places, channelCount: 1)
    let twoChannels = try GridInterpolation(from: domain, to: places, channelCount: 2)
    let picked = SelectionOperator(inputCount: 8, indices: [7, 0, 2])
    let blur = RingBlur(count: 84)
    return [
      ("selection", selection), ("identity", SelectionOperator(all: 84)),
      ("selection of nothing", SelectionOperator(observed: [Bool](repeating: false, count: 4))),
      ("sparse", sparse), ("interpolation", interpolation), ("interpolation of two channels", twoChannels),
      ("matrix-free blur", blur), ("spectral", DiagonalOperator(singularValues: (0..<84).map { Float($0 % 5) })),
      ("selection after selection", SelectionOperator(inputCount: 5, indices: [4, 0]).composed(after: selection)),
      ("selection after interpolation", picked.composed(after: twoChannels)),
      (
        "three in a row",
        SelectionOperator(inputCount: 3, indices: [2, 1]).composed(after: picked.composed(after: twoChannels))
      ),
      ("blur twice", blur.composed(after: blur)), ("selection after blur", selection.composed(after: blur)),
      ("interpolation after blur", interpolation.composed(after: blur)),
    ].map { NamedOperator(name: $0.0, operation: $0.1) }
  }

  /// A·x by the entries of the operator's matrix.
  static func product(_ matrix: SparseMatrix, _ rows: Tensor<Float>) -> [Double] {
    let scalars = rows.scalars.map(Double.init)
    return (0..<rows.rowCount).flatMap { b in
      matrix.times(Array(scalars[b * matrix.columnCount..<(b + 1) * matrix.columnCount]))
    }
  }

  @Test("⟨Ax, y⟩ = ⟨x, Aᵀy⟩", arguments: try members())
  func isAdjoint(member: NamedOperator) throws {
    var random = RandomStream(seed: 5)
    for _ in 0..<3 { #expect(member.operation.adjointMismatch(using: &random) < 1e-5) }
  }

  @Test("a wrong adjoint does not pass the test of adjoints")
  func wrongAdjointsAreFound() {
    struct Shift: LinearOperator {
      var inputCount: Int { 6 }
      var outputCount: Int { 6 }
      func apply(_ signals: Tensor<Float>) -> Tensor<Float> { signals.gatheringColumns([1, 2, 3, 4, 5, 0]) }
      func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { apply(measurements) }
    }
    var random = RandomStream(seed: 5)
    #expect(Shift().adjointMismatch(using: &random) > 1e-2)
  }

  @Test("the matrix says what apply and applyAdjoint do", arguments: try members())
  func matchesItsMatrix(member: NamedOperator) throws {
    let operation = member.operation
    var random = RandomStream(seed: 6)
    let matrix = try operation.materialised(for: "the test")
    #expect(matrix.rowCount == operation.outputCount && matrix.columnCount == operation.inputCount)
    let x: Tensor<Float> = random.normals([2, operation.inputCount])
    let y: Tensor<Float> = random.normals([2, operation.outputCount])
    for (direct, viaMatrix) in [
      (operation.apply(x), Self.product(matrix, x)),
      (operation.applyAdjoint(y), Self.product(matrix.transposed(), y)),
    ] {
      #expect(zip(direct.scalars, viaMatrix).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    }
  }

  @Test("a batch of rows is the rows one by one", arguments: try members())
  func treatsRowsApart(member: NamedOperator) throws {
    var random = RandomStream(seed: 7)
    let x: Tensor<Float> = random.normals([4, member.operation.inputCount])
    let together = member.operation.apply(x)
    for row in 0..<4 {
      #expect(member.operation.apply(x.rows(row..<row + 1)).scalars == together.row(row).scalars)
    }
  }

  @Test("the coverage is the diagonal of AᵀA, and known for every operator with a matrix", arguments: try members())
  func coverageIsTheDiagonal(member: NamedOperator) throws {
    guard let coverage = member.operation.coverage() else {
      #expect([.matrixFree, .spectral].contains(member.operation.form.kind))
      return
    }
    let matrix = try member.operation.materialised(for: "the test")
    var squares = [Double](repeating: 0, count: matrix.columnCount)
    for (column, value) in zip(matrix.columns, matrix.values) { squares[Int(column)] += value * value }
    #expect(zip(coverage, squares).allSatisfy { abs(Double($0) - $1) < 1e-6 })
  }

  @Test("every operator is the same as itself and as no other", arguments: try members())
  func isItselfAlone(member: NamedOperator) throws {
    for other in try Self.members() {
      #expect(member.operation.isSame(as: other.operation) == (member.name == other.name), "\(other.name)")
    }
  }

  @Test("outputs have places in the set that they are of", arguments: try members())
  func outputsHavePlaces(member: NamedOperator) {
    let entries = member.operation.outputEntries
    #expect(entries.indices.count == member.operation.outputCount)
    #expect(entries.indices.allSatisfy { (0..<entries.count).contains($0) })
  }

  @Test("A·B is A after B, with a form as simple as theirs", arguments: try members())
  func compositionsAreProducts(member: NamedOperator) throws {
    let inner = member.operation
    let m = inner.outputCount
    let outers: [any LinearOperator] = [
      SelectionOperator(all: m),
      SelectionOperator(inputCount: m, indices: (0..<m).reversed().filter { $0 % 2 == 0 }),
      SparseOperator(SparseMatrix(rowCount: 1, columnCount: m, entries: (0..<m).map { (0, $0, 0.5) })),
      RingBlur(count: m),
    ]
    for outer in outers where m > 0 {
      let composed = outer.composed(after: inner)
      #expect(composed.form.kind == Self.simplest(outer, after: inner))
      var random = RandomStream(seed: 8)
      let x: Tensor<Float> = random.normals([2, inner.inputCount])
      #expect(
        zip(composed.apply(x).scalars, outer.apply(inner.apply(x)).scalars).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(composed.adjointMismatch(using: &random) < 1e-5)
    }
  }

  /// The simplest form that a product can have.
  private static func simplest(_ outer: any LinearOperator, after inner: any LinearOperator) -> OperatorForm.Kind {
    if outer.isIdentity { return inner.form.kind }
    if inner.isIdentity { return outer.form.kind }
    let kinds: Set = [outer.form.kind, inner.form.kind]
    if kinds == [.selection] { return .selection }
    return kinds.isSubset(of: [.selection, .sparse]) ? .sparse : .matrixFree
  }

  @Test("a mask measures entries of the set before it, also after a blur and after another mask")
  func masksKeepThePlacesOfEntries() {
    let blur = RingBlur(count: 6)
    let mask = SelectionOperator(inputCount: 6, indices: [1, 4, 5])
    let second = SelectionOperator(inputCount: 3, indices: [2, 0])
    #expect(mask.composed(after: blur).outputEntries == OutputEntries(indices: [1, 4, 5], count: 6))
    let chain = second.composed(after: mask.composed(after: blur))
    #expect(chain.outputEntries == OutputEntries(indices: [5, 1], count: 6))
    #expect(second.composed(after: mask).selectedEntries == [5, 1])
    #expect(blur.composed(after: blur).outputEntries == OutputEntries(indices: Array(0..<6), count: 6))
  }

  @Test("an operator without a matrix is refused beyond the limit, with the method and what to do")
  func largeOperatorsAreRefused() throws {
    #expect(try RingBlur(count: 30).materialised(for: "the test", limit: 30).entryCount == 90)
    let error = try #require(throws: MeasurementError.self) {
      try RingBlur(count: 31).materialised(for: "Kriging", limit: 30)
    }
    guard case .operatorNotSupported("Kriging", .matrixFree, _, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect("\(error)".contains("31×31") && "\(error)".contains("at most 30"))
  }

  @Test("interpolation reproduces each channel's own smooth field")
  func interpolatesChannelsApart() throws {
    let domain = RegularSphere(step: 5)
    let operation = try GridInterpolation(from: domain, to: Self.places, channelCount: 2)
    let values = (0..<domain.vertexCount).flatMap { vertex in
      let latitude = Float(domain.point(vertex).latitude)
      return [latitude, 100 - 2 * latitude]
    }
    let measured = operation.apply(Tensor(values, shape: [1, values.count])).scalars
    for (i, place) in Self.places.enumerated() {
      #expect(abs(measured[2 * i] - Float(place.latitude)) < 1e-4)
      #expect(abs(measured[2 * i + 1] - (100 - 2 * Float(place.latitude))) < 1e-4)
    }
  }
}
