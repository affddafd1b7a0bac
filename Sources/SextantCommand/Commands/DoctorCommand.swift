// `sextant doctor`: what this machine offers, and what to do where something is missing.

import ArgumentParser
import Foundation
import Sextant

/// Shows processor, libraries, fonts and tools.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Show what this machine offers and what is missing.",
    discussion: """
      Examples:
        sextant doctor
        sextant doctor --json
        SEXTANT_KERNELS=avx2 sextant doctor
      """)

  @OptionGroup var format: FormatOptions
  @OptionGroup var machine: MachineOptions

  func run() throws {
    machine.apply()
    let report = SystemReport()
    if format.json {
      try StandardOutput.json(report)
    } else {
      StandardOutput.line(Self.text(of: report, coreBeforeRestart: LinearAlgebraRepair.coreBeforeRestart))
    }
  }

  /// The report for people, one line a fact.
  static func text(of report: SystemReport, coreBeforeRestart: String?) -> String {
    var lines = [
      ("Sextant", ProgramVersion.current),
      ("processor", "\(report.processor), \(count(report.coreCount, "core")), \(report.bestInstructionSet.rawValue)"),
      ("loops", "\(report.chosenInstructionSet.rawValue) kernels, \(count(report.threadCount, "thread"))"),
      (
        "matrix products",
        "OpenBLAS \(report.linearAlgebraCore) kernels, \(count(report.linearAlgebraThreadCount, "thread"))"
          + verdict(report, coreBeforeRestart: coreBeforeRestart)
      ),
    ]
    lines += report.libraries.map { ($0.name, $0.version) }
    lines += (report.assets + report.tools).map { ($0.name, $0.isPresent ? $0.detail : "missing. \($0.detail)") }
    let space =
      report.temporaryBytesFree.map { String(format: "%.1f GB free", Double($0) / 1e9) } ?? "free space unknown"
    lines.append(("temporary files", "\(report.temporaryFolder), \(space)"))
    return lines.map { label, value in label.padding(toLength: 21, withPad: " ", startingAt: 0) + value }
      .joined(separator: "\n")
  }

  private static func verdict(_ report: SystemReport, coreBeforeRestart: String?) -> String {
    if let better = report.betterLinearAlgebraCore {
      let reason = OpenBLAS.isCoreTypeGiven ? " as \(OpenBLAS.coreTypeVariable) says" : ""
      return "\(reason); \(better) would be about twice as fast"
    }
    if let before = coreBeforeRestart { return " (it had chosen \(before); corrected by a restart)" }
    return ""
  }

  private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
