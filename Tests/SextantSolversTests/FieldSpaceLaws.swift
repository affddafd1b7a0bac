// Spaces and models: lists of the wrong length are typed errors, and a model with another part leaves the first one as it was.

import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantTestSupport
import Testing

@testable import SextantSolvers

@Suite struct FieldSpaceLaws {
  private let domain = Line(vertexCount: 4)

  @Test func listsOfTheWrongLengthAreNamed() throws {
    let variables = [Variable(name: "a"), Variable(name: "b")]
    func error(_ make: () throws(FieldSpaceError) -> FieldSpace) -> FieldSpaceError? {
      do {
        _ = try make()
        return nil
      } catch {
        return error
      }
    }
    #expect(error { () throws(FieldSpaceError) in try FieldSpace(domain: domain, variables: []) } == .noVariables)
    #expect(error { () throws(FieldSpaceError) in try FieldSpace(domain: domain, channelCount: 0) } == .noVariables)
    #expect(
      error { () throws(FieldSpaceError) in try FieldSpace(domain: domain, variables: variables, isInside: [true]) }
        == .wrongCount(what: "isInside", expected: 8, found: 1))
    #expect(
      error { () throws(FieldSpaceError) in try FieldSpace(domain: domain, variables: variables, landShare: [0, 0]) }
        == .wrongCount(what: "landShare", expected: 4, found: 2))
    #expect(
      error { () throws(FieldSpaceError) in try FieldSpace(domain: domain, variables: variables, transforms: []) }
        == .wrongCount(what: "transforms", expected: 2, found: 0))
    #expect(
      error { () throws(FieldSpaceError) in try FieldSpace(domain: domain, variables: variables, bounds: [nil]) }
        == .wrongCount(what: "bounds", expected: 2, found: 1))
  }

  @Test func landIsOwnOnlyWhereItIsSaid() throws {
    let variables = [Variable(name: "a")]
    let land: [Float] = [0, 0.4, 0.6, 1]
    #expect(try FieldSpace(domain: domain, variables: variables, landShare: land).ownLand == nil)
    #expect(
      try FieldSpace(domain: domain, variables: variables, landShare: land, hasOwnLand: true).ownLand
        == [false, false, true, true])
    #expect(try FieldSpace(domain: domain, variables: variables, hasOwnLand: true).ownLand == nil)
  }

  @Test func aModelNeverChanges() throws {
    let model = try SmallClimate.model()
    let diffusion = LearnedDiffusion(try model.prior.noisePredictor())
    let richer = model.with(diffusion: diffusion)
    #expect(model.parts == [.gaussian, .mixture] && richer.parts == [.gaussian, .mixture, .diffusion])
    #expect(richer.with(diffusion: nil).parts == model.parts)
    // With the noise predictor of its own modes, a method that needs a diffusion prior needs no setting.
    _ = try Method.ddnm.solver(for: richer)
    #expect(throws: MethodError.missingPart(.diffusion, model: "small")) { try Method.ddnm.solver(for: model) }
  }

  @Test func aPriorOfOtherStatesIsRefused() throws {
    let gaussian = try #require(try SmallClimate.model().gaussian)
    let other = try FieldSpace(domain: domain)
    #expect(throws: ModelPartError.self) { try Model(other, gaussian: gaussian) }
  }
}
