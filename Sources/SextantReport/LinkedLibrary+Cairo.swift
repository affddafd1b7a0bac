// The version of the library that draws.

import CCairo
import SextantArrays

extension LinkedLibrary {
  /// Pictures.
  public static var cairo: LinkedLibrary {
    LinkedLibrary(name: "Cairo", version: String(cString: cairo_version_string()))
  }
}
