// The settings of the sparse field prior. Lengths are in units of the finest grid's spacing and variances follow from
// the data, so the same numbers serve any grid and any units. docs/sparse-field.md explains their choice.

/// The mesh on which the posterior of a sparse field is computed.
public enum SparseFieldFinish: String, Sendable, Codable, CaseIterable {
  /// The domain's own nodes, which give the most faithful samples.
  case fine
  /// Every second row and column, with independent variance between them: a quarter of the memory and a third of the
  /// time.
  case coarse
}

/// The smoothness ν of a sparse field in the plane: that of a Matérn covariance of the same order.
package enum SparseFieldSmoothness: Int, Sendable, Codable, CaseIterable, Hashable {
  case one = 1
  case two = 2
}

/// The model of a sparse field and its estimation.
public struct SparseFieldConfiguration: Sendable, Equatable, Codable {
  /// The mesh of the posterior.
  public var finish = SparseFieldFinish.fine
  /// κ² per squared unit, much less than 1, so that the field has no preferred level and no smallest scale.
  public var kappaSquared = 1e-4
  /// The smoothness; nil to choose it by the likelihood of the observations, where the range is fitted as well.
  package var smoothness: SparseFieldSmoothness?
  /// By how much the logarithm of the likelihood of a smoothness of 2 must be larger on a latitude–longitude grid, for each observed
  /// value. A field that varies differently from place to place, as over coasts, looks a little smoother than it is, and a field that
  /// is too smooth continues slopes into gaps.
  package var smoothnessEvidence = 0.05
  /// The weakening of couplings across coasts: a conductance is divided by 1 + barrier · |change of the land fraction
  /// per unit|.
  public var barrier = 12.0
  /// The standard deviation of the window in which the roughness is estimated, in units.
  public var narrowWindow = 7.0
  /// The standard deviation of the wider window, which is used where the narrow window has too little data, in units.
  public var wideWindow = 30.0
  /// The number of degrees of freedom for which the wide window's estimate counts in the narrow window.
  public var narrowPriorCount = 8.0
  /// The number of degrees of freedom for which the class's estimate counts in the wide window, and the whole field's
  /// in the class.
  public var widePriorCount = 1.0
  /// The number of degrees of freedom for which the stationary field of the largest likelihood counts in the estimate for
  /// the whole field, and, where the range is fitted, in windows.
  public var stationaryCount = 8.0
  /// Latitude–longitude grids of at most so many cells have their range fitted, which takes up to a hundred factorisations.
  public var fittedGridLimit = 5000
  /// The number of iterations where the range is fitted, which start from the stationary field.
  public var fittedIterations = 3
  /// The largest factor by which the roughness at a node may change in one iteration.
  public var largestChange = 6.0
  /// The number of posterior samples that represent the posterior covariance in an iteration.
  public var drawsPerIteration = 16
  /// The number of iterations on the coarsest mesh.
  public var coarsestIterations = 8
  /// The number of iterations on each finer mesh of at most ``refinementNodeLimit`` nodes.
  public var refiningIterations = 2
  /// Coarser meshes are added as long as the coarsest has more nodes than this.
  public var coarsestNodeLimit = 100_000
  /// Meshes with more nodes use the roughness of the next coarser mesh without iterating.
  public var refinementNodeLimit = 400_000
  /// The most memory, in bytes, for the entries of the inverse precision that give the exact standard deviation: as much as for the
  /// factor, which takes 2.8 GB for a million nodes. Where they would take more, samples give the standard deviation.
  public var inverseByteLimit = 16 << 30
  /// The smallest number of samples for the standard deviation where it is not exact; 128 samples give it to within 6 %.
  public var spreadDraws = 128

  /// The default settings with this mesh and this smallest number of samples.
  public init(finish: SparseFieldFinish = .fine, spreadDraws: Int = 128) {
    self.finish = finish
    self.spreadDraws = spreadDraws
  }
}
