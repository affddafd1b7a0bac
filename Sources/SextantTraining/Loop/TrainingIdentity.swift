// What tells one training from another. A checkpoint of any other training is not resumed.

import SextantGeometry
import SextantModels
import SextantNetworks
import SextantSolvers

extension CheckpointMetadata {
  /// The identity of a training of `kind` with these settings, for this model.
  package init(kind: String, settings: some Encodable, model: Model) throws {
    self.init(
      kind: kind,
      configuration: try TrainingIdentity(settings: settings, model: ModelDescription(model)).canonicalText(),
      domainFingerprint: model.space.domain.fingerprint)
  }
}

private struct TrainingIdentity<Settings: Encodable>: Encodable {
  var settings: Settings
  var model: ModelDescription
}
