// Laws of every linear operator, run over all members of the family.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import Testing

@Suite("Laws of linear operators")
struct LinearOperatorLaws {
  static let places = [
    GeographicPoint(latitude: 12.5, longitude: 359), GeographicPoint(latitude: -90, longitude: 10),
    GeographicPoint(latitude: 47.25, longitude: -33), GeographicPoint(latitude: 0, longitude: 0),
  ]

  static func members() throws -> [(name: String, operation: any LinearOperator)] {
    let domain = RegularSphere(step: 30)
    let selection = SelectionOperator(inputCount: 84, indices: [3, 80, 3, 0, 41])
    let sparse = SparseOperator(
      SparseMatrix(rowCount: 3, columnCount: 5, entries: [(0, 4, 2), (0, 1, -1), (2, 0, 0.5), (2, 2, 3)]))
    let interpolation = try GridInterpolation(from: domain, to: places, channelCount: 1)
    let twoChannels = try GridInterpolation(from: domain, to: places, channelCount: 2)
    let picked = SelectionOperator(inputCount: 8, indices: [7, 0, 2])
    return [
      ("selection", selection),
      ("selection of nothing", SelectionOperator(observed: [Bool](repeating: false, count: 4))),
      ("sparse", sparse), ("interpolation", interpolation), ("interpolation of two channels", twoChannels),
      ("selection after interpolation", ComposedOperator(picked, after: twoChannels)),
      (
        "three in a row",
        ComposedOperator(
          SelectionOperator(inputCount: 3, indices: [2, 1]), after: ComposedOperator(picked, after: twoChannels))
      ),
    ]
  }

  /// A·x by the entries of the operator's matrix.
  static func product(_ matrix: SparseMatrix, _ rows: Tensor<Float>) -> [Double] {
    let scalars = rows.scalars.map(Double.init)
    return (0..<rows.rowCount).flatMap { b in
      matrix.times(Array(scalars[b * matrix.columnCount..<(b + 1) * matrix.columnCount]))
    }
  }

  @Test("⟨Ax, y⟩ = ⟨x, Aᵀy⟩", arguments: 0..<7)
  func isAdjoint(member: Int) throws {
    let (name, operation) = try Self.members()[member]
    var random = RandomStream(seed: 5)
    let x: Tensor<Float> = random.normals([3, operation.inputCount])
    let y: Tensor<Float> = random.normals([3, operation.outputCount])
    let difference = operation.apply(x).dot(y) - x.dot(operation.applyAdjoint(y))
    #expect(abs(difference) < 1e-4, "\(name)")
  }

  @Test("the matrix says what apply and applyAdjoint do", arguments: 0..<7)
  func matchesItsMatrix(member: Int) throws {
    let (name, operation) = try Self.members()[member]
    var random = RandomStream(seed: 6)
    let matrix = operation.matrix
    #expect(matrix.rowCount == operation.outputCount && matrix.columnCount == operation.inputCount, "\(name)")
    let x: Tensor<Float> = random.normals([2, operation.inputCount])
    let y: Tensor<Float> = random.normals([2, operation.outputCount])
    for (direct, viaMatrix) in [
      (operation.apply(x), Self.product(matrix, x)),
      (operation.applyAdjoint(y), Self.product(matrix.transposed(), y)),
    ] {
      #expect(zip(direct.scalars, viaMatrix).allSatisfy { abs(Double($0) - $1) < 1e-5 }, "\(name)")
    }
  }

  @Test("a batch of rows is the rows one by one", arguments: 0..<7)
  func treatsRowsApart(member: Int) throws {
    let (name, operation) = try Self.members()[member]
    var random = RandomStream(seed: 7)
    let x: Tensor<Float> = random.normals([4, operation.inputCount])
    let together = operation.apply(x)
    for row in 0..<4 {
      #expect(operation.apply(x.rows(row..<row + 1)).scalars == together.row(row).scalars, "\(name)")
    }
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
