// The version of the mesh reader.

import CAssimp
import SextantArrays

extension LinkedLibrary {
  /// Readers of mesh files.
  public static var assimp: LinkedLibrary {
    LinkedLibrary(
      name: "Assimp", version: "\(aiGetVersionMajor()).\(aiGetVersionMinor()).\(aiGetVersionPatch())")
  }
}
