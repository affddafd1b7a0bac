// What can be wrong about the measurements of a flow, asked as soon as the archive's domain is known, before the long work of
// learning its prior. Not here: what the settings contradict by themselves (FlowSettings).

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

extension FlowTraining {
  /// Draws what is measured in the pairs once, of a field without gaps.
  ///
  /// - Parameter source: the archive.
  /// - Throws: `MeasurementError.operatorNotSupported` for an operator that is given by its action, ``RunError/invalid(_:)`` for one
  ///   that is no mask where the flow learns from measured values, and what drawing throws, such as for a file that is missing.
  package func checkDesigns(on source: any SignalSource) throws {
    let domain = try prior.archive.signalDomain(of: source, formats: prior.formats)
    let context = try MeasurementContext(
      domain: domain, isValid: [Bool](repeating: true, count: domain.vertexCount * source.variables.count),
      inputs: MeasurementInputs(on: domain, landShare: try prior.landShare(on: domain), formats: prior.formats))
    for design in settings.masks {
      var random = RandomStream(seed: 0)
      let operation = try design.draw(in: context, using: &random)
      if learnsFromMeasuredPairs, operation.selectedEntries == nil { throw TrainingPairs.refusal(of: design) }
      try operation.checkForFlow()
    }
  }

  /// Whether the pairs are made of measured values, and not of fields that are known or completed.
  private var learnsFromMeasuredPairs: Bool {
    guard prior.archive.measured != nil else { return false }
    return rounds.map { $0.start == .recorrupted } ?? true
  }
}
