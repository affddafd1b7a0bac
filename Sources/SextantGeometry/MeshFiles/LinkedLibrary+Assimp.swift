// The version of Assimp.

import CAssimp
import SextantArrays

extension LinkedLibrary {
  /// The reader of mesh files.
  public static var assimp: LinkedLibrary {
    LinkedLibrary(
      name: "Assimp", version: "\(aiGetVersionMajor()).\(aiGetVersionMinor()).\(aiGetVersionPatch())")
  }
}
