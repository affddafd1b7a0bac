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

/// The model of a sparse field and its estimation.
public struct SparseFieldConfiguration: Sendable, Equatable, Codable {
  /// The mesh of the posterior.
  public var finish: SparseFieldFinish
  /// κ² per squared unit, much less than 1, so that the field has no preferred level and no smallest scale.
  public var kappaSquared: Double
  /// The weakening of couplings across coasts: a conductance is divided by 1 + barrier · |change of the land fraction
  /// per unit|.
  public var barrier: Double
  /// The standard deviation of the window in which the roughness is estimated, in units.
  public var narrowWindow: Double
  /// The standard deviation of the wider window, which is used where the narrow window has too little data, in units.
  public var wideWindow: Double
  /// The number of degrees of freedom for which the wide window's estimate counts in the narrow window.
  public var narrowPriorCount: Double
  /// The number of degrees of freedom for which the class's estimate counts in the wide window, and the whole field's
  /// in the class.
  public var widePriorCount: Double
  /// The largest factor by which the roughness at a node may change in one iteration.
  public var largestChange: Double
  /// The number of posterior samples that represent the posterior covariance in an iteration.
  public var drawsPerIteration: Int
  /// The number of iterations on the coarsest mesh.
  public var coarsestIterations: Int
  /// The number of iterations on each finer mesh of at most ``refinementNodeLimit`` nodes.
  public var refiningIterations: Int
  /// Coarser meshes are added as long as the coarsest has more nodes than this.
  public var coarsestNodeLimit: Int
  /// Meshes with more nodes use the roughness of the next coarser mesh without iterating.
  public var refinementNodeLimit: Int
  /// The smallest number of samples for the standard deviation; 128 samples give it to within 6 %.
  public var spreadDraws: Int

  public init(
    finish: SparseFieldFinish = .fine, kappaSquared: Double = 1e-4, barrier: Double = 12, narrowWindow: Double = 7,
    wideWindow: Double = 30, narrowPriorCount: Double = 8, widePriorCount: Double = 1, largestChange: Double = 6,
    drawsPerIteration: Int = 16,
    coarsestIterations: Int = 8, refiningIterations: Int = 2, coarsestNodeLimit: Int = 100_000,
    refinementNodeLimit: Int = 400_000, spreadDraws: Int = 128
  ) {
    self.finish = finish
    self.kappaSquared = kappaSquared
    self.barrier = barrier
    self.narrowWindow = narrowWindow
    self.wideWindow = wideWindow
    self.narrowPriorCount = narrowPriorCount
    self.widePriorCount = widePriorCount
    self.largestChange = largestChange
    self.drawsPerIteration = drawsPerIteration
    self.coarsestIterations = coarsestIterations
    self.refiningIterations = refiningIterations
    self.coarsestNodeLimit = coarsestNodeLimit
    self.refinementNodeLimit = refinementNodeLimit
    self.spreadDraws = spreadDraws
  }
}
