// What the compared methods need and take, held against what the run learns and measures before the long work of learning. Not here: what
// the size of a learned prior decides, which is found when the methods are made (Comparison).

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPipelines
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantTraining

extension RunConfiguration {
  /// Throws `MethodError` where one of the methods needs a part of a model that this run does not learn. Of diffusion priors see
  /// ``checkDiffusion(for:)``.
  func checkParts(for methods: [Method]) throws {
    var learned: Model.Parts = [.gaussian, .diffusion]
    if prior.kind == .mixture { learned.insert(.mixture) }
    if patches != nil { learned.insert(.patches) }
    // A flow that lies beside a trained diffusion prior is opened with it.
    let hasFlowFile = FileManager.default.fileExists(atPath: output + "/" + LearnedFlow.fileName)
    if flow != nil || (hasFlowFile && asksTrainedDiffusion(methods)) { learned.insert(.flow) }
    let parts: [Model.Parts] = [.mixture, .flow, .patches]
    for method in methods {
      if let part = parts.first(where: { method.needs.contains($0) && !learned.contains($0) }) {
        throw MethodError.missingPart(part, model: name)
      }
    }
  }

  /// Draws each measurement that is no mask once, of a field without gaps, and holds its form against those that the methods take.
  ///
  /// - Parameters:
  ///   - methods: the methods that are compared.
  ///   - domain: the domain of the test fields.
  ///   - channelCount: the number of their variables.
  ///   - inputs: the land mask and the files of the measurements.
  /// - Throws: ``RunError/invalid(_:)`` that names the method and the measurement, `MeasurementError` beside a hidden mask, and what
  ///   drawing throws.
  func checkOperators(for methods: [Method], on domain: any Domain, channelCount: Int, inputs: MeasurementInputs) throws {
    let designs = evaluate.masks.filter { !$0.isMask }
    guard !designs.isEmpty else { return }
    let context = try MeasurementContext(
      domain: domain, isValid: [Bool](repeating: true, count: domain.vertexCount * channelCount), inputs: inputs)
    for design in designs {
      var random = RandomStream(seed: seed)
      let operation = try design.draw(in: context, using: &random)
      guard operation.selectedEntries == nil else { continue }
      let kind = operation.form.kind
      if evaluate.hidesMask { throw Comparison.refusalOfHiding(beside: kind) }
      if evaluate.fields.measured != nil { throw Comparison.refusalOfHoldingOut(by: design) }
      let accepting = methods.filter { $0.handles.contains(kind) }
      if let method = methods.first(where: { !$0.handles.contains(kind) }) {
        let others = accepting.isEmpty ? "" : " (\(accepting.map(\.name).joined(separator: ", ")) \(accepting.count == 1 ? "takes" : "take") it)"
        let forms = OperatorForm.Kind.allCases.filter { method.handles.contains($0) }.map { $0 == .selection ? "masks" : "\($0.rawValue) operators" }
        throw RunError.invalid(
          "'\(method.name)' cannot use the measurement '\(design)', a \(kind.rawValue) operator: expected \(forms.joined(separator: " or ")). Leave the method out\(others), or measure by masks alone (evaluate.masks, without evaluate.operator)."
        )
      }
      if let method = methods.first(where: { $0.needs.contains(.flow) }), try !flowTakesOperators(in: context) {
        throw RunError.invalid(
          "'\(method.name)' cannot use the measurement '\(design)', a \(kind.rawValue) operator: the run's flow is trained on masks alone, and these values mix entries. Train it with the operator (flow.operator), or leave the method out."
        )
      }
    }
  }

  /// Whether the flow of this run is trained on values that mix entries; true where there is no section `flow`.
  private func flowTakesOperators(in context: MeasurementContext) throws -> Bool {
    guard let flow else { return true }
    // Flow and prior together learn from the archive's own measurements, and none are simulated.
    if learning?.joint != nil { return archive.measured?.operation != nil }
    for design in flow.masks where !design.isMask {
      var random = RandomStream(seed: seed)
      if try design.draw(in: context, using: &random).selectedEntries == nil { return true }
    }
    return false
  }
}
