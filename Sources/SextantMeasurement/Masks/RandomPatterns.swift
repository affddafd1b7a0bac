// Masks without spatial structure: an exact share missing, an exact number observed.

import Foundation
import SextantArrays
import SextantGeometry

/// An exact share of the valid places missing, chosen at random.
///
/// Of n valid vertices (or, where channels are drawn apart, n valid entries of a channel) exactly round(share·n) are
/// missing, but at least one is left. A range of shares means that each field draws its own share uniformly.
public struct RandomMissing: Sendable, Equatable {
  /// The share that is missing, 0..<1.
  public var share: ClosedRange<Double>
  /// Whether each channel of a vertex is masked by itself; otherwise all channels or none.
  public var drawsChannelsApart: Bool

  public init(share: ClosedRange<Double>, drawsChannelsApart: Bool = false) {
    self.share = share
    self.drawsChannelsApart = drawsChannelsApart
  }

  static let kind = MeasurementDesignKind(
    name: "random", help: "an exact share is missing at random", example: "random:0.6"
  ) { try RandomMissing(&$0) }

  init(_ specification: inout DesignText) throws {
    guard let share = try specification.takeShares("share") else {
      throw specification.failure(expected: "the share that is missing", found: "nothing")
    }
    let channels = specification.takeText("channels") ?? "together"
    guard ["together", "apart"].contains(channels) else {
      throw specification.failure(expected: "channels=together or channels=apart", found: "'\(channels)'")
    }
    self.init(share: share, drawsChannelsApart: channels == "apart")
  }

  /// Whether each of the places is missing; invalid places are not counted.
  func missing(among isValid: [Bool], using random: inout RandomStream) -> [Bool] {
    var places = isValid.indices.filter { isValid[$0] }
    let drawn = share.lowerBound + (share.upperBound - share.lowerBound) * random.uniform()
    let count = MeasurementGround.missingCount(share: drawn, of: places.count)
    places.shuffle(using: &random)
    var isMissing = [Bool](repeating: false, count: isValid.count)
    for place in places.prefix(count) { isMissing[place] = true }
    return isMissing
  }
}

extension RandomMissing: MaskDesign {
  public var mayHide: Bool { share.upperBound > 0 }

  public func missingEntries(on ground: MeasurementGround, using random: inout RandomStream) -> [Bool] {
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
  public var description: String {
    "random:\(share.short(separator: "-"))\(drawsChannelsApart ? ",channels=apart" : "")"
  }
}

/// An exact number of vertices observed, as by a network of stations, drawn with probability proportional to area.
///
/// Weighting by area keeps stations from crowding where a latitude–longitude grid is dense. Where fewer vertices are
/// valid, all of them are observed.
public struct RandomStations: Sendable, Equatable {
  /// How many vertices are observed, at least 1.
  public var count: Int

  public init(count: Int) { self.count = count }

  static let kind = MeasurementDesignKind(
    name: "stations", help: "an exact number of vertices is observed", example: "stations:200"
  ) { try RandomStations(&$0) }

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
  public var description: String { "stations:\(count)" }
}
