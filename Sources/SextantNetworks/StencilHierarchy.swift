// The same vertices at several resolutions, as tables: everything that a U-Net needs to know about a domain. Other code
// builds the tables: for a line, the code here; for grids on the sphere, SextantDiffusion.

import SextantAutodiff

/// Levels of decreasing numbers of vertices, with the neighbourhoods in each level and the steps between levels.
public struct StencilHierarchy: Sendable, Equatable {
  /// One resolution.
  public struct Level: Sendable, Equatable {
    /// The neighbourhood of each vertex (V_l → V_l).
    public var stencil: Stencil
    /// The step to the next, coarser level (V_l → V_l+1); nil at the last.
    public var down: Stencil?
    /// For each vertex of this level, the vertex of the next level that covers it; nil at the last.
    public var up: [Int32]?

    public init(stencil: Stencil, down: Stencil? = nil, up: [Int32]? = nil) {
      self.stencil = stencil
      self.down = down
      self.up = up
    }
  }

  /// The levels, finest first.
  public let levels: [Level]

  /// - Parameter levels: finest first; each but the last must have `down` and `up`.
  public init(levels: [Level]) {
    precondition(!levels.isEmpty, "A hierarchy without levels")
    for (fine, coarse) in zip(levels, levels.dropFirst()) {
      precondition(
        fine.down?.outputCount == coarse.stencil.inputCount && fine.up?.count == fine.stencil.inputCount,
        "The levels of a hierarchy do not fit together")
    }
    self.levels = levels
  }

  /// V, the number of vertices of the finest level.
  public var vertexCount: Int { levels[0].stencil.inputCount }

  /// Vertices in a row, halved from level to level. Mammadov, Chung and Ye (2024) treat every signal in this way,
  /// whatever its vertices are.
  public static func line(count: Int, levelCount: Int) -> StencilHierarchy {
    var levels: [Level] = []
    var count = count
    for level in 0..<levelCount {
      let stencil = Stencil.line(count: count, offsets: -1...1)
      guard level < levelCount - 1, count > 1 else {
        levels.append(Level(stencil: stencil))
        break
      }
      levels.append(
        Level(
          stencil: stencil, down: .line(count: count, offsets: -1...1, stride: 2),
          up: (0..<count).map { Int32($0 / 2) }))
      count = (count + 1) / 2
    }
    return StencilHierarchy(levels: levels)
  }
}
