// A basis of smooth modes for a domain, with the eigenvalue of −Laplace–Beltrami of each: spherical harmonics
// where the domain covers the whole sphere, else the lowest eigenvectors of its own Laplacian.

import Foundation
import SextantArrays

/// Modes of a domain, from the smoothest on.
public struct SpectralBasis: Sendable {
  /// Where the modes come from.
  public enum Kind: Sendable, Equatable {
    /// Real spherical harmonics up to a degree.
    case sphericalHarmonics(degree: Int)
    /// Eigenvectors of the domain's stiffness under its node areas.
    case laplacianEigenvectors
  }

  /// Where these modes come from.
  public let kind: Kind
  /// The eigenvalue of each mode, rising from 0 (k).
  public let eigenvalues: [Double]
  /// The modes at the nodes: nodes × k.
  ///
  /// Columns are orthonormal under the node areas: eigenvectors to rounding, harmonics as far as the areas integrate
  /// products of harmonics exactly.
  public let modes: Tensor<Double>

  /// The number of modes k.
  public var count: Int { eigenvalues.count }

  /// At most `count` modes of a domain, at least 1.
  ///
  /// Harmonics come in whole degrees, as many as fit into `count`: a part of one would prefer directions. Throws
  /// ``LinearAlgebraError`` or ``SparseCholeskyError`` if the eigenvectors cannot be found.
  public init(of domain: any Domain, count: Int) throws {
    if domain.coversSphere {
      var degree = 0
      while (degree + 2) * (degree + 2) <= min(count, domain.nodeCount), degree < 1000 { degree += 1 }
      self.init(harmonicsOn: domain, degree: degree)
    } else {
      try self.init(eigenvectorsOf: domain, count: count)
    }
  }

  /// The spherical harmonics up to `degree` at the nodes of a domain on the sphere, be it global or not.
  public init(harmonicsOn domain: any Domain, degree: Int) {
    let harmonics = SphericalHarmonics(degree: degree)
    kind = .sphericalHarmonics(degree: degree)
    eigenvalues = harmonics.degrees.map { Double($0 * ($0 + 1)) }
    modes = harmonics.values(at: domain.nodePositions)
  }

  /// The lowest eigenvectors of the domain's Laplacian, at most one a node.
  ///
  /// Throws ``LinearAlgebraError`` or ``SparseCholeskyError``.
  public init(eigenvectorsOf domain: any Domain, count: Int) throws {
    let pairs = try LaplacianEigenpairs(
      stiffness: domain.stiffness, nodeAreas: domain.nodeAreas, count: max(1, min(count, domain.nodeCount)))
    kind = .laplacianEigenvectors
    eigenvalues = pairs.eigenvalues
    modes = pairs.vectors.transposed()
  }
}

extension Domain {
  /// Whether the domain is the whole unit sphere.
  public var coversSphere: Bool {
    abs(areaWeights.reduce(0, +) / (4 * .pi) - 1) < 0.01
      && nodePositions.allSatisfy { abs($0.squaredLength - 1) < 1e-6 }
  }
}
