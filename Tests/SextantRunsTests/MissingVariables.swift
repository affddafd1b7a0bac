// Variables that are not everywhere: one that a field lacks as a whole, and one that the archive never has on land.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct MissingVariables {
  @Test(arguments: [Method.eof, .twoScale])
  func aVariableIsRecoveredFromAnother(method: Method) throws {
    let folder = try ScratchFolder()
    let truth = try SmallClimate.unseen(6)
    let cloudAlone = truth.mapping { $2 == 0 && $0 > 0 ? nil : $3 }
    try SmallClimate.observe(cloudAlone, mask: "none", noise: "tas=1K,clt=0.02", to: folder.path("in.nc"))
    let model = try SmallClimate.model()
    func errors(_ method: Method) throws -> Double {
      let path = folder.path("\(method.name).nc")
      _ = try Imputation(method: method, samples: 3).run(
        SignalInput(folder.path("in.nc")), model: model, output: path, overwrite: false, history: "test")
      let answers = try SmallClimate.values("tas", in: path).dropFirst()
      let wanted = truth.values(ofChannel: 0).dropFirst()
      let isObserved = try SmallClimate.values("tas_observed", in: path).map { $0.max() ?? 9 }
      #expect(isObserved == [1, 0, 0, 0, 0, 0])
      return zip(answers, wanted).map(rootMeanSquareDifference).reduce(0, +) / 5
    }
    let (joint, climatology) = (try errors(method), try errors(.climatology))
    #expect(joint < 0.95 * climatology, "\(joint) K, climatology \(climatology) K")
  }

  @Test func methodsWithoutAnArchiveLeaveAWhollyMissingVariableMissing() throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.unseen(1).mapping { $2 == 0 ? nil : $3 }
    try SmallClimate.observe(fields, to: folder.path("in.nc"))
    for method in [Method.nearest, .inverseDistance, .harmonic, .kriging] {
      let path = folder.path("\(method.name).nc")
      _ = try Imputation(method: method, samples: 2).run(
        SignalInput(folder.path("in.nc")), model: SmallClimate.model(), output: path, overwrite: false, history: "test")
      let cloud = try SmallClimate.values("clt", in: path)[0]
      #expect(!cloud.contains { $0.isNaN })
    }
    let nearest = try SmallClimate.values("tas", in: folder.path("nearest.nc"))[0]
    #expect(nearest.allSatisfy { $0.isNaN })
  }

  @Test(arguments: [Method].withoutNetworks)
  func aVariableOfTheSeaIsNeverFilledOnLand(method: Method) throws {
    let grid = try SmallClimate.grid()
    let isLand = SyntheticClimate().landShare(on: grid).map { $0 > 0.5 }
    let sea = try SmallClimate.fields().read(Array(0..<40)).mapping { _, vertex, channel, value in
      channel == 0 && isLand[vertex] ? nil : value
    }
    let model = try SmallClimate.model(of: sea)
    let folder = try ScratchFolder()
    // The file to be filled has values on land, where the archive has none.
    let path = try AnswerLaws.fill(SmallClimate.unseen(1), model: model, method: method, in: folder)
    for suffix in [""] + AnswerLaws.companions(of: method) {
      for values in try SmallClimate.values("tas\(suffix)", in: path) {
        #expect(zip(values, isLand).allSatisfy { $0.isNaN == $1 }, "\(suffix)")
      }
      for values in try SmallClimate.values("clt\(suffix)", in: path) {
        #expect(!values.contains { $0.isNaN })
      }
    }
  }
}
