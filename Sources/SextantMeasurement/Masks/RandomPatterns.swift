// Masks without spatial structure: an exact share missing, an exact number observed.

import Foundation
import SextantArrays
import SextantGeometry

/// An exact share of the valid places missing, chosen at random.
///
/// Of n valid vertices (or, where channels are drawn apart, n valid entries of a channel) exactly round(share·n) are
/// missing, but at least one is left. A range of shares means that each field draws its own share uniformly.
package struct RandomMissing: Sendable, Equatable {
  /// The share that is missing, 0..<1.
  package var share: ClosedRange<Double>
  /// Whether each channel of a vertex is masked by itself; otherwise all channels or none.
  package var drawsChannelsApart: Bool

  package init(share: ClosedRange<Double>, drawsChannelsApart: Bool = false) {
    self.share = share
    self.drawsChannelsApart = drawsChannelsApart
  }

  static let kind = MeasurementDesignKind(
    name: "random", help: "an exact share is missing at random", example: "random:0.6"
  ) { try RandomMissing(&$0) }

  init(_ specification: inout DesignText) throws {
    let share = try specification.takeRequiredShares("share")
    let channels = specification.takeText("channels") ?? "together"
    guard ["together", "apart"].contains(channels) else {
      throw specification.failure(expected: "channels=together or channels=apart", found: "'\(channels)'")
    }
    self.init(share: share, drawsChannelsApart: channels == "apart")
  }

  /// Whether each of the places is missing; invalid places are not counted.
  func missing(among isValid: [Bool], using random: inout RandomStream) -> [Bool] {
    var places = isValid.indices.filter { isValid[$0] }
    let drawn = random.uniform(in: share)
    let count = MeasurementGround.missingCount(share: drawn, of: places.count)
    places.shuffle(using: &random)
    var isMissing = [Bool](repeating: false, count: isValid.count)
    for place in places.prefix(count) { isMissing[place] = true }
    return isMissing
  }
}

extension RandomMissing: MaskDesign {
  package var mayHide: Bool { share.upperBound > 0 }

  package func missingEntries(on ground: MeasurementGround, using random: inout RandomStream) -> [Bool] {
    let channels = ground.channelCount
    guard drawsChannelsApart else {
      return missing(among: ground.isVertexValid, using: &random).repeatingEach(channels)
    }
    var isMissing = [Bool](repeating: false, count: ground.entryCount)
    for channel in 0..<channels {
      let entries = stride(from: channel, to: ground.entryCount, by: channels)
      let missing = missing(among: entries.map { ground.isValid[$0] }, using: &random)
      for (entry, flag) in zip(entries, missing) { isMissing[entry] = flag }
    }
    return isMissing
  }
}

extension RandomMissing: CustomStringConvertible {
  package var description: String {
    "random:\(share.short(separator: "-"))\(drawsChannelsApart ? ",channels=apart" : "")"
  }
}

/// An exact number of vertices observed, as by a network of stations, drawn with probability proportional to area.
///
/// Weighting by area keeps stations from crowding where a latitude–longitude grid is dense. Where fewer vertices are
/// valid, all of them are observed.
struct RandomStations: Sendable, Equatable {
  /// How many vertices are observed, at least 1.
  var count: Int

  static let kind = MeasurementDesignKind(
    name: "stations", help: "an exact number of vertices is observed", example: "stations:200"
  ) { try RandomStations(&$0) }

}

extension RandomStations {
  init(_ specification: inout DesignText) throws {
    let text = specification.takeText("count", orPositional: true)
    guard let text, let count = Int(text), count > 0 else {
      throw specification.failure(
        expected: "how many vertices are observed, at least 1", found: text.map { "'\($0)'" } ?? "nothing")
    }
    self.init(count: count)
  }
}

extension RandomStations: VertexMask {
  func missingVertices(on ground: MeasurementGround, using random: inout RandomStream) -> [Bool] {
    // The smallest of independent exponential times with these rates are a weighted draw without replacement.
    let areas = ground.domain.areaWeights
    var times = ground.validVertices.map { vertex in
      (time: -log(1 - random.uniform()) / max(areas[vertex], .leastNormalMagnitude), vertex: vertex)
    }
    times.sort { $0.time == $1.time ? $0.vertex < $1.vertex : $0.time < $1.time }
    var isMissing = [Bool](repeating: true, count: ground.vertexCount)
    for (_, vertex) in times.prefix(count) { isMissing[vertex] = false }
    return isMissing
  }
}

extension RandomStations: CustomStringConvertible {
  var description: String { "stations:\(count)" }
}
