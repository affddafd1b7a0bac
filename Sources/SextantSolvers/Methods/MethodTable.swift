// The table of the built-in methods, in the order of help texts. Each is declared next to its solver.

import SextantPriors

extension [Method] {
  /// The built-in methods.
  public static let standard: [Method] = [
    .climatology, .nearest, .inverseDistance, .harmonic, .kriging, .sparseMatern, .dineof, .eof, .twoScale, .mixture, .patches,
    .timeLinear, .timeClimatology, .timeDINEOF, .timeDINEOFFiltered, .flow, .dps, .ambientDPS, .mcg, .pigdm, .mmps, .ddnm, .redDiff, .noise2score, .scorePrior,
  ]

  /// The method with this name; nil if there is none.
  public func named(_ name: String) -> Method? { first { $0.name == name } }

  /// The methods in their order, without repetitions of a name.
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
