// What is told of all answers together: the sums of FieldSolver as a summary, its remarks, and how near the answers came to values that
// were held out. Not here: what is told of a single answer (AnswerCheck), and the verdict on all checks (AnswerVerdict).

import Foundation
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

extension FieldSolver {
  /// What was done, over `answers` fields, and what the sums over the answers give reason to say.
  ///
  /// - Parameters:
  ///   - check: the sum of the checks of the answers.
  ///   - neverObserved: the number of values that are missing in every field; nil if it is not known.
  func summary(answers: Int, check: AnswerCheck?, neverObserved: Int?) throws -> ImputationSummary {
    let verdict = check.map {
      AnswerVerdict(
        check: $0, variables: fields.variables, encodings: frame.space.encodings,
        scales: fields.variables.indices.map { 1 / Double(frame.units.differenceToModel(1, channel: $0)) },
        learned: frame.hasOperator ? nil : (observedMeans: tally.channels.map(\.observed.mean), model: model.provenance.name))
    }
    var noise: [String: ImputationSummary.NoiseSummary] = [:]
    for (channel, variable) in fields.variables.enumerated()
    where tally.channels[channel].noise.count > 0 && frame.space.encodings[channel] != .labels {
      let deviation = tally.channels[channel].noise.mean
      let inModel = Double(frame.units.differenceToModel(Float(deviation), channel: channel))
      let typical = typicalDeviation(ofChannel: channel, in: tally)
      noise[variable.name] = .init(
        deviation: deviation, units: variable.units == "1" ? "" : variable.units,
        standardised: typical > .leastNormalMagnitude ? inModel / typical : nil)
    }
    return ImputationSummary(
      method: methodName, fieldCount: answers,
      missingShare: tally.valueCount > 0 ? Double(tally.missingCount) / Double(tally.valueCount) : 0, noise: noise,
      secondsPerField: tally.seconds / Double(max(1, answers)), diagnostics: tally.meanDiagnostics,
      check: verdict?.summaries ?? [:],
      remarks: try remarks(noise, neverObserved: neverObserved) + (verdict?.remarks ?? []))
  }

  /// What the answers assume and what is odd about the input, known without looking at the answers.
  private func remarks(_ noise: [String: ImputationSummary.NoiseSummary], neverObserved: Int?) throws -> [Remark] {
    var remarks = fields.remarks.filter { !isExplainedByNoise($0) } + frame.space.assumptions
    if let kind = model.gaussian?.prior.space.climatology.kind {
      remarks.append(Remark(.assumption, "climatology", "Anomalies are relative to the archive's climatology of kind \(kind)."))
    }
    // What is stated to be exact is kept.
    let keepsAll = frame.knowsObserved && tally.channels.allSatisfy { $0.noise.count == $0.observed.count && $0.noise.mean == 0 }
    if tally.valueCount > 0, tally.missingCount == 0, request.method.traits.usesNoise, frame.regridding.answersOnInput, !keepsAll {
      remarks.append(
        Remark(.note, "nothing-missing", "No value is missing, so the answer is the input with its noise removed: observed values change, too."))
    }
    remarks += inputRemarks + (series?.remarks ?? [])
    if let levels = request.saturation {
      remarks.append(
        Remark(
          .assumption, "saturation",
          "\(tally.saturatedCount) observed values reach the level of saturation (\(levels)): of each, only that is used."))
    }
    if tally.outsideCount > 0, request.method.learnsFromArchive, model.gaussian != nil {
      let (count, all) = (tally.outsideCount, tally.channels.reduce(0) { $0 + Int($1.observed.count) })
      remarks.append(
        Remark(
          .warning, "outside-model",
          "\(count) of \(all) measured values lie at places outside of the model's domain, where its archive has no value; they were not used, and there is no answer there. A model of an archive that has values there would use them."))
    }
    if tally.beyondFrameCount > 0 {
      let (count, used) = (tally.beyondFrameCount, tally.channels.reduce(0) { $0 + Int($1.observed.count) })
      remarks.append(
        Remark(
          .warning, "beyond-frame",
          "\(fields.path): \(count) of \(count + used) measured values depend on what lies beyond the frame, of which the model knows nothing; they were not used. boundary=periodic or boundary=reflect in the operator says what lies there."))
    }
    if let clipping {
      let count = tally.clippedCount
      let range = "\(Int(clipping.lowerBound)) to \(Int(clipping.upperBound))"
      remarks.append(
        Remark(
          .note, "clipped",
          count == 0
            ? "No value of the answer lies outside of the range of the pixels' type, \(range), so that --clip changed nothing."
            : "\(count) value\(count == 1 ? "" : "s") of the answer lay outside of the range of the pixels' type, \(range), and \(count == 1 ? "was" : "were") clipped to it (--clip). Spread, samples and quantiles are not clipped."))
    }
    func list(_ names: [String]) -> String {
      names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }
    if !tally.filledEmptyFields.isEmpty {
      remarks.append(
        Remark(
          .warning, "empty-field",
          "No value was observed in \(list(tally.filledEmptyFields)): the answer there is what \(series == nil ? "the model knows without the field" : "the model and the other times know")."))
    }
    if !tally.missingEmptyFields.isEmpty {
      remarks.append(
        Remark(.warning, "empty-field", "No value was observed in \(list(tally.missingEmptyFields)): nothing was filled there."))
    }
    remarks += try (tally.natures ?? []) + boundsRemarks()
    let averages = tally.meanDiagnostics
    remarks += model.space.clampingRemarks(averages)
    if averages.keys.contains(where: { $0.hasPrefix("spread from samples") }) {
      remarks.append(
        Remark(
          .note, "spread-from-samples",
          "The exact spread of this field needs more memory than there is, so it was estimated from samples and is good to about 6 %. A coarser grid or mesh has an exact one."))
    }
    if averages.keys.contains(where: { $0.hasPrefix("parameters by largest weights") }) {
      remarks.append(
        Remark(
          .warning, "operator-parameters",
          "The measured values are sums over so many places that the range and the variance of the field were fitted as if each value were that of one place. The mean uses the operator, and the spread may be wrong by a factor of several."))
    }
    if lacksSamples {
      remarks.append(
        Remark(
          .note, "no-samples",
          "The domain of the answer has \(frame.space.domain.nodeCount) vertices, and '\(request.method.name)' draws samples on at most \(TwoScaleSolver.stateLimit): the answer has the exact mean and spread, and no samples. sparse-matern draws them."))
    }
    if let silent = averages["parts without observations"], silent > 0 {
      remarks.append(
        Remark(
          .warning, "silent-parts",
          "\(silent <= 1 ? "A connected part of the surface has" : "\(Int(silent.rounded(.up))) connected parts of the surface have") no observation, and no path along the surface leads there, so that the answer is missing there. Distances through space reach all parts: --set solvers.kriging.distances=space."))
    }
    if request.fill == .all, model.gaussian == nil, tally.answeredCount >= 3, let neverObserved, neverObserved > 0 {
      remarks.append(
        Remark(
          .note, "never-observed",
          "\(neverObserved) of \(frame.fields.domain.vertexCount * frame.space.channelCount) values are missing in every field of the file, and were filled. If nothing exists there, such as the sea's temperature on land, give --fill archive."))
    }
    for (name, level) in noise.sorted(by: { $0.key < $1.key }) {
      guard let ratio = level.standardised else {
        remarks.append(
          Remark(.warning, "constant-values", "All observed values of \(name) are equal, so that nothing is learned of its variability."))
        continue
      }
      guard ratio > 1 else { continue }
      let text = [String(format: "%.4g", level.deviation), level.units].filter { !$0.isEmpty }.joined(separator: " ")
      remarks.append(
        Remark(
          .warning, "noise-level",
          "The noise of \(name) (\(text)) is \(String(format: "%.2g", ratio)) times as large as the variable's own variability, so a single observed value says little. Check its number and its units."))
    }
    return remarks
  }

  /// Whether a remark is about values that the quantity does not allow, and the noise that was stated explains all of them.
  private func isExplainedByNoise(_ remark: Remark) -> Bool {
    guard noise != nil, remark.topic == SuspectValue.impossibleTopic,
      let channel = fields.variables.firstIndex(where: { $0.name == remark.variable }), physicalRanges[channel] != nil
    else { return false }
    return tally.channels[channel].impossibleCount == 0
  }

  /// How near the answers came to the values that were held out; nil where none were.
  func errors(
    at held: HeldOutSource, of cache: AnswerCache
  ) throws -> [String: ImputationSummary.HiddenSummary]? {
    let channels = frame.space.channelCount
    var sums = [(count: Int, error: Double, spread: Double)](repeating: (0, 0, 0), count: channels)
    // The spread of what an operator makes of a field is not that of the field.
    var hasSpread = !frame.hasOperator
    for index in 0..<frame.fields.count {
      let values = try held.heldOut(of: index)
      guard !values.isEmpty else { continue }
      let answer = try cache.answer(at: index).record
      let predicted = frame.regridding.predicted(answer.values)
      hasSpread = hasSpread && answer.spread != nil
      for (entry, value) in values {
        let error = frame.space.encodings[entry % channels].difference(Double(predicted[entry]), Double(value))
        // No answer was asked for there, or there is none.
        guard error.isFinite else { continue }
        let spread = Double(answer.spread?[entry] ?? 0)
        sums[entry % channels].count += 1
        sums[entry % channels].error += error * error
        sums[entry % channels].spread += spread * spread
      }
    }
    let summaries = zip(frame.fields.variables, sums).filter { $1.count > 0 }.map { variable, sum in
      (
        variable.name,
        ImputationSummary.HiddenSummary(
          count: sum.count, error: (sum.error / Double(sum.count)).squareRoot(),
          spread: hasSpread ? (sum.spread / Double(sum.count)).squareRoot() : nil)
      )
    }
    return summaries.isEmpty ? nil : Dictionary(summaries, uniquingKeysWith: { first, _ in first })
  }
}
