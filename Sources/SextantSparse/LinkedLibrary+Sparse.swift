// The libraries with which sparse factorisations are linked.

import CEigenSparse
import CMETIS
import SextantArrays

extension LinkedLibrary {
  /// Orderings by nested dissection.
  public static let metis = LinkedLibrary(
    name: "METIS", version: "\(METIS_VER_MAJOR).\(METIS_VER_MINOR).\(METIS_VER_SUBMINOR)")

  /// Orderings by minimum degree; header-only, so its version is that of the build.
  public static var eigen: LinkedLibrary {
    var parts: [Int32] = [0, 0, 0]
    sextant_eigen_version(&parts)
    return LinkedLibrary(name: "Eigen", version: parts.map(String.init).joined(separator: "."))
  }

  /// All libraries behind sparse factorisations in this build.
  public static var sparseFactorisation: [LinkedLibrary] {
    #if SupernodalCHOLMOD
      [.eigen, .metis, .cholmod]
    #else
      [.eigen, .metis]
    #endif
  }
}
