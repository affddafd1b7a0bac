// The version of Cairo.

import CCairo
import SextantArrays

extension LinkedLibrary {
  /// The drawing library.
  public static var cairo: LinkedLibrary {
    LinkedLibrary(name: "Cairo", version: String(cString: cairo_version_string()))
  }
}
