// Masks without spatial structure: an exact share is missing, or an exact number is observed.

import Foundation
import SextantArrays
import SextantGeometry

/// An exact share of the valid places is missing, chosen at random.
///
/// Of n valid vertices (or n valid entries of a channel, if channels are drawn separately) exactly round(share·n) are
/// missing, but at least one remains. If a range of shares is given, each field draws its own share uniformly from it.
package struct RandomMissing: Sendable, Equatable {
  /// The share that is missing, 0..<1.
  package var share: ClosedRange<Double>
  /// Whether each channel of a vertex is masked separately; otherwise all channels are missing or none.
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
    let count = MeasurementContext.missingCount(share: drawn, of: places.count)
    places.shuffle(using: &random)
    var isMissing = [Bool](repeating: false, count: isValid.count)
    for place in places.prefix(count) { isMissing[place] = true }
    return isMissing
  }
}

extension RandomMissing: MaskDesign {
  package var mayHide: Bool { share.upperBound > 0 }

  package func missingEntries(in context: MeasurementContext, using random: inout RandomStream) -> [Bool] {
    let channels = context.channelCount
    guard drawsChannelsApart else {
      return missing(among: context.isVertexValid, using: &random).repeatingEach(channels)
    }
    var isMissing = [Bool](repeating: false, count: context.entryCount)
    for channel in 0..<channels {
      let entries = stride(from: channel, to: context.entryCount, by: channels)
      let missing = missing(among: entries.map { context.isValid[$0] }, using: &random)
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

/// An exact number of vertices is observed, as by a network of stations, drawn with probability proportional to area.
///
/// Weighting by area prevents a concentration of stations where a latitude–longitude grid is dense. If fewer vertices
/// are valid, all of them are observed.
struct RandomStations: Sendable, Equatable {
  /// The number of observed vertices, at least 1.
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
        expected: "the number of observed vertices, at least 1", found: text.map { "'\($0)'" } ?? "nothing")
    }
    self.init(count: count)
  }
}

extension RandomStations: VertexMask {
  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) -> [Bool] {
    // The smallest of independent exponential times with these rates are a weighted sample without replacement.
    let areas = context.domain.areaWeights
    var times = context.validVertices.map { vertex in
      (time: -log(1 - random.uniform()) / max(areas[vertex], .leastNormalMagnitude), vertex: vertex)
    }
    times.sort { $0.time == $1.time ? $0.vertex < $1.vertex : $0.time < $1.time }
    var isMissing = [Bool](repeating: true, count: context.vertexCount)
    for (_, vertex) in times.prefix(count) { isMissing[vertex] = false }
    return isMissing
  }
}

extension RandomStations: CustomStringConvertible {
  var description: String { "stations:\(count)" }
}
