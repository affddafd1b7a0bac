// The domain on which a model's fields are solved: its own, or any image's for a method that knows images of any size.

import SextantGeometry
import SextantSolvers

extension Model {
  /// The domain of the fields that a method solves; nil where any image is one.
  func domain(for method: Method) -> (any Domain)? {
    method.traits.answersAnySize && space.domain.isImage ? nil : space.domain
  }

  /// The model on another image, for a method that knows images of any size; else the model itself. Throws `FieldSpaceError`.
  func placed(on domain: any Domain, for method: Method) throws -> Model {
    guard self.domain(for: method) == nil, domain.isImage, domain.fingerprint != space.domain.fingerprint else {
      return self
    }
    return try movingPatches(to: domain)
  }
}
