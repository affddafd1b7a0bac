// Configurations: what is read, what is refused with which words and places, and what overrides do.

import Foundation
import SextantConfiguration
import SextantMeasurement
import SextantPriors
import SextantSolvers
import SextantStorage
import SextantTraining
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns

@Suite struct ConfigurationTests {
  static let example = """
    name: trial
    archive:
      files: [a.nc, b.nc]
      select: {level: 500, time: [2012-12, 2013-01]}
      exclude: {source: CCSM}
      part: first:0.8
    prior: {kind: eof, modes: 80}
    bounds:
      tas: {min: 180, max: 340}
    variables: {tas: {transform: logit}}
    evaluate:
      masks: random:60%
      noise: 0.5K
      fields: {part: last:0.2}
      scale: {tas: {peak: 118.27, origin: 202.66}}
    """

  static func parse(_ text: String, _ overrides: String...) throws -> RunConfiguration.Resolved {
    try RunConfiguration.parse(text, path: "run.yaml", overrides: overrides)
  }

  /// What reading `text` complains of.
  static func complaint(_ text: String, _ overrides: String...) -> String {
    do {
      _ = try RunConfiguration.parse(text, path: "run.yaml", overrides: overrides)
      return "no complaint"
    } catch {
      return "\(error)"
    }
  }

  @Test func everySectionIsRead() throws {
    let run = try Self.parse(Self.example).configuration
    #expect(run.name == "trial")
    #expect(run.archive.files == ["a.nc", "b.nc"])
    #expect(run.archive.select == ["level": ["500"], "time": ["2012-12", "2013-01"]])
    #expect(run.archive.exclude == ["source": ["CCSM"]])
    #expect(run.archive.part == .first(0.8) && run.evaluate.fields.part == .last(0.2))
    #expect(run.prior.kind == .modes && run.prior.modes == 80)
    #expect(run.bounds["tas"]?.maximum == 340)
    #expect(run.transforms == ["tas": .logit] && run.training.transforms == run.transforms)
    #expect(run.evaluate.masks.map(\.description) == ["random:0.6"])
    #expect(run.evaluate.scales["tas"]?.peak == 118.27)
    #expect(run.evaluate.samples == 128)
  }

  @Test func everySettingKnowsItsOrigin() throws {
    let settings = try Self.parse(Self.example, "prior.modes=7", "evaluate.draws=3").settings.settings
    func origin(_ key: String) -> String? { settings.first { $0.key == key }?.origin }
    #expect(origin("name") == "run.yaml:1:7")
    #expect(origin("prior.kind") == "run.yaml:7:15")
    #expect(origin("prior.modes") == "--set prior.modes=7")
    #expect(origin("evaluate.draws") == "--set evaluate.draws=3")
    #expect(origin("seed") == "default")
    #expect(Set(settings.map(\.key)).count == settings.count)
  }

  @Test func overridesReplaceAndAdd() throws {
    let run = try Self.parse(
      Self.example, "archive.files=[c.nc]", "bounds.pr.min=0", "prior={modes: 5}", "name=x=y",
      "seed=18446744073709551615"
    ).configuration
    #expect(run.archive.files == ["c.nc"])
    #expect(run.bounds["pr"]?.minimum == 0 && run.bounds["tas"]?.minimum == 180)
    #expect(run.prior.kind == .twoScale && run.prior.modes == 5)
    #expect(run.name == "x=y")
    #expect(run.seed == .max)
  }

  @Test func equalConfigurationsHaveEqualTexts() throws {
    func text(_ overrides: String...) throws -> String {
      try RunConfiguration.parse(Self.example, path: "run.yaml", overrides: overrides).configuration.canonicalText()
    }
    #expect(try text() == text())
    for change in ["prior.modes=7", "evaluate.methods=[eof]", "solvers.dps.step_size=0.3", "evaluate.draws=2"] {
      #expect(try text(change) != text(), "\(change)")
    }
  }

  @Test(arguments: [
    ("archive:\n  files: [a]\nprior:\n  mods: 3", "run.yaml:4:3: unknown key 'prior.mods'. Did you mean 'modes'?"),
    ("archive: {fils: [a]}", "run.yaml:1:11: unknown key 'archive.fils'. Did you mean 'files'?"),
    ("archive: {files: [a]}\nzzzzzzzz: 1", "Known here: name, seed, output"),
    (
      "archive: {files: [a]}\nprior: {modes: many}",
      "run.yaml:2:16: 'prior.modes': expected a whole number, found 'many'."
    ),
    ("archive: {files: [a]}\nprior: {modes: [1, 2]}", "expected a whole number, found a list of 2."),
    ("archive: {files: [a]}\nprior: {modes: -1}", "expected a whole number from 1 to 5000, found -1."),
    (
      "archive: {files: [a]}\nprior: {kind: gauss}",
      "expected one of eof, two-scale, mixture, matern, found 'gauss'."
    ),
    ("archive: {files: [a]}\nprior: eof", "'prior': expected a section of KEY: VALUE lines, found 'eof'."),
    (
      "archive: {files: [a]}\nland_mask: {variable: lsm}",
      "run.yaml:2:12: 'land_mask.file' is missing: expected a text."
    ),
    ("archive: {files: [a]}\nland_mask: {flie: x}", "unknown key 'land_mask.flie'. Did you mean 'file'?"),
    ("archive: {files: [a], part: first:1.5}", "run.yaml:1:29: 'archive.part'"),
    ("archive: {files: [a], part: most}", "expected all, first:SHARE"),
    (
      "archive: {files: [a]}\nevaluate: {noise: 0.5K, masks: [random:60%, rnadom:3]}",
      "run.yaml:2:32: 'evaluate.masks'"
    ),
    ("archive: {files: [a]}\nevaluate: {methods: [krigging]}", "expected one of climatology, nearest"),
    ("archive: {files: [\"${SEXTANT_UNSET}/a.nc\"]}", "SEXTANT_UNSET is not set"),
    ("archive: {files: [a]}\nevaluate: {scale: {t: {peak: 0}}}", "expected a number above 0, found 0.0."),
    (
      "archive: {files: [a]}\nbounds: {t: {min: 3, max: 2}}",
      "run.yaml:2:27: 'bounds.t.max': expected more than min (3.0), found 2.0."
    ),
    (
      "archive: {files: [a]}\nvariables: {t: {transform: sine}}",
      "run.yaml:2:28: 'variables.t.transform': expected one of none, log, logit, normal-score, censored, found 'sine'."
    ),
    (
      "archive: {files: [a]}\nbounds: {t: {min: 3}}\nvariables: {t: {transform: logit}}",
      "run.yaml:3:28: 'variables.t.transform': expected bounds.t with min and max beside a logit"
    ),
    (
      "archive: {files: [a]}\nprior: {kind: mixture, components: weeks}",
      "run.yaml:2:36: 'prior.components': expected source, month, source-month or clusters:K"
    ),
    ("archive: {files: [a]}\nprior: {components: month}", "expected kind: mixture beside it"),
    ("archive: {files: [a]}\nprior: {time: {modes: 30}}", "'prior.time.local' is missing"),
    ("archive: {files: [a]}\nprior: {time: {modes: 0, local: 7}}", "expected a number of hours above 0, found 0.0"),
    ("archive: {files: [a]}\nname: a\nname: b", "the key 'name' twice"),
    ("archive: [a", "not valid YAML"),
    ("name: &a x\noutput: {b: [}", "run.yaml:2:"),
  ]) func mistakesAreNamedWithTheirPlace(text: String, words: String) {
    let complaint = Self.complaint(text)
    #expect(complaint.contains(words), "\(complaint)")
  }

  @Test(arguments: [
    ("prior.modes", "there is no '='"),
    ("prior..modes=3", "is empty"),
    ("prior.mods=3", "--set prior.mods=3: unknown key 'prior.mods'. Did you mean 'modes'?"),
    ("prior.modes=x", "--set prior.modes=x: 'prior.modes': expected a whole number, found 'x'."),
    ("prior.modes=[", "not valid YAML"),
  ]) func mistakenOverridesAreNamed(text: String, words: String) {
    let complaint = Self.complaint(Self.example, text)
    #expect(complaint.contains(words), "\(complaint)")
  }

  @Test func emptyKeysAreDefaults() throws {
    let run = try Self.parse("archive: {files: [a]}\nprior:\nseed:\nevaluate: {samples: ~}").configuration
    #expect(run.seed == 1 && run.prior.modes == 150 && run.evaluate.samples == 128)
  }

  @Test func aMissingFileIsNamed() {
    #expect(throws: FileError.missing(path: "/nowhere/run.yaml")) {
      try RunConfiguration.load(path: "/nowhere/run.yaml")
    }
  }
}
