// The settings of the sparse field prior. Lengths are in units of the finest grid's spacing and variances follow from the
// data, so that one set of numbers serves any grid and any unit. Why these numbers: docs/sparse-field.md.

/// On which mesh the posterior of a sparse field is computed.
public enum SparseFieldFinish: String, Sendable, Codable, CaseIterable {
  /// The domain's own nodes: the most faithful samples.
  case fine
  /// Every second row and column, and independent variance between them: a quarter of the memory and a third of the time.
  case coarse
}

/// How a sparse field is modelled and estimated.
public struct SparseFieldConfiguration: Sendable, Equatable, Codable {
  /// The mesh of the posterior.
  public var finish: SparseFieldFinish
  /// κ², per squared unit: far below 1, so that the field has no preferred level and no shortest scale.
  public var kappaSquared: Double
  /// How much a coast weakens couplings: a conductance is divided by 1 + barrier · |change of the land's share per unit|.
  public var barrier: Double
  /// The standard deviation of the window in which the roughness is estimated, in units.
  public var narrowWindow: Double
  /// The standard deviation of the window that the narrow one falls back on where it holds too little, in units.
  public var wideWindow: Double
  /// How many degrees of freedom the wide window's estimate counts for in the narrow one.
  public var narrowPriorCount: Double
  /// How many degrees of freedom its class's estimate counts for in the wide window, and the whole field's in the class.
  public var widePriorCount: Double
  /// The largest factor by which the roughness of a place may change in one iteration.
  public var largestChange: Double
  /// How many posterior draws stand for the posterior covariance in an iteration.
  public var drawsPerIteration: Int
  /// The number of iterations on the coarsest mesh.
  public var coarsestIterations: Int
  /// The number of iterations on each finer mesh of at most ``refinementNodeLimit`` nodes.
  public var refiningIterations: Int
  /// Coarser meshes are added while the coarsest has more nodes than this.
  public var coarsestNodeLimit: Int
  /// Meshes with more nodes take the roughness of the next coarser one as it is.
  public var refinementNodeLimit: Int
  /// How many draws the spread is made of, at least: 128 give each standard deviation to 6 %.
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
