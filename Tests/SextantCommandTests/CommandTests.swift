// The command line without running it: what is parsed, what is said of errors, and with which code the program ends.

import ArgumentParser
import Foundation
import Sextant
import Testing

@testable import SextantCommand

@Suite struct CommandTests {
  static let subcommands = SextantTool.configuration.subcommands

  static func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

  /// The error of parsing and validating `arguments`.
  static func error(_ arguments: [String]) -> (any Error)? {
    do {
      _ = try SextantTool.parseAsRoot(arguments)
      return nil
    } catch {
      return error
    }
  }

  @Test func everySubcommandExplainsItselfWithExamples() {
    for command in Self.subcommands {
      #expect(!command.configuration.abstract.isEmpty)
      #expect(command.configuration.discussion.contains("sextant \(command._commandName)"), "\(command)")
    }
  }

  @Test(arguments: ["--help", "doctor --help", "--version"]) func helpIsNoError(line: String) {
    let error = #expect(throws: (any Error).self) {
      var command = try SextantTool.parseAsRoot(Self.words(line))
      try command.run()
    }
    if let error { #expect(ProgramExit.code(for: error) == 0) }
  }

  @Test(arguments: ["doctor --thread 2", "doctor --threads 0", "doctor extra", "nothing"])
  func wrongArgumentsEndWith64(line: String) throws {
    #expect(ProgramExit.code(for: try #require(Self.error(Self.words(line)))) == 64)
  }

  @Test func usageErrorsNameTheProgramAndTheUsage() throws {
    let message = ProgramExit.message(for: try #require(Self.error(["doctor", "--thread", "2"])))
    #expect(message.hasPrefix("sextant: error: Unknown option '--thread'"))
    #expect(message.contains("Usage: sextant doctor"))
  }

  @Test func errorsOfTheLibrarySpeakForThemselves() {
    let error = FileError.missing(path: "a.nc")
    #expect(ProgramExit.message(for: error) == "sextant: error: a.nc: no such file.")
    #expect(ProgramExit.code(for: error) == 1)
    #expect(ProgramExit.code(for: InterruptionError()) == 130)
  }

  @Test(arguments: ["doctor", "impute a.nc"]) func workIsWorthARestart(line: String) {
    #expect(LinearAlgebraRepair.isWorthwhile(for: Self.words(line)))
  }

  @Test(arguments: ["", "--help", "--version", "impute -h", "help impute", "--generate-completion-script bash"])
  func textsAreNotWorthARestart(line: String) {
    #expect(!LinearAlgebraRepair.isWorthwhile(for: Self.words(line)))
  }

  /// A check that cannot be made is refused where it was asked for, and left out where it was not.
  @Test func aMethodThatFillsNoGapsHasNoCheck() throws {
    func request(_ more: String) throws -> Imputation {
      let command = try SextantTool.parseAsRoot(Self.words("impute a.tif --method noise2score --output b.tif \(more)"))
      return try #require(command as? ImputeCommand).request(for: nil)
    }
    #expect(throws: Never.self) { try request("") }
    #expect(throws: Never.self) { try request("--check 0") }
    #expect(throws: ValidationError.self) { try request("--check 0.1") }
  }

  /// A mask image needs to be told which of its pixels are missing, and the other way round, in the words of the options.
  @Test(arguments: [
    ("--missing-where white", "--missing-image"), ("--missing-image mask.png", "--missing-where white"),
    ("--missing-image mask.png --missing-where grey", "--missing-where grey: expected white or black"),
  ])
  func halfAMaskImageIsRefused(options: String, expected: String) throws {
    let line = "impute a.tif --method kriging --output b.tif " + options
    let message = ProgramExit.message(for: try #require(Self.error(Self.words(line))))
    #expect(message.contains(expected) && !message.contains("missing_where"), "\(message)")
    #expect(Self.error(Self.words("impute a.tif --method kriging --output b.tif --missing-image mask.png --missing-where black")) == nil)
  }

  /// Whatever may take long can be told how many threads it has.
  @Test(arguments: [
    "impute a.tif --method kriging -o b.tif", "degrade a.tif --noise 1 -o b.tif", "score a.tif --truth b.tif", "draw a.tif -o b.png",
  ])
  func threadsAreStatedInOneWay(line: String) throws {
    #expect(Self.error(Self.words(line + " --threads 2")) == nil)
    let error = try #require(Self.error(Self.words(line + " --threads 0")))
    #expect(ProgramExit.message(for: error).contains("--threads 0: at least 1 is needed"))
  }

  /// An answer is clipped where that is asked for.
  @Test func clippingIsAsked() throws {
    func clips(_ more: String) throws -> Bool {
      let command = try SextantTool.parseAsRoot(Self.words("impute a.tif --method kriging --output b.tif \(more)"))
      return try #require(command as? ImputeCommand).request(for: nil).clips
    }
    #expect(try !clips("") && clips("--clip"))
  }

  /// Numbers below 0 are values of an option, and what is wrong with them is said.
  @Test func negativeNumbersAreRefusedForWhatTheyAre() throws {
    for line in ["score a.tif --truth b.tif --peak -1", "draw a.tif --peak -1 -o b.png"] {
      #expect(ProgramExit.message(for: try #require(Self.error(Self.words(line)) ?? Self.failure(line))).contains("a number above 0 is needed"))
    }
    let degrading = try #require(Self.failure("degrade a.tif --noise -3 -o b.tif"))
    #expect(ProgramExit.message(for: degrading).contains("'-3': expected a number"))
    let command = try SextantTool.parseAsRoot(Self.words("impute a.tif --method kriging --noise -3 -o b.tif"))
    let imputing = try #require(command as? ImputeCommand)
    let error = #expect(throws: MeasurementError.self) { try imputing.request(for: nil) }
    #expect(error?.description.contains("'-3': expected a number") == true)
  }

  /// The error of running a line.
  private static func failure(_ line: String) -> (any Error)? {
    do {
      var command = try SextantTool.parseAsRoot(words(line))
      try command.run()
      return nil
    } catch {
      return error
    }
  }

  @Test func theDoctorTellsEveryLibrary() {
    let report = SystemReport()
    let text = DoctorCommand.text(of: report, coreBeforeRestart: "Haswell")
    for library in report.libraries { #expect(text.contains(library.name)) }
    #expect(text.contains("it had chosen Haswell") || report.betterLinearAlgebraCore != nil)
  }
}
