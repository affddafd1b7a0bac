// The settings of networks that learn from measurements alone: what cannot be learned is said before it is tried, and presets are the
// published ones. Not here: what is learned (MeasuredNetworks).

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns
@testable import SextantSolvers
@testable import SextantTraining

@Suite(.serialized) struct MeasuredNetworkSettings {
  @Test(arguments: [
    ("diffusion: {widths: [8, 8]}", "noise: auto", "", ["run.yaml", "diffusion", "noise: auto"]),
    ("learning: {completions: {}}", "noise: 1K", "", ["learning", "section diffusion"]),
    ("diffusion: {widths: [8, 8]}\nlearning: {joint: {}}", "noise: 1K", "", ["learning", "section flow", "joint"]),
    (
      "flow: {preset: small}\ndiffusion: {widths: [8, 8]}\nlearning: {joint: {}, completions: {}}", "noise: 1K", "",
      ["learning", "one way", "completions and joint"]
    ),
    ("flow: {preset: small, pairs: 20}\ndiffusion: {widths: [8, 8]}\nlearning: {joint: {}}", "noise: 1K", "", ["flow.pairs", "learning.joint"]),
    (
      "flow: {preset: small, operator: \"blur:heat,sigma=500km\"}\ndiffusion: {widths: [8, 8]}\nlearning: {joint: {}}", "noise: 1K", "",
      ["flow.operator", "learning.joint"]
    ),
    ("diffusion: {widths: [8, 8]}\nlearning: {completions: {rounds: 0}}", "noise: 1K", "", ["learning.completions.rounds"]),
    (
      "flow: {preset: small}\ndiffusion: {widths: [8, 8]}\nlearning: {joint: {preset: flowdif}}", "noise: 1K", "",
      ["learning.joint.preset", "flowdiff-microscopy"]
    ),
    ("diffusion: {widths: [8, 8]}\nlearning: {completion: {}}", "noise: 1K", "", ["learning.completion"]),
    ("diffusion: {widths: [8, 8]}", "noise: 1K", "variables: {tas: {transform: normal-score}}", ["diffusion", "transform"]),
    (
      "diffusion: {widths: [8, 8]}\nlearning: {ambient: {}}", "noise: 1K, operator: \"blur:heat,sigma=500km\"", "",
      ["archive", "learning.ambient", "blur:heat"]
    ),
    ("learning: {ambient: {}}", "noise: 1K", "", ["learning", "section diffusion"]),
    ("flow: {pairs: 20}", "noise: 1K, operator: \"blur:heat,sigma=500km\"", "", ["archive", "amortised", "blur:heat"]),
    (
      "flow: {pairs: 20}\nlearning: {amortised: {start: recorrupted}}", "noise: 1K, operator: \"blur:heat,sigma=500km\"", "",
      ["learning.amortised", "start: gaussian"]
    ),
    ("flow: {preset: small}\nlearning: {amortised: {}}", "noise: 1K", "", ["flow.preset", "amortised: {start: gaussian}"]),
    ("flow: {pairs: 20}\nlearning: {amortised: {}, sure: {}}", "noise: 1K", "", ["learning", "one way", "sure and amortised"]),
    ("flow: {pairs: 20}\nlearning: {amortised: {rounds: 21}}", "noise: 1K", "", ["learning.amortised.rounds"]),
    (
      "diffusion: {widths: [8, 8]}\nlearning: {ambient: {}, completions: {}}", "noise: 1K", "",
      ["learning", "one way", "completions and ambient"]
    ),
    ("diffusion: {widths: [8, 8]}\nlearning: {ambient: {masks: []}}", "noise: 1K", "", ["learning.ambient.masks", "at least one mask"]),
    ("diffusion: {widths: [8, 8]}\nlearning: {ambient: {masks: [radnom]}}", "noise: 1K", "", ["learning.ambient.masks", "radnom"]),
    (
      "diffusion: {network: plane, weights: ddpm.safetensors}\nlearning: {ambient: {}}", "noise: 1K", "",
      ["diffusion", "weights", "learning.ambient"]
    ),
  ]) func whatCannotBeLearnedIsSaid(_ networks: String, _ measured: String, _ more: String, _ words: [String]) throws {
    let world = try MeasuredNetworks.World(count: 12)
    let text = complaint { _ = try world.configuration(networks, measured: measured, more: more) }
    for word in words { #expect(text.contains(word), "\(text)") }
  }

  /// A flow that learns from completed fields has to complete them itself.
  @Test func aFlowThatCannotCompleteItsArchiveIsRefused() throws {
    let world = try MeasuredNetworks.World(count: 12)
    let blur = "operator: \"blur:heat,sigma=1500km\""
    let run = try world.configuration(
      "flow: {steps: 5, pairs: 20, widths: [8, 8], masks: [\"random:0.3\"]}\nlearning: {amortised: {}}", measured: "noise: 1K, \(blur)",
      corrupted: "noise: 1K, \(blur)", kind: "two-scale")
    let text = complaint { _ = try run.train(overwrite: false) }
    #expect(text.contains("learning.amortised") && text.contains("flow.operator: blur:heat"), "\(text)")
  }

  /// What hides nothing, or is no mask, is said when the fields are known.
  @Test(arguments: [("none", "hides nothing"), ("blur:heat,sigma=500km", "not a mask")])
  func whatHidesNothingIsSaid(_ mask: String, _ words: String) throws {
    let world = try MeasuredNetworks.World(count: 12)
    let run = try world.configuration("diffusion: {steps: 5, widths: [8, 8]}\nlearning: {ambient: {masks: [\"\(mask)\"]}}")
    let text = complaint { _ = try run.train(overwrite: false) }
    #expect(text.contains("learning.ambient.masks") && text.contains(words) && text.contains(mask), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: world.folder.path("RUN/diffusion.safetensors")))
  }

  /// The preset states the published choices, each of which a setting may change.
  @Test(arguments: [("flowdiff", 1e-3, 1e-4), ("flowdiff-microscopy", 2e-5, 1e-5)])
  func flowDiffsPresetIsThePublication(_ preset: String, _ ofFlow: Double, _ ofPrior: Double) throws {
    let world = try MeasuredNetworks.World(count: 12)
    func run(_ more: String = "") throws -> RunConfiguration {
      try world.configuration("flow: {preset: small}\ndiffusion: {widths: [8, 8]\(more)}\nlearning: {joint: {preset: \(preset)}}")
    }
    let usual = try run()
    #expect(usual.flow?.learningRate == ofFlow && usual.diffusion?.learningRate == ofPrior)
    #expect(usual.diffusion?.startsFromGaussian == false)
    #expect(usual.learning?.joint?.steps == 9000 && usual.learning?.joint?.resets == true)
    #expect(try run(", learning_rate: 0.01").diffusion?.learningRate == 0.01)
  }

  /// What a file states of its learning is told in words.
  @Test func theWayOfLearningIsTold() throws {
    let ways = [
      ("(completions)", MeasuredLearning()), ("(ambient)", MeasuredLearning(ambient: AmbientSettings(masks: []))),
      ("(joint)", MeasuredLearning(joint: JointSettings())),
    ]
    for (words, learning) in ways {
      let identity = try learning.identity(of: .diffusion)
      #expect(MeasuredLearning.summary(ofDiffusion: identity).contains(words), "\(identity)")
      let flow = MeasuredLearning.summary(ofFlow: "{\"settings\":{}}", isMeasured: true, besides: identity)
      #expect(flow.contains(words == "(joint)" ? "(joint)" : "recorrupted"), "\(flow)")
    }
    #expect(MeasuredLearning.summary(ofDiffusion: nil) == "from complete fields")
    #expect(MeasuredLearning.summary(ofFlow: "", isMeasured: false, besides: nil) == "from complete fields")
    let rounds = MeasuredLearning.summary(ofFlow: "{\"settings\":{\"rounds\":{\"rounds\":3},\"flow\":{}}}", isMeasured: true, besides: nil)
    #expect(rounds.contains("(amortised)"), "\(rounds)")
  }

  @Test func knownFieldsHaveNoSectionLearning() throws {
    let text = complaint {
      _ = try RunConfiguration.parse("diffusion: {widths: [8, 8]}\nlearning: {completions: {}}\narchive: {synthetic_years: 1}", path: "run.yaml")
    }
    #expect(text.contains("archive.measured"), "\(text)")
  }
}
