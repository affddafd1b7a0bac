// The libraries that sparse factorisations are linked with.

import CEigenSparse
import CMETIS
import SextantArrays

extension LinkedLibrary {
  /// Orders of nested dissection.
  public static let metis = LinkedLibrary(
    name: "METIS", version: "\(METIS_VER_MAJOR).\(METIS_VER_MINOR).\(METIS_VER_SUBMINOR)")

  /// Orders of minimum degree, compiled in.
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
