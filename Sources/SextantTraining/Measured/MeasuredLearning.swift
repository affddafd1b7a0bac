// How networks learn from an archive of measurements, of which no field is known: the one table of ways. Each way says which parts of
// a model it learns, what it assumes, and trains them. The section `learning` of a configuration chooses among them; a part of which
// it says nothing is learned by the first way in the table that learns it.
//
// A new way is one more field of the settings, and one more entry in the table.

import Foundation
import SextantConfiguration
import SextantMeasurement
import SextantModels
import SextantSolvers

/// The settings of the ways that were asked for.
public struct MeasuredLearning: Sendable, Equatable, Codable {
  /// A diffusion prior by rounds of completion.
  public var completions: CompletionSettings?
  /// A flow and a diffusion prior together.
  public var joint: JointSettings?
  /// A diffusion prior by hiding more of what was measured.
  public var ambient: AmbientSettings?
  /// A flow by Stein's unbiased risk estimate.
  public var sure: SURESettings?
  /// A flow by the same estimate where the size of the noise is not known.
  public var unsure: UNSURESettings?
  /// A flow by rounds of completion.
  public var amortised: AmortisedSettings?

  public init(
    completions: CompletionSettings? = nil, joint: JointSettings? = nil, ambient: AmbientSettings? = nil, sure: SURESettings? = nil,
    unsure: UNSURESettings? = nil, amortised: AmortisedSettings? = nil
  ) {
    (self.completions, self.joint, self.ambient) = (completions, joint, ambient)
    (self.sure, self.unsure, self.amortised) = (sure, unsure, amortised)
  }

  /// Reads the section `learning`.
  ///
  /// - Parameter designs: the measurement designs that are known.
  package init(_ reader: ConfigurationReader, designs: [MeasurementDesignKind] = .standard) throws {
    completions = try reader.optionalSection("completions") { section in
      let usual = CompletionSettings()
      return CompletionSettings(
        rounds: try section.value("rounds", default: usual.rounds, in: 1...100),
        samples: try section.value("samples", default: usual.samples, in: 2...100),
        steps: try section.value("steps", default: usual.steps, in: 2...100_000),
        iterations: try section.value("iterations", default: usual.iterations, in: 1...10_000))
    }
    joint = try reader.optionalSection("joint") { section in
      let usual = JointSettings()
      return JointSettings(
        preset: section.contains("preset") ? try section.value("preset", default: .flowdiff) : nil,
        steps: try section.value("steps", default: usual.steps, in: 1...10_000_000),
        resets: try section.value("reset", default: usual.resets))
    }
    ambient = try reader.optionalSection("ambient") { section in
      let masks = try section.designs("masks", default: AmbientSettings.usualMasks, kinds: designs)
      guard !masks.isEmpty else {
        throw section.wrong("masks", expected: "at least one mask, such as random:0.3", found: "none")
      }
      return AmbientSettings(masks: masks)
    }
    sure = try reader.optionalSection("sure") {
      SURESettings(step: try $0.value("step", default: SURESettings().step, in: 0.001...1))
    }
    unsure = try reader.optionalSection("unsure") { section in
      let usual = UNSURESettings()
      return UNSURESettings(
        step: try section.value("step", default: usual.step, in: 0.001...1),
        rate: try section.value("rate", default: usual.rate, in: 1e-6...1),
        momentum: try section.value("momentum", default: usual.momentum, in: 0...0.999))
    }
    amortised = try reader.optionalSection("amortised") { try AmortisedSettings($0) }
  }
}

/// The settings of Stein's unbiased risk estimate.
public struct SURESettings: Sendable, Equatable, Codable {
  /// The step by which the divergence of the mean is taken, in units of the noise.
  public var step: Double

  public init(step: Double = 0.05) { self.step = step }
}

/// The settings of Stein's unbiased risk estimate with noise of unknown size.
public struct UNSURESettings: Sendable, Equatable, Codable {
  /// The step by which the divergence of the mean is taken, in units of the stated noise.
  public var step: Double
  /// The step of the multiplier's logarithm for a divergence of one per value.
  public var rate: Double
  /// How much of the multiplier's velocity stays in a step.
  public var momentum: Double

  public init(step: Double = 0.05, rate: Double = 0.02, momentum: Double = 0.9) {
    (self.step, self.rate, self.momentum) = (step, rate, momentum)
  }
}

/// A way in which networks learn from an archive of measurements.
struct LearningWay: Sendable {
  /// Its name, which is its key in the section `learning` where it has settings.
  let name: String
  /// How it learns and what it assumes, in words, after "learned …".
  let summary: String
  /// The parts of a model that it learns.
  let learns: Model.Parts
  /// Whether it can learn beneath an operator (`archive.measured.operator`).
  let knowsOperators: Bool
  /// What it has to know of the noise.
  var noise = NoiseKnowledge.variance
  /// Whether its diffusion prior can start from weights that were trained elsewhere (`diffusion.weights`).
  let takesWeights: Bool
  /// Whether it was asked for.
  let isAsked: @Sendable (MeasuredLearning) -> Bool
  /// Its own part of the settings.
  let settings: @Sendable (MeasuredLearning) -> MeasuredLearning
  /// The endings of the files that it leaves in a run's folder while it goes on.
  let files: [String]
  /// The model with the parts that it learns, which are written into the run's folder.
  let train: @Sendable (LearningContext) throws -> Model

  /// What a way has to know of the noise of the values.
  enum NoiseKnowledge: Sendable {
    /// Its variance at each value.
    case variance
    /// Its law, which has to be one that values can be split by: normal, or counts without read noise (Recorruption).
    case law
    /// Its size, and that it is normal: of counts it would have to know their clean values.
    case normalSize
    /// Its size up to a factor, that it is normal, and that there is some.
    case normalShape
  }

  /// Every way, the usual one of each part first.
  static let all: [LearningWay] = [recorruptedPairs, completions, joint, ambient, sure, unsure, amortised]

  /// A flow from pairs of recorrupted measurements (MeasuredPairs).
  static let recorruptedPairs = flow(
    "recorrupted",
    summary: "from pairs of recorrupted measurements, which assumes Gaussian noise of known size, or counts with a known gain, independent between values",
    noise: .law, isAsked: { _ in false }, settings: { _ in MeasuredLearning() })

  /// A flow by Stein's unbiased risk estimate, from the same pairs with other steps.
  static let sure = flow(
    "sure",
    summary: "by Stein's unbiased risk estimate (sure), which assumes Gaussian noise of known size, independent between values",
    noise: .normalSize, isAsked: { $0.sure != nil }, settings: { MeasuredLearning(sure: $0.sure) })

  /// A flow by the same estimate where the size of the noise is found along the training (UNSURE).
  static let unsure = flow(
    "unsure",
    summary: "by Stein's unbiased risk estimate for noise of unknown size (unsure), which assumes Gaussian noise, independent between values",
    noise: .normalShape, isAsked: { $0.unsure != nil }, settings: { MeasuredLearning(unsure: $0.unsure) })

  /// A flow from pairs of views, by the estimate that the training of the flow states.
  private static func flow(
    _ name: String, summary: String, noise: NoiseKnowledge, isAsked: @escaping @Sendable (MeasuredLearning) -> Bool,
    settings: @escaping @Sendable (MeasuredLearning) -> MeasuredLearning
  ) -> LearningWay {
    LearningWay(
      name: name, summary: summary, learns: .flow, knowsOperators: false, noise: noise, takesWeights: true, isAsked: isAsked, settings: settings,
      files: []
    ) { context in
      guard var flow = context.flow else { return context.model }
      // What the prior estimated is the first guess of a way that finds the size itself.
      flow.prior.archive.measured?.noise.settle(context.model.provenance.estimatedNoise ?? [:])
      return context.model.with(
        flow: try flow.run(
          model: context.model, diffusion: context.model.diffusion, folder: context.folder, progress: context.progress,
          interruption: context.interruption))
    }
  }

  /// A flow by expectation and maximisation (AmortisedTraining).
  static let amortised = LearningWay(
    name: "amortised",
    summary: "by rounds of completion by the flow (amortised), which assumes noise of known size, independent between values, and a start that is good enough",
    learns: .flow, knowsOperators: true, takesWeights: true, isAsked: { $0.amortised != nil },
    settings: { MeasuredLearning(amortised: $0.amortised) }, files: AmortisedTraining.files
  ) { context in
    guard let flow = context.flow, let settings = context.learning.amortised else { return context.model }
    return context.model.with(flow: try AmortisedTraining(context: context, flow: flow, settings: settings).run())
  }

  /// A diffusion prior by expectation and maximisation (CompletionTraining).
  static let completions = LearningWay(
    name: "completions",
    summary: "by rounds of completion (completions), which assumes noise of known size, independent between values, and a Gaussian that is good enough to start from",
    learns: .diffusion, knowsOperators: true, takesWeights: true, isAsked: { $0.completions != nil },
    settings: { MeasuredLearning(completions: $0.completions ?? CompletionSettings()) },
    files: CompletionTraining.files
  ) { context in
    guard let diffusion = context.diffusion else { return context.model }
    return context.model.with(diffusion: try CompletionTraining(context: context, settings: diffusion).run())
  }

  /// FlowDiff's flow and prior (JointTraining).
  static let joint = LearningWay(
    name: "joint",
    summary: "jointly, flow and diffusion prior from each other (joint), which assumes Gaussian noise of known size, independent between values",
    learns: [.flow, .diffusion], knowsOperators: true, takesWeights: true, isAsked: { $0.joint != nil },
    settings: { MeasuredLearning(joint: $0.joint) }, files: JointTraining.fileEndings
  ) { context in
    guard let flow = context.flow, let diffusion = context.diffusion else { return context.model }
    return try JointTraining(context: context, flow: flow, diffusion: diffusion).run()
  }

  /// A diffusion prior by hiding more of what was measured (AmbientTraining). Its network has an input for the mask, which weights
  /// from elsewhere do not know.
  static let ambient = LearningWay(
    name: "ambient",
    summary: "by hiding more of what was measured (ambient), which assumes Gaussian noise of known size, independent between values, and that each value is sometimes hidden and sometimes measured whatever else is seen",
    learns: .diffusion, knowsOperators: false, takesWeights: false, isAsked: { $0.ambient != nil },
    settings: { MeasuredLearning(ambient: $0.ambient) }, files: []
  ) { context in
    guard let diffusion = context.diffusion, let ambient = context.learning.ambient else { return context.model }
    return context.model.with(
      diffusion: try AmbientTraining(context: context, settings: diffusion, ambient: ambient).run())
  }
}

/// What a way of learning is given.
package struct LearningContext: Sendable {
  package var prior: Training
  /// The run's model, with its Gaussian prior.
  package var model: Model
  /// The networks that are to be learned.
  package var diffusion: DiffusionSettings?
  package var flow: FlowTraining?
  package var learning: MeasuredLearning
  package var folder: String
  package var progress: any ProgressObserver
  package var interruption: Interruption

  package init(
    prior: Training, model: Model, diffusion: DiffusionSettings?, flow: FlowTraining?, learning: MeasuredLearning,
    folder: String, progress: any ProgressObserver, interruption: Interruption
  ) {
    (self.prior, self.model, self.diffusion, self.flow) = (prior, model, diffusion, flow)
    (self.learning, self.folder, self.progress, self.interruption) = (learning, folder, progress, interruption)
  }
}

extension MeasuredLearning {
  /// How a flow on the Gaussian posterior estimates its error at measured values.
  package var flowEstimate: RiskEstimate {
    if let unsure { return .unsure(multiplier: 1, step: unsure.step) }
    return sure.map { .sure(step: $0.step) } ?? .recorrupted
  }

  /// The multiplier by which a flow finds the size of the noise; nil where it is known.
  package var noiseAscent: NoiseMultiplier? { unsure.map { NoiseMultiplier(rate: $0.rate, momentum: $0.momentum) } }

  /// The way in which a part is learned.
  private func way(of part: Model.Parts) -> LearningWay? {
    let ways = LearningWay.all.filter { $0.learns.contains(part) }
    return ways.first { $0.isAsked(self) } ?? ways.first
  }

  /// What tells this learning of a part from others, as text.
  package func identity(of part: Model.Parts) throws -> String {
    guard let way = way(of: part) else { return "" }
    return try "\(way.name) \(way.settings(self).canonicalText())"
  }

  /// How a diffusion prior was learned and what that assumes, in words.
  ///
  /// - Parameter identity: what its file states of its learning from measurements (``identity(of:)``); nil for complete fields.
  package static func summary(ofDiffusion identity: String?) -> String {
    guard let identity else { return "from complete fields" }
    let name = identity.prefix { $0 != " " }
    return LearningWay.all.first { $0.name == name }?.summary ?? "from measurements"
  }

  /// How a flow was learned and what that assumes, in words.
  ///
  /// - Parameters:
  ///   - identity: what its file states of its training (``FlowTraining/identity(for:)``).
  ///   - isMeasured: whether the archive's fields are measurements.
  ///   - diffusion: what the diffusion prior beside it states of its learning; nil where there is none.
  package static func summary(ofFlow identity: String, isMeasured: Bool, besides diffusion: String?) -> String {
    // As much of the identity as tells.
    struct Settings: Decodable {
      struct Flow: Decodable { var training: String? }
      struct Present: Decodable {}
      var training: String?
      var flow: Flow?
      var ascent: Present?
      var rounds: Present?
      var estimate: Present?
    }
    struct Identity: Decodable { var settings: Settings }
    let settings = (try? JSONDecoder().decode(Identity.self, from: Data(identity.utf8)))?.settings
    if let diffusion, diffusion.hasPrefix(LearningWay.joint.name + " ") { return LearningWay.joint.summary }
    if settings?.rounds != nil { return LearningWay.amortised.summary }
    if settings?.ascent != nil { return LearningWay.unsure.summary }
    if settings?.estimate != nil { return LearningWay.sure.summary }
    if (settings?.training ?? settings?.flow?.training) == "unsupervised" { return "from the prior, without fields of the archive (unsupervised)" }
    return isMeasured ? LearningWay.recorruptedPairs.summary : "from complete fields"
  }

  /// The model with all networks that are to be learned, in their ways.
  package static func learn(_ context: LearningContext) throws -> Model {
    var context = context
    var done: Model.Parts = []
    for (part, isWanted) in [(Model.Parts.diffusion, context.diffusion != nil), (.flow, context.flow != nil)]
    where isWanted && !done.contains(part) {
      guard let way = context.learning.way(of: part) else { continue }
      context.model = try way.train(context)
      done.formUnion(way.learns)
    }
    return context.model
  }

  /// The names of the files that any way leaves in a run's folder while it goes on.
  package static var files: [String] { LearningWay.all.flatMap(\.files) }

  /// What contradicts the learning of some parts: where in the settings, what is expected there, and what is found.
  ///
  /// - Parameters:
  ///   - parts: the parts that are to be learned.
  ///   - measured: how the archive was measured.
  ///   - hasWeights: whether the diffusion prior is to start from weights that were trained elsewhere.
  package func objection(
    learning parts: Model.Parts, from measured: MeasuredFields, hasWeights: Bool
  ) -> (key: String, expected: String, found: String)? {
    let asked = LearningWay.all.filter { $0.isAsked(self) }
    for way in asked where !parts.isSuperset(of: way.learns) {
      let missing = way.learns.subtracting(parts)
      let names = (missing.contains(.diffusion) ? ["diffusion"] : []) + (missing.contains(.flow) ? ["flow"] : [])
      return (
        "learning", "a section \(names.joined(separator: " and a section ")) beside \(way.name), which learns it", "none"
      )
    }
    for (place, way) in asked.enumerated() {
      if let other = asked.dropFirst(place + 1).first(where: { !$0.learns.isDisjoint(with: way.learns) }) {
        return ("learning", "one way of learning each network", "\(way.name) and \(other.name)")
      }
    }
    let ways = [Model.Parts.diffusion, .flow].filter(parts.contains).compactMap { self.way(of: $0) }
    if let operation = measured.operation, let way = ways.first(where: { !$0.knowsOperators }) {
      return (
        "archive",
        way.learns == .flow
          ? "an archive whose values are those of the fields (no measured.operator) beside a flow that learns from them, or learning: {amortised: {}}, by which a flow learns from completed fields"
          : "an archive whose values are those of the fields (no measured.operator) beside learning.\(way.name)",
        "operator: \(operation)"
      )
    }
    if amortised?.start == .recorrupted, measured.operation != nil || measured.noise.splitObjection != nil {
      return (
        "learning.amortised",
        "start: gaussian beside values that recorrupted pairs cannot be made of (an operator, or \(measured.noise.splitObjection?.found ?? "counts with read noise"))",
        "start: recorrupted"
      )
    }
    if hasWeights, let way = ways.first(where: { $0.learns.contains(.diffusion) && !$0.takesWeights }) {
      return ("diffusion", "no weights beside learning.\(way.name), whose network is told which values it sees", "weights")
    }
    return noiseObjection(ways, parts: parts, measured: measured)
  }

  /// What of the noise contradicts some ways.
  private func noiseObjection(
    _ ways: [LearningWay], parts: Model.Parts, measured: MeasuredFields
  ) -> (key: String, expected: String, found: String)? {
    if measured.noise.isAutomatic, let way = ways.first(where: { $0.noise != .normalShape }) {
      return (
        way.learns.contains(.flow) ? "flow" : "diffusion",
        "the noise of the archive as a number (archive.measured: {noise: LEVEL}), which a network that learns from measurements has to be told; `sextant train` without the network estimates it, and a flow with learning: {unsure: {}} finds it along its training",
        "noise: auto"
      )
    }
    if measured.noise.isZero, let way = ways.first(where: { $0.noise == .normalShape }) {
      return (
        "learning",
        "values with noise beside \(way.name), which finds how much there is (archive.measured: {noise: LEVEL}, a guess above 0, or noise: auto)",
        "archive.measured.noise: 0, exact values"
      )
    }
    if let objection = measured.noise.splitObjection, ways.contains(where: { $0.noise == .law }) {
      return (
        "flow",
        "\(objection.expected) (archive.measured: {noise: \(objection.form)}), because \(objection.reason), or the noise of each value as a variable (noise: variable:NAME), which is then taken for normal",
        "archive.measured.noise: \(measured.noise)"
      )
    }
    if let law = measured.noise.firstLaw, let way = ways.first(where: { $0.noise == .normalSize || $0.noise == .normalShape }) {
      return (
        "learning", "normal noise (archive.measured: {noise: LEVEL}) beside \(way.name); \(law.words.many) are learned from without the section learning, by splitting them",
        "archive.measured.noise: \(measured.noise)"
      )
    }
    return nil
  }
}
