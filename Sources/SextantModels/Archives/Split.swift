// Which fields of a source are taken: all, the first or last share in order, or a random few and their
// complement, so that what is learned from and what is tested on can be told apart in one word each.

import Foundation
import SextantArrays

/// A part of a list of fields, as users write it.
public indirect enum Split: Sendable, Equatable, Codable, CustomStringConvertible {
  /// Every field.
  case all
  /// The first share of the fields, 0…1.
  case first(Double)
  /// The last share of the fields, 0…1: what `first` of one minus the share leaves.
  case last(Double)
  /// So many fields, chosen by the seed.
  case random(Int)
  /// All but those that `random` of the same number and seed takes.
  case exceptRandom(Int)
  /// So many fields, evenly spread.
  case evenly(Int)
  /// A part of the fields of another part.
  case part(Split, of: Split)

  /// Reads "all", "first:0.8", "last:0.2", "random:44", "except-random:44", "evenly:20" or one "of" another, such as
  /// "evenly:20 of last:0.2".
  public init(_ text: String) throws {
    if let of = text.range(of: " of ") {
      self = .part(try Split(String(text[..<of.lowerBound])), of: try Split(String(text[of.upperBound...])))
      return
    }
    let pieces = text.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
    let number = pieces.count == 2 ? Double(pieces[1]) : nil
    func count(_ number: Double?) -> Int? {
      number.flatMap { $0 >= 1 && $0 == $0.rounded() && $0 < 1e9 ? Int($0) : nil }
    }
    switch (pieces.first ?? "", number, count(number)) {
    case ("all", nil, _) where pieces.count == 1: self = .all
    case ("first", let share?, _) where share > 0 && share <= 1: self = .first(share)
    case ("last", let share?, _) where share > 0 && share <= 1: self = .last(share)
    case ("random", _, let count?): self = .random(count)
    case ("except-random", _, let count?): self = .exceptRandom(count)
    case ("evenly", _, let count?): self = .evenly(count)
    default:
      throw RunError.invalid(
        "'\(text)' names no part of the fields: expected all, first:SHARE, last:SHARE, random:COUNT, except-random:COUNT, evenly:COUNT or one of these of another, such as first:0.8 or evenly:20 of last:0.2."
      )
    }
  }

  public var description: String {
    switch self {
    case .all: "all"
    case .first(let share): "first:\(share)"
    case .last(let share): "last:\(share)"
    case .random(let count): "random:\(count)"
    case .exceptRandom(let count): "except-random:\(count)"
    case .evenly(let count): "evenly:\(count)"
    case .part(let part, let whole): "\(part) of \(whole)"
    }
  }

  public init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// The members of `indices` that belong to the part, in their order.
  public func members(of indices: [Int], seed: UInt64) -> [Int] {
    switch self {
    case .all: return indices
    case .first(let share): return Array(indices.prefix(Self.cut(share, indices.count)))
    case .last(let share): return Array(indices.dropFirst(Self.cut(1 - share, indices.count)))
    case .random(let count): return Self.chosen(count, of: indices, seed: seed).sorted()
    case .exceptRandom(let count):
      let out = Set(Self.chosen(count, of: indices, seed: seed))
      return indices.filter { !out.contains($0) }
    case .evenly(let count):
      guard count < indices.count else { return indices }
      return (0..<count).map { indices[count == 1 ? 0 : $0 * (indices.count - 1) / (count - 1)] }
    case .part(let part, let whole): return part.members(of: whole.members(of: indices, seed: seed), seed: seed)
    }
  }

  /// The part that this one leaves, and the part itself where that cannot be said or is nothing.
  public var complement: Split {
    switch self {
    case .first(let share) where share < 1: .last(((1 - share) * 1e9).rounded() / 1e9)
    case .last(let share) where share < 1: .first(((1 - share) * 1e9).rounded() / 1e9)
    case .random(let count): .exceptRandom(count)
    case .exceptRandom(let count): .random(count)
    case .all, .first, .last, .evenly, .part: self
    }
  }

  /// This part as one of test fields, where `learned` is learned from: evenly spread fields are spread over those that
  /// `learned` leaves.
  public func testing(_ learned: Split) -> Split {
    guard case .evenly = self, learned.complement != learned else { return self }
    return .part(self, of: learned.complement)
  }

  private static func cut(_ share: Double, _ count: Int) -> Int { Int((share * Double(count)).rounded()) }

  private static func chosen(_ count: Int, of indices: [Int], seed: UInt64) -> ArraySlice<Int> {
    var random = RandomStream(seed: seed).split("fields")
    return indices.shuffled(using: &random).prefix(count)
  }
}
