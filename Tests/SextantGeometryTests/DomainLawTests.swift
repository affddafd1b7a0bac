// Laws that every domain keeps, whatever its kind.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

/// The area of the unit sphere.
let sphereArea = 4 * Double.pi

@Suite struct DomainLaws {
  @Test(arguments: try DomainZoo.all())
  func nodesAreNumberedByFirstAppearance(_ named: NamedDomain) {
    let domain = named.domain
    var highest: Int32 = -1
    for node in domain.nodeOfVertex {
      #expect(node <= highest + 1)
      highest = max(highest, node)
    }
    #expect(Int(highest) + 1 == domain.nodeCount)
    #expect(domain.nodeOfVertex.count == domain.vertexCount)
    #expect(domain.nodePositions.count == domain.nodeCount)
    #expect(domain.areaWeights.count == domain.vertexCount)
  }

  @Test(arguments: try DomainZoo.all())
  func areasArePositive(_ named: NamedDomain) {
    #expect(named.domain.areaWeights.allSatisfy { $0 > 0 })
  }

  @Test(arguments: try DomainZoo.geographic())
  func areasFitOnTheSphere(_ named: NamedDomain) {
    #expect(named.domain.areaWeights.reduce(0, +) <= sphereArea * (1 + 1e-12))
  }

  @Test(arguments: try DomainZoo.globalGrids() + DomainZoo.meshes() + DomainZoo.globalCells())
  func areasOfGlobalDomainsSumToTheSphere(_ named: NamedDomain) {
    let total = named.domain.areaWeights.reduce(0, +)
    #expect(abs(total - sphereArea) < 1e-11)
  }

  @Test(arguments: try DomainZoo.all())
  func stiffnessIsASymmetricPositiveSemidefiniteLaplacian(_ named: NamedDomain) {
    let stiffness = named.domain.stiffness
    let size = named.domain.nodeCount
    #expect(stiffness.rowCount == size && stiffness.columnCount == size)
    #expect(stiffness.transposed() == stiffness)
    let scale = stiffness.diagonal.max() ?? 1
    let sums = stiffness.times([Double](repeating: 1, count: size))
    #expect(sums.allSatisfy { abs($0) <= 1e-12 * scale })
    var random = RandomStream(seed: 3)
    for _ in 0..<5 {
      let x = (0..<size).map { _ in random.normal() }
      let energy = zip(x, stiffness.times(x)).reduce(0.0) { $0 + $1.0 * $1.1 }
      #expect(energy >= -1e-12 * scale)
    }
  }

  @Test(arguments: try DomainZoo.geographic())
  func interpolationIsExactAtVertices(_ named: NamedDomain) throws {
    let domain = named.domain
    let geography = try #require(domain.geography)
    let matrix = try geography.interpolation(to: geography.points)
    // A value for each node, so that coincident vertices agree.
    let values = domain.nodeOfVertex.map { cos(Double($0)) }
    #expect(zip(matrix.times(values), values).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  @Test(arguments: try DomainZoo.geographic())
  func interpolationWeightsSumToOne(_ named: NamedDomain) throws {
    let domain = named.domain
    let places = Self.placesInside(domain)
    let matrix = try #require(domain.geography).interpolation(to: places)
    #expect(matrix.rowCount == places.count && matrix.columnCount == domain.vertexCount)
    let sums = matrix.times([Double](repeating: 1, count: domain.vertexCount))
    #expect(sums.allSatisfy { abs($0 - 1) < 1e-12 })
    #expect(matrix.values.allSatisfy { $0 >= 0 })
    for row in 0..<matrix.rowCount {
      let columns = matrix.columns[matrix.rowStarts[row]..<matrix.rowStarts[row + 1]]
      #expect(zip(columns.dropFirst(), columns).allSatisfy { $0 > $1 })
    }
  }

  @Test func fingerprintsTellDomainsApart() throws {
    let all = try DomainZoo.all()
    #expect(Set(all.map(\.domain.fingerprint)).count == all.count)
    #expect(all.allSatisfy { $0.domain.fingerprint.count == 32 })
  }

  /// Places between neighbouring vertices.
  static func placesInside(_ domain: any Domain) -> [GeographicPoint] {
    let stiffness = domain.stiffness
    let positions = domain.nodePositions
    return (0..<domain.nodeCount).compactMap { node in
      let columns = stiffness.columns[stiffness.rowStarts[node]..<stiffness.rowStarts[node + 1]]
      guard let other = columns.first(where: { Int($0) > node }) else { return nil }
      let direction = 0.7 * positions[node] + 0.3 * positions[Int(other)]
      return direction.length > 1e-6 ? GeographicPoint(direction) : nil
    }
  }
}
