// A mesh has no north and no frame: turned, shifted, scaled, renumbered, and with its triangles turned over, it has the same answer,
// for every method without networks.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized) struct MeshInvarianceLaws {
  /// What is done to a mesh.
  enum Change: String, CaseIterable {
    case turned, shifted, scaled, renumbered, turnedOver

    /// The number of each vertex of the changed mesh in the mesh as it was.
    func order(_ count: Int) -> [Int] {
      guard self == .renumbered else { return Array(0..<count) }
      var random = RandomStream(seed: 3)
      return (0..<count).map { ($0, random.uniform()) }.sorted { $0.1 < $1.1 }.map(\.0)
    }

    func apply(to mesh: TriangleMesh) -> TriangleMesh {
      let order = order(mesh.positions.count)
      var numbers = [Int32](repeating: 0, count: order.count)
      for (new, old) in order.enumerated() { numbers[old] = Int32(new) }
      let (c, s) = (cos(0.9), sin(0.9))
      let positions = order.map { vertex -> SIMD3<Double> in
        let p = mesh.positions[vertex]
        switch self {
        // About the first axis, then a quarter about the second.
        case .turned: return SIMD3(s * p.y + c * p.z, c * p.y - s * p.z, -p.x)
        case .shifted: return p + SIMD3(5, -3, 11)
        case .scaled: return p * 1000
        case .renumbered, .turnedOver: return p
        }
      }
      let triangles = mesh.triangles.map { t -> SIMD3<Int32> in
        let corners = SIMD3(numbers[Int(t.x)], numbers[Int(t.y)], numbers[Int(t.z)])
        return self == .turnedOver ? SIMD3(corners.x, corners.z, corners.y) : corners
      }
      return TriangleMesh(positions: positions, triangles: self == .renumbered ? triangles.reversed() : triangles)
    }
  }

  /// The fields of an archive.
  private static let fieldCount = 24

  /// An ellipsoid whose vertices have no two distances alike.
  private static func mesh() throws -> TriangleMesh {
    let sphere = try SphereMesh.icosphere(subdivisions: 2)
    var random = RandomStream(seed: 1)
    return TriangleMesh(
      positions: sphere.nodePositions.map { p in
        p * SIMD3(1.5, 1, 0.8) + 0.03 * SIMD3(random.normal(), random.normal(), random.normal())
      }, triangles: sphere.triangles)
  }

  /// Large on the caps about one axis, as a signal of latitude is, with waves that differ from field to field.
  private static func signal(_ p: SIMD3<Double>, field: Int) -> Double {
    let phase = Double(field)
    return p.z * p.z + 0.4 * sin(3 * p.x + phase) * cos(2 * p.y - 0.7 * phase) + 0.2 * cos(4 * p.z + 1.3 * phase)
  }

  /// The answer of a method on a mesh, whose vertices are `order` of the mesh as it was.
  private static func answer(
    _ method: Method, on mesh: TriangleMesh, order: [Int]
  ) throws -> Posterior {
    let original = try Self.mesh()
    let domain = try SurfaceMesh(mesh)
    let space = try FieldSpace(domain: domain)
    var model = try Model(space)
    if method.learnsFromArchive {
      let values = (0..<fieldCount).flatMap { field in
        order.map { Float(signal(original.positions[$0], field: field + 1)) }
      }
      let archive = SignalSet(
        domain: domain, variables: space.variables, values: Tensor(values, shape: [fieldCount, order.count, 1]),
        isValid: [Bool](repeating: true, count: values.count),
        labels: [FieldLabel](repeating: FieldLabel(), count: fieldCount))
      let kind: GaussianPriorKind = method == .mixture ? .mixture : method == .twoScale ? .twoScale : .modes
      let prior = try GaussianPrior.train(
        GaussianPriorConfiguration(kind: kind, modeCount: 8), on: archive, indices: Array(0..<fieldCount),
        random: RandomStream(seed: 2))
      model = try model.with(
        gaussian: LearnedGaussian(
          prior, membership: method == .mixture ? (0..<fieldCount).map { $0 / (fieldCount / 2) } : nil))
    }
    // What is observed, and its noise, follow the vertices.
    var random = RandomStream(seed: 5)
    let drawn = order.indices.map { _ in (isObserved: random.uniform() < 0.4, error: 0.02 * random.normal()) }
    let observed = order.indices.filter { drawn[order[$0]].isObserved }
    let measurement = FieldMeasurement(
      values: observed.map { Float(signal(original.positions[order[$0]], field: 0) + drawn[order[$0]].error) },
      noise: [Float](repeating: 0.02, count: observed.count),
      operation: SelectionOperator(inputCount: order.count, indices: observed))
    return try method.solver(for: model).posterior(given: measurement, samples: 0, using: &random)
  }

  private static let methods: [Method] = [
    .climatology, .nearest, .inverseDistance, .harmonic, .kriging, .sparseMatern, .dineof, .eof, .twoScale, .mixture,
  ]

  @Test(arguments: methods) func aChangedMeshHasTheSameAnswer(method: Method) throws {
    let mesh = try Self.mesh()
    let plain = try Self.answer(method, on: mesh, order: Array(mesh.positions.indices))
    for change in Change.allCases {
      let order = change.order(mesh.positions.count)
      let other = try Self.answer(method, on: change.apply(to: mesh), order: order)
      let error = order.indices.map { abs(other.mean[$0] - plain.mean[order[$0]]) }.max() ?? 0
      #expect(error < 1e-3, "\(method), \(change): the mean moves by \(error)")
      guard let spread = other.spread, let before = plain.spread else {
        #expect((other.spread == nil) == (plain.spread == nil))
        continue
      }
      // Where the spread comes from samples, these follow the numbers of the vertices.
      let isExact = method != .sparseMatern || method.traits.hasGaussianPosterior || change != .renumbered
      let ratios = order.indices.map { spread[$0] / before[order[$0]] }
      let mean = ratios.reduce(0, +) / Float(ratios.count)
      #expect(abs(mean - 1) < (isExact ? 1e-3 : 0.03), "\(method), \(change): the spread changes by \(mean)")
      if isExact {
        #expect(ratios.allSatisfy { abs($0 - 1) < 5e-3 }, "\(method), \(change): \(ratios.max() ?? 0)")
      }
    }
  }

  /// The same observations on a finer mesh of the same surface have the same answer and spread, because ranges and
  /// deviations are physical.
  @Test(arguments: [Method.kriging, .sparseMatern]) func aFinerMeshHasTheSameAnswer(method: Method) throws {
    let meshes = try [3, 4].map { try SphereMesh.icosphere(subdivisions: $0) }
    let shared = meshes[0].nodePositions
    let other = meshes[1].nodePositions
    #expect(shared.indices.allSatisfy { vertex in
      let difference = shared[vertex] - other[vertex]
      return (difference * difference).sum() < 1e-20
    })
    var random = RandomStream(seed: 2)
    let observed = shared.indices.filter { _ in random.uniform() < 0.4 }
    let values = observed.map { Float(shared[$0].x * shared[$0].y + 0.3 * shared[$0].z + 0.05 * random.normal()) }
    let answers = try meshes.map { mesh -> Posterior in
      var random = RandomStream(seed: 3)
      return try method.solver(for: Model(FieldSpace(domain: mesh))).posterior(
        given: FieldMeasurement(
          values: values, noise: [Float](repeating: 0.05, count: values.count),
          operation: SelectionOperator(inputCount: mesh.vertexCount, indices: observed)), samples: 0, using: &random)
    }
    func mean(_ answer: Posterior) throws -> Float {
      try #require(answer.spread)[..<shared.count].reduce(0, +) / Float(shared.count)
    }
    let ratio = try mean(answers[1]) / mean(answers[0])
    #expect((0.95...1.05).contains(ratio), "\(method): \(ratio)")
    let difference = shared.indices.map { abs(answers[0].mean[$0] - answers[1].mean[$0]) }.max() ?? 0
    #expect(difference < 0.05, "\(method): \(difference), the noise is 0.05")
  }

  /// Kriging names the smoothness that it chose: rough fields ½, smooth ones more.
  @Test(arguments: [false, true]) func krigingChoosesTheSmoothness(isSmooth: Bool) throws {
    let domain = try SphereMesh.icosphere(subdivisions: 3)
    let world: OwnWorldCoverage.World = isSmooth ? .smooth : .exponential
    let n = domain.nodeCount
    var random = RandomStream(seed: 8)
    let field = try world.fields(world.model(on: domain), count: 1)[0]
    let observed = (0..<n).filter { _ in random.uniform() < 0.6 }
    let measurement = FieldMeasurement(
      values: observed.map { Float(field[$0] + 0.05 * random.normal()) },
      noise: [Float](repeating: 0.05, count: observed.count),
      operation: SelectionOperator(inputCount: n, indices: observed))
    let posterior = try KrigingSolver(domain: domain, channelCount: 1).posterior(
      given: measurement, samples: 0, using: &random)
    let smoothness = try #require(posterior.diagnostics["field.smoothness"])
    #expect(isSmooth ? smoothness >= 1.5 : smoothness == 0.5)
  }
}
