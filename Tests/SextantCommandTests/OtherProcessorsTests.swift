// The same commands as on lesser processors: OpenBLAS and our own loops are told by the environment to use what those have.
// A model that this processor learned must give them the same answers, to a hundredth of the answers' own spread, and so must
// one that they learn.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct OtherProcessorsTests {
  /// A processor by the kernels that it would use.
  struct Kernels: CustomTestStringConvertible {
    let openBLAS: String
    let own: Processor.InstructionSet
    var testDescription: String { "\(openBLAS), \(own.rawValue)" }
    var environment: [String: String] { [OpenBLAS.coreTypeVariable: openBLAS, "SEXTANT_KERNELS": own.rawValue] }
  }

  /// Without AVX-512, without AVX2, without AVX; those that this processor can act.
  static let kernels = [
    Kernels(openBLAS: "Haswell", own: .avx2), Kernels(openBLAS: "Sandybridge", own: .generic),
    Kernels(openBLAS: "Nehalem", own: .generic),
  ].filter { $0.openBLAS == "Nehalem" || Processor.bestInstructionSet >= .avx2 }

  @Test(arguments: kernels) func kernelsAreThoseAskedFor(kernels: Kernels) throws {
    let report = try #require(
      try Program.run("doctor", "--json", environment: kernels.environment).json as? [String: Any])
    #expect(report["linearAlgebraCore"] as? String == kernels.openBLAS)
    #expect(report["chosenInstructionSet"] as? String == kernels.own.rawValue)
  }

  @Test(arguments: kernels) func answersAreTheSame(kernels: Kernels) throws {
    let desk = try ProgramTests.Desk()
    try desk.train()
    for method in ["eof", "two-scale", "kriging", "sparse-matern"] {
      func impute(_ name: String, _ environment: [String: String]) throws -> String {
        let path = desk.path("\(method)-\(name).nc")
        let end = try Program.run(
          "impute", desk.path("obs.nc"), "--model", desk.path("RUN"), "--method", method, "--samples", "6", "--seed",
          "9", "-o", path, environment: environment)
        #expect(end.code == 0, "\(end.errors)")
        return path
      }
      try Self.compare(
        try impute("here", [:]), try impute("there", kernels.environment), ["", "_spread", "_ensemble"], method)
    }
  }

  @Test(arguments: kernels) func modelsLearnedElsewhereAnswerTheSame(kernels: Kernels) throws {
    let desk = try ProgramTests.Desk()
    func answer(_ name: String, _ environment: [String: String]) throws -> String {
      let arguments = ["train", desk.path("run.yaml"), "--set", "output=\(desk.path(name))", "--set", "name=here"]
      let trained = try Program(arguments, environment: environment).end()
      #expect(trained.code == 0, "\(trained.errors)")
      let end = try Program.run(
        "impute", desk.path("obs.nc"), "--model", desk.path(name), "--method", "two-scale", "--samples", "6", "--seed",
        "9", "-o", desk.path(name + ".nc"), environment: environment)
      #expect(end.code == 0, "\(end.errors)")
      return desk.path(name + ".nc")
    }
    // Samples follow the modes' signs, which no rule fixes.
    try Self.compare(try answer("here", [:]), try answer("there", kernels.environment), ["", "_spread"], "trained")
  }

  private static func compare(_ here: String, _ there: String, _ parts: [String], _ label: String) throws {
    for variable in SmallClimate.variables {
      let spreads = try SmallClimate.values(variable + "_spread", in: here).joined().filter { $0.isFinite && $0 > 0 }
      let typical = try #require(spreads.sorted().dropFirst(spreads.count / 2).first)
      for part in parts {
        let fields = try [here, there].map { Array(try SmallClimate.values(variable + part, in: $0).joined()) }
        try #require(!fields[0].isEmpty && fields[0].count == fields[1].count)
        #expect(zip(fields[0], fields[1]).allSatisfy { $0.isNaN == $1.isNaN })
        let worst = zip(fields[0], fields[1]).map { $0.isNaN ? 0 : abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 0.01 * typical, "\(label), \(variable)\(part): \(worst) beside a spread of \(typical)")
      }
    }
  }
}
