// Laws of every mask, run over all members of the family.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantMeasurement

@Suite("Laws of masks")
struct MaskLaws {
  static let texts = [
    "none", "random:0.6", "random:0.3-0.6", "random:0.55,channels=apart", "stations:50", "band:-20..20",
    "band:60..90", "swath:orbits=2", "swath:inclination=66,width=500km,orbits=2.5", "blocks:share=0.4,size=30",
    "blocks:share=0.2-0.7,size=10..40,shape=rectangle", "blocks:count=5,size=25", "cells:0.6,size=10", "clouds:length=2,time=3,missing=0.4-0.5", "land", "sea",
    "file:coverage.nc:observed", "random:0.5+land", "band:-10..10+random:30%+sea",
  ]
  static let domain = RegularSphere(step: 6)

  /// A field of two channels with a corner of invalid vertices and one channel missing here and there.
  static let isValid = (0..<domain.vertexCount).flatMap { vertex in
    [vertex % 17 != 3 && vertex > 130, vertex > 130]
  }
  static let isObservedInFile = (0..<domain.vertexCount).map { $0 % 3 == 0 }
  static let inputs = MeasurementInputs(
    landShare: (0..<domain.vertexCount).map { domain.point($0).longitude < 120 ? 1 : 0 },
    coverage: { path, variable in
      guard path == "coverage.nc", variable == nil || variable == "observed" else { throw NoSuchFile() }
      return isObservedInFile
    })
  private struct NoSuchFile: Error {}

  /// Whether each entry is observed under a mask.
  static func observed(_ text: String, seed: UInt64 = 1, isValid: [Bool] = isValid) throws -> [Bool] {
    var random = RandomStream(seed: seed)
    let context = try MeasurementContext(domain: domain, isValid: isValid, inputs: inputs)
    let operation = try AnyMeasurementDesign(text).draw(in: context, using: &random)
    let entries = Set(try #require(operation.selectedEntries))
    #expect(operation.inputCount == isValid.count && entries.count == operation.outputCount)
    return isValid.indices.map { entries.contains($0) }
  }

  @Test("only valid entries are observed, and at least one", arguments: texts)
  func observesValidEntries(text: String) throws {
    let isObserved = try Self.observed(text)
    #expect(isObserved.contains(true))
    #expect(zip(isObserved, Self.isValid).allSatisfy { !$0 || $1 })
  }

  @Test("one seed gives one mask", arguments: texts)
  func isDeterministic(text: String) throws {
    #expect(try Self.observed(text, seed: 3) == Self.observed(text, seed: 3))
  }

  @Test("another seed gives another mask where chance is involved", arguments: texts)
  func dependsOnSeed(text: String) throws {
    let isRandom = ["random", "stations", "swath", "blocks", "cells", "clouds"].contains { text.contains($0) }
    #expect(try (Self.observed(text, seed: 3) != Self.observed(text, seed: 4)) == isRandom)
  }

  @Test("channels are masked together unless asked otherwise", arguments: texts)
  func masksChannelsTogether(text: String) throws {
    let everywhere = [Bool](repeating: true, count: Self.isValid.count)
    let flags = try Self.observed(text, isValid: everywhere)
    let areTogether = stride(from: 0, to: flags.count, by: 2).allSatisfy { flags[$0] == flags[$0 + 1] }
    #expect(areTogether == !text.contains("apart"))
  }
}

@Suite("Each mask")
struct EachMask {
  static let everywhere = [Bool](repeating: true, count: MaskLaws.domain.vertexCount)

  static func observed(_ text: String, seed: UInt64 = 1) throws -> [Bool] {
    try MaskLaws.observed(text, seed: seed, isValid: everywhere)
  }

  static func missingShare(_ text: String, seed: UInt64 = 1) throws -> Double {
    Double(try observed(text, seed: seed).count { !$0 }) / Double(everywhere.count)
  }

  @Test("a random share is exact among the valid vertices", arguments: [0, 0.1, 0.6, 0.999, 0.99999])
  func randomShareIsExact(share: Double) throws {
    let isValid = (0..<MaskLaws.domain.vertexCount).map { $0 % 5 != 0 }
    let valid = isValid.count { $0 }
    let isObserved = try MaskLaws.observed("random:\(share)", isValid: isValid)
    #expect(isObserved.count { $0 } == max(1, valid - Int((share * Double(valid)).rounded())))
  }

  @Test("a range of shares is drawn uniformly, a field at a time")
  func sharesOfARangeSpread() throws {
    let shares = try (0..<100).map { try Self.missingShare("random:0.3-0.6", seed: UInt64($0)) }
    #expect(shares.allSatisfy { (0.299...0.601).contains($0) })
    #expect(abs(shares.reduce(0, +) / 100 - 0.45) < 0.02)
    #expect(shares.count { $0 < 0.375 } > 12 && shares.count { $0 > 0.525 } > 12)
  }

  @Test("channels apart have the exact share each")
  func channelsApartAreExact() throws {
    let count = MaskLaws.domain.vertexCount
    let flags = try MaskLaws.observed(
      "random:0.55,channels=apart", isValid: [Bool](repeating: true, count: 2 * count))
    for channel in 0..<2 {
      let missing = stride(from: channel, to: flags.count, by: 2).count { !flags[$0] }
      #expect(missing == Int((0.55 * Double(count)).rounded()))
    }
  }

  @Test("stations are as many as asked, and follow area rather than vertices")
  func stationsFollowArea() throws {
    var polar = 0
    for seed in 0..<20 {
      let flags = try Self.observed("stations:50", seed: UInt64(seed))
      #expect(flags.count { $0 } == 50)
      polar += flags.indices.count { flags[$0] && abs(MaskLaws.domain.point($0).latitude) > 60 }
    }
    // The caps poleward of 60° (from the cell edge at 63°) hold 11 % of the area, but 32 % of the vertices.
    #expect((70...150).contains(polar))
  }

  @Test("a band is missing to its very edges")
  func bandIncludesItsEdges() throws {
    let flags = try Self.observed("band:-18..24")
    for vertex in flags.indices {
      #expect(flags[vertex] == !(-18...24).contains(MaskLaws.domain.point(vertex).latitude))
    }
  }

  @Test("a polar orbit's swath sees what its width allows")
  func swathCoversItsArea() throws {
    let areas = MaskLaws.domain.areaWeights
    let seen = try (0..<5).map { seed in
      let flags = try Self.observed("swath:inclination=90,width=800km,orbits=1", seed: UInt64(seed))
      #expect(flags[0] && flags[flags.count - 1], "a polar orbit sees the poles")
      return flags.indices.reduce(0) { $0 + (flags[$1] ? areas[$1] : 0) } / (4 * .pi)
    }
    // One orbit is close to a great circle: it sees sin(width/2R) = 0.0627 of the sphere.
    #expect(abs(seen.reduce(0, +) / 5 - 0.0627) < 0.008)
  }

  @Test("a swath is all that lies within half its width of the track, found one by one in one thread")
  func swathEqualsDirectSearch() throws {
    let swath = SatelliteSwath(width: 700, orbitCount: 1.5)
    var random = RandomStream(seed: 6)
    var copy = random
    let context = try MeasurementContext(domain: MaskLaws.domain, isValid: Self.everywhere)
    let operation = try swath.draw(in: context, using: &random)
    let start = copy.uniform(in: 0..<2 * .pi)
    let track = swath.groundTrack(start: start, phase: copy.uniform(in: 0..<2 * .pi))
    let leastCosine = cos(350 / 6371.0)
    let direct = MaskLaws.domain.positions.map { place in
      track.contains { $0.x * place.x + $0.y * place.y + $0.z * place.z >= leastCosine }
    }
    #expect(operation.selectedEntries == direct.indices.filter { direct[$0] })
  }

  @Test("a tilted orbit sees nothing poleward of its inclination and half width")
  func swathStopsAtInclination() throws {
    let flags = try Self.observed("swath:inclination=50,width=600,orbits=5")
    let highest = flags.indices.filter { flags[$0] }.map { abs(MaskLaws.domain.point($0).latitude) }.max()
    #expect(try #require(highest) <= 50 + 300 / 111.19 + 0.01)
    #expect(flags.count { $0 } > 50)
  }

  @Test(
    "blocks meet their share exactly, from few connected holes",
    arguments: ["blocks:share=0.4,size=30", "blocks:share=0.4,size=30,shape=rectangle", "blocks:share=0.4,size=8"])
  func blocksMeetTheirShare(text: String) throws {
    let count = Double(Self.everywhere.count)
    #expect(try Self.missingShare(text) == (0.4 * count).rounded() / count)
  }

  @Test("missing vertices of blocks lie together, those of random masks do not")
  func blocksAreConnected() throws {
    func neighbourShare(_ text: String) throws -> Double {
      let flags = try Self.observed(text)
      let columns = MaskLaws.domain.columns
      let missing = flags.indices.filter { !flags[$0] }
      return Double(missing.count { !flags[($0 / columns) * columns + ($0 + 1) % columns] }) / Double(missing.count)
    }
    #expect(try neighbourShare("blocks:share=0.3,size=40") > 0.8)
    #expect(try neighbourShare("random:0.3") < 0.4)
  }

  @Test("cells are missing whole and meet their share within one cell")
  func cellsAreWhole() throws {
    let share = try Self.missingShare("cells:0.5,size=18")
    #expect(share >= 0.5 && share < 0.53)
  }

  @Test("land and sea divide the field; a file says what is observed")
  func landAndSeaDivide() throws {
    let land = try Self.observed("land")
    let sea = try Self.observed("sea")
    #expect(zip(land, sea).allSatisfy { $0 != $1 })
    #expect(try Self.observed("file:coverage.nc") == MaskLaws.isObservedInFile)
  }

  @Test("a combination observes what all its members observe")
  func combinationIntersects() throws {
    let both = try Self.observed("band:-20..20+land")
    let apart = zip(try Self.observed("band:-20..20"), try Self.observed("land")).map { $0 && $1 }
    #expect(both == apart)
  }
}
