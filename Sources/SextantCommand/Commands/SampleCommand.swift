// `sextant sample`: new fields from a prior, and the prior reported by itself.

import ArgumentParser
import Foundation
import Sextant

/// Draws fields from a trained prior, or says how good it is.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Draw fields from a trained prior, or report how well it knows fields that it was not shown.",
    discussion: """
      Examples:
        sextant sample RUN --count 8 --output samples.nc --pictures maps
        sextant sample RUN --prior gaussian --month 7 --output july.nc
        sextant sample RUN --report
        sextant sample RUN --report --fields test.nc

      RUN is the output folder of `sextant train` with a section `diffusion`. --report writes RUN/priors.json and
      RUN/priors.md: denoising error by level of noise and the bound of the log-density, beside the Gaussian's.
      """)

  @Argument(help: ArgumentHelp("The output folder of `sextant train`.", valueName: "run"), completion: .directory)
  var folder: String

  @Option(help: ArgumentHelp("How many fields are drawn.", valueName: "number"))
  var count = 8

  @Option(name: [.short, .long], help: ArgumentHelp("Where the fields go.", valueName: "file"))
  var output: String?

  @Option(help: "The prior: \(SampledPrior.allCases.map(\.rawValue).joined(separator: " or ")).")
  var prior = SampledPrior.diffusion

  @Option(help: "How the diffusion prior is sampled.")
  var method = PriorSamplingMethod.probabilityFlow

  @Option(help: ArgumentHelp("Steps from noise to field.", valueName: "number"))
  var steps = 100

  @Option(
    help: ArgumentHelp("The month whose climatology the fields have; the year's mean, if not given.", valueName: "1-12")
  )
  var month: Int?

  @Option(help: ArgumentHelp("Draw maps into this folder.", valueName: "folder"))
  var pictures: String?

  @Flag(help: "Report on the prior instead of drawing fields.")
  var report = false

  @Option(help: ArgumentHelp("Fields to report on; those that training held out, if not given.", valueName: "file"))
  var fields: String?

  @Option(help: "The seed of all random numbers.")
  var seed: UInt64 = 1

  @OptionGroup var options: OutputOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var format: FormatOptions

  func validate() throws {
    if count < 1 { throw ValidationError("--count \(count): at least 1 is needed.") }
    if steps < 1 { throw ValidationError("--steps \(steps): at least 1 is needed.") }
    if let month, !(1...12).contains(month) { throw ValidationError("--month \(month): expected 1 to 12.") }
    if !report, output == nil { throw ValidationError("Give --output FILE for the fields, or --report.") }
    if !report, fields != nil { throw ValidationError("--fields names fields to report on: give --report too.") }
  }

  func run() throws {
    machine.apply()
    let model = try Model(contentsOf: folder)
    let interruption = InterruptionSignals.interruption
    if report {
      let file = try fields.map { try SignalInput($0).open(for: model.space) }
      let (report, markdown) = try PriorReport(seed: seed).run(
        folder: folder, model: model, file: file, overwrite: options.overwrite, interruption: interruption)
      if format.json { try StandardOutput.json(report) } else { StandardOutput.line(markdown) }
    }
    guard let output else { return }
    let request = PriorSampling(
      prior: prior, count: count, steps: steps, method: method, month: month, seed: seed)
    let summary = try request.run(
      folder: folder, model: model, output: output, pictures: pictures, overwrite: options.overwrite,
      history: Provenance.line(CommandLine.arguments), progress: options.progress, interruption: interruption)
    if format.json {
      if !report { try StandardOutput.json(summary) }
      return
    }
    for file in summary.files { StandardOutput.line(file) }
    StandardOutput.line(
      "\(summary.count) field\(summary.count == 1 ? "" : "s") from the \(summary.prior), \(String(format: "%.2f", summary.secondsPerSample)) s a field"
    )
  }
}

extension SampledPrior: ExpressibleByArgument {}
extension PriorSamplingMethod: ExpressibleByArgument {}
