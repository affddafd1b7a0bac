// The table of the methods that ship, in the order of help texts. Each is declared beside its solver.

import SextantPriors

extension [Method] {
  /// The methods that ship.
  public static let standard: [Method] = [
    .climatology, .nearest, .inverseDistance, .harmonic, .kriging, .sparseMatern, .dineof, .eof, .twoScale, .mixture,
    .flow, .dps, .mcg, .pigdm, .ddnm, .redDiff, .noise2score, .scorePrior,
  ]

  /// The method of a name; nil if there is none.
  public func named(_ name: String) -> Method? { first { $0.name == name } }

  /// The methods without those that repeat an earlier name, in their order.
  public var withoutRepetitions: [Method] {
    var seen: Set<String> = []
    return filter { seen.insert($0.name).inserted }
  }
}

extension GaussianPriorKind {
  /// The method that conditions a prior of this kind.
  public var method: Method {
    switch self {
    case .modes: .eof
    case .twoScale: .twoScale
    case .mixture: .mixture
    case .trend: .kriging
    }
  }
}
