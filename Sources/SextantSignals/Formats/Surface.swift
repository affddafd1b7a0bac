// Stands in for Domain.surface until the branch geometry brings it.

import SextantGeometry

extension Domain {
  var surface: TriangleMesh? { (self as? SurfaceMesh)?.mesh }
}
