// From settings to the pipelines that carry them out.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPipelines
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage
import SextantTraining

extension RunConfiguration {
  /// What `sextant train` does.
  public var training: Training { training(in: .standard) }

  /// What `sextant train` does with archives in the formats of a catalogue.
  func training(in catalogue: Catalogue) -> Training {
    let policy: Training.ParameterPolicy =
      switch prior.parameters {
      case .perField: .perField
      case .perArchive:
        .perArchive(missingShare: 0.6, noise: evaluate.noise, peaks: evaluate.scales.mapValues(\.peak))
      }
    var training = Training(
      name: name, archive: archive, landMask: landMask,
      prior: GaussianPriorConfiguration(
        kind: prior.kind, modeCount: prior.modes, climatology: climatology, components: prior.components, memory: prior.memory),
      parameters: policy, bounds: bounds, transforms: transforms, seed: seed)
    training.formats = catalogue.formats
    training.acceptsGaps = archiveGaps == .accept
    training.patches = patches
    return training
  }

  /// What `sextant evaluate` does with a model.
  ///
  /// - Throws: what opening the test fields and the masks' files throws; `GridMismatchError` where the fields lie on another grid.
  public func comparison(
    for model: Model, catalogue: Catalogue = .standard
  ) throws -> (comparison: Comparison, fields: any SignalSource, indices: [Int]) {
    try checkTestFields(catalogue: catalogue)
    let (fields, indices) = try evaluate.fields.open(seed: seed, formats: catalogue.formats)
    try checkPeaks(against: model)
    let (scales, deviations, remarks) = try check(fields, against: model.space.variables, domain: model.space.domain)
    let inputs = try measurementInputs(
      on: model.space.domain, landShare: model.space.landShare, formats: catalogue.formats)
    var comparison = Comparison(
      methods: evaluate.methods, masks: evaluate.masks, inputs: inputs, noise: deviations,
      samples: evaluate.samples, draws: evaluate.draws, scales: scales,
      hiddenFiller: evaluate.hidesMask ? scales.map { Float($0.origin) } : nil, solvers: solvers, seed: seed)
    (comparison.time, comparison.remarks) = (evaluate.time, remarks)
    comparison.detector = try detector(for: model.space.variables)
    if let measured = evaluate.fields.measured {
      comparison.measured = try heldOutNoise(measured, of: fields, for: model)
    }
    comparison.published = evaluate.published
    comparison.training = try TrainingCosts(folder: output, flowNeedsDiffusion: flow?.prior == .diffusion)
    return (comparison, try ConvertedSource(fields, inUnitsOf: model.space.variables), indices)
  }

  /// What the instrument does to the values of a model's variables.
  ///
  /// Throws ``RunError/invalid(_:)`` where test fields are measurements, whose noise is theirs.
  private func detector(for variables: [Variable]) throws -> Detector {
    let detector = Detector(
      laws: try evaluate.noise.laws(among: variables), saturation: try evaluate.saturation?.levels(of: variables) ?? [])
    if !detector.isIdeal, evaluate.fields.measured != nil {
      throw RunError.invalid(
        "evaluate.noise, evaluate.saturation: test fields that are measurements themselves (evaluate.fields.measured) have their own noise. Leave \(evaluate.noise.firstLaw?.name ?? "poisson"): and saturation out.")
    }
    return detector
  }

  /// The noise of test fields that are measurements themselves, in the units of a model.
  private func heldOutNoise(
    _ measured: MeasuredFields, of fields: any SignalSource, for model: Model
  ) throws -> Comparison.HeldOutNoise {
    try checkHeldOut()
    let noise = try MeasuredNoise(measured.noise, of: fields)
    let units = try UnitConversion(file: fields.variables, model: model.space.variables)
    return { index, isValid in
      try noise(index, isValid: isValid).enumerated().map { entry, level in
        units.differenceToModel(level, channel: entry % units.channelCount)
      }
    }
  }

  /// Throws ``RunError/invalid(_:)`` where test fields are measurements and cannot be scored on values that are held out.
  private func checkHeldOut() throws {
    guard let measured = evaluate.fields.measured else { return }
    if let operation = measured.operation {
      throw RunError.invalid(
        "evaluate.fields.measured.operator: \(operation): test fields that are measurements are scored on their own values, and not on those beneath an operator. Give the truth in evaluate.fields.files, and the operator in evaluate.operator."
      )
    }
    if measured.noise.description.contains("auto") {
      throw RunError.invalid(
        "evaluate.fields.measured.noise: auto: scores on held-out values need the noise as a number, because a prediction of a measured value contains it. `sextant inspect` of the trained model says what was estimated; state it in evaluate.fields.measured.noise, such as 0.3K, or give evaluate.fields.files with the truth."
      )
    }
    if evaluate.hidesMask {
      throw RunError.invalid("evaluate.hide_mask: test fields that are measurements themselves (evaluate.fields.measured) cannot have their mask hidden.")
    }
    if let mask = evaluate.masks.first(where: { !$0.mayHide }) {
      throw RunError.invalid(
        "evaluate.masks: '\(mask)' hides nothing, and test fields that are measurements themselves (evaluate.fields.measured) are scored on the values that a mask hides. Use a mask such as random:0.1 or clouds:length=4,missing=0.3."
      )
    }
  }

  /// What `sextant evaluate` does: learns what is needed, compares the methods, and writes the report into the folder `evaluation` of the
  /// output.
  ///
  /// Throws what the parts throw; what is wrong with the settings, before the long work of learning.
  public func runEvaluation(
    overwrite: Bool, catalogue: Catalogue = .standard, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> EvaluationOutcome {
    let folder = output + "/evaluation"
    try WholeFile.checkIsFree(folder + "/scores.json", overwrite: overwrite)
    try checkComparison(catalogue: catalogue)
    let model = try modelForEvaluation(catalogue: catalogue, progress: progress, interruption: interruption)
    let (comparison, fields, indices) = try comparison(for: model, catalogue: catalogue)
    return try comparison.report(
      model: model, fields: fields, indices: indices, folder: folder, overwrite: overwrite,
      pictures: evaluate.pictures, progress: progress, interruption: interruption)
  }

  /// Throws what ``comparison(for:catalogue:)`` would, before there is a model: to be asked before the long work of learning.
  ///
  /// Of the synthetic climate, which is made and not opened, no more than a year is looked at.
  ///
  /// - Parameters:
  ///   - methods: those of the section `evaluate`, if not given.
  ///   - catalogue: the formats, methods and measurement designs that are known.
  public func checkComparison(of methods: [Method]? = nil, catalogue: Catalogue = .standard) throws {
    let methods = methods ?? evaluate.methods
    try checkDiffusion(for: methods)
    try checkParts(for: methods)
    try checkHeldOut()
    try checkTestFields(catalogue: catalogue)
    let source = try archive.preview(seed: seed, formats: catalogue.formats)
    let domain = try archive.signalDomain(of: source, formats: catalogue.formats)
    _ = try check(evaluate.fields.preview(seed: seed, formats: catalogue.formats), against: source.variables, domain: domain)
    let inputs = try measurementInputs(
      on: domain, landShare: training(in: catalogue).landShare(on: domain), formats: catalogue.formats)
    try checkOperators(for: methods, on: domain, channelCount: source.variables.count, inputs: inputs)
  }

  /// The land mask and the files of the masks, which are looked at here so that what is wrong with them is found early.
  private func measurementInputs(
    on domain: any Domain, landShare: [Float]?, formats: [any SignalFormat]
  ) throws -> MeasurementInputs {
    let inputs = MeasurementInputs(on: domain, landShare: landShare, formats: formats)
    try inputs.check(evaluate.masks, on: domain)
    return inputs
  }

  /// The scale and the noise of each of a model's variables (C), for test fields that it can be scored on, and what is to be said of them.
  private func check(
    _ fields: any SignalSource, against variables: [Variable], domain: any Domain
  ) throws -> (scales: [(peak: Double?, origin: Double)], deviations: [Float], remarks: [Remark]) {
    guard fields.domain.fingerprint == domain.fingerprint else {
      throw RunError.invalid(
        "evaluate.fields: the test fields are on \(fields.domain.summaryWithArticle), the model on \(domain.summaryWithArticle). They have to be on one grid to be scored."
      )
    }
    guard fields.variables.count == variables.count else {
      throw RunError.invalid(
        "evaluate.fields: \(fields.variables.count) variable\(fields.variables.count == 1 ? "" : "s") (\(fields.variables.map(\.name).joined(separator: ", "))), but the model has \(variables.count) (\(variables.map(\.name).joined(separator: ", "))). Name them in evaluate.fields.variables, in the model's order."
      )
    }
    // Pixels have the scale of their type where none is stated, as they have it for `score`, `degrade` and `impute`.
    // Test fields that are measurements have noise of their own, and none is added.
    let addsNoise = evaluate.fields.measured == nil
    let fullScale = zip(variables, fields.variables).allSatisfy { $0.units == $1.units } ? (fields as? SignalSeries)?.fullScale : nil
    let scales = try variables.map { variable -> (peak: Double?, origin: Double) in
      if let scale = evaluate.scales[variable.name] { return (scale.peak, scale.origin) }
      if let fullScale { return (fullScale, 0) }
      // Without a scale, PSNR and SSIM are left out; what else needs one says so.
      let need: String? =
        addsNoise && evaluate.noise.hasPercentages(among: [variable])
        ? "The noise is \(evaluate.noise), a share of it" : evaluate.hidesMask ? "With hide_mask, missing entries hold its origin" : nil
      guard let need else { return (nil, 0) }
      throw RunError.invalid(
        "evaluate.scale: no peak for '\(variable.name)'. \(need): state the size of the variable's scale\(variable.units.isEmpty ? "" : " in \(variable.units)"), such as scale: {\(variable.name): {peak: NUMBER}}\(evaluate.hidesMask ? "" : ", or give the noise in the variable's units")."
      )
    }
    let unstated = variables.map(\.name).filter { evaluate.scales[$0] == nil }
    var remarks = (unstated.isEmpty ? nil : fullScale).map { scale -> [Remark] in
      let share =
        addsNoise && evaluate.noise.hasPercentages(among: variables) ? " and that of which the noise (\(evaluate.noise)) is a share" : ""
      return [
        Remark(
          .note, "peak",
          "The peak of PSNR and SSIM\(share) is \(scale.formatted()), the largest number of the pixels' type, for \(unstated.joined(separator: ", ")): evaluate.scale states no other.")
      ]
    } ?? []
    guard let measured = evaluate.fields.measured else {
      return (
        scales,
        try evaluate.noise.inTheDark(among: variables).deviations(vertexCount: 1, variables: variables, peaks: scales.map(\.peak)),
        remarks
      )
    }
    if evaluate.statesNoise {
      remarks.append(
        Remark(
          .note, "unused-noise",
          "evaluate.noise (\(evaluate.noise)) is not used for the scores: the test fields are measurements, and have the noise that is stated of them (measured.noise: \(measured.noise))."))
    }
    return (scales, [Float](repeating: 0, count: variables.count), remarks)
  }
}
