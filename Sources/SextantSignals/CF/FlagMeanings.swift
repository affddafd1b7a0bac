// The words of a flag variable by CF 3.5: flag_values names numbers, flag_masks names bits, and both together name
// numbers within some of the bits.

import Foundation

/// The meanings of the numbers of a flag variable.
public struct FlagMeanings: Sendable, Equatable {
  /// A word and the numbers for which it stands.
  public struct Flag: Sendable, Equatable {
    /// The word, such as "land".
    public let word: String
    /// The number that the word stands for; nil where the word names bits alone.
    public let value: Double?
    /// The bits that the word is about; nil where the word names a whole number.
    public let mask: UInt64?

    /// Whether the word holds for a number of the variable.
    func holds(for number: Double) -> Bool {
      guard let mask else { return number == value }
      let bits = FlagMeanings.bits(of: number) & mask
      return value.map { bits == FlagMeanings.bits(of: $0) & mask } ?? (bits != 0)
    }
  }

  /// The flags, in the order of the file.
  public let flags: [Flag]

  /// The flags of a variable; nil if its attributes name none, or not as many words as numbers.
  init?(of variable: NetCDFVariable) {
    let words = variable.words("flag_meanings")
    let (values, masks) = (variable.attribute("flag_values")?.numbers, variable.attribute("flag_masks")?.numbers)
    guard !words.isEmpty, values != nil || masks != nil,
      [values, masks].allSatisfy({ ($0?.count ?? words.count) == words.count })
    else { return nil }
    flags = words.indices.map { place in
      let mask: UInt64? = masks.map { Self.bits(of: $0[place]) }
      return Flag(word: words[place], value: values?[place], mask: mask)
    }
  }

  /// Labels with a word for each number.
  init(words: [Double: String]) {
    flags = words.sorted { $0.key < $1.key }.map { Flag(word: $0.value, value: $0.key, mask: nil) }
  }

  /// The words.
  public var words: [String] { flags.map(\.word) }

  /// The flag called `word`, in any case.
  public func flag(_ word: String) -> Flag? {
    flags.first { $0.word == word } ?? flags.first { $0.word.lowercased() == word.lowercased() }
  }

  /// The words by their numbers, for flags that are plain numbers.
  var wordsOfValues: [Double: String] {
    Dictionary(
      flags.filter { $0.mask == nil }.compactMap { flag in flag.value.map { ($0, flag.word) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// The bits of a whole number, negative ones in two's complement; none of a number that is not whole.
  static func bits(of number: Double) -> UInt64 {
    if number < 0 { return Int64(exactly: number).map(UInt64.init(bitPattern:)) ?? 0 }
    return UInt64(exactly: number) ?? 0
  }

  // MARK: What to leave out

  private static let goodWords = ["good", "best", "acceptable", "high_quality", "valid", "nominal", "reliable", "passed"]
  private static let denials = ["not_", "no_", "non_", "in", "un", "low_"]
  private static let badWords = ["bad", "worst", "poor", "fail"]

  /// Whether a word says that a value may be trusted; "probably_good" does, "not_good" and "invalid" do not.
  static func isGood(_ word: String) -> Bool {
    let word = word.lowercased()
    guard let good = goodWords.compactMap({ word.range(of: $0) }).first else { return false }
    return !denials.contains(where: word[..<good.lowerBound].hasSuffix) && !badWords.contains(where: word.contains)
  }

  /// The condition that leaves out what the words of `name` call worse than acceptable; nil where the words do not tell
  /// good from bad, or not by one comparison.
  func proposal(for name: String) -> MissingCondition? {
    let known = flags.filter { $0.mask == nil }
    func values(whereGood isGood: Bool) -> [Double] {
      known.filter { Self.isGood($0.word) == isGood }.compactMap(\.value).sorted()
    }
    let (good, bad) = (values(whereGood: true), values(whereGood: false))
    guard let least = good.first, let most = good.last, !bad.isEmpty else { return nil }
    if bad.allSatisfy({ $0 < least }) { return MissingCondition(name: name, comparison: .below, bound: least) }
    if bad.allSatisfy({ $0 > most }) { return MissingCondition(name: name, comparison: .above, bound: most) }
    return good.count == 1 ? MissingCondition(name: name, comparison: .unequal, bound: least) : nil
  }
}

/// A variable beside the fields that tells good values from bad ones, and the condition that leaves out the bad.
public struct QualityVariable: Sendable, Equatable {
  /// The name in the file.
  public let name: String
  /// What its numbers mean.
  public let meanings: FlagMeanings
  /// The condition that leaves out what is worse than acceptable.
  public let proposal: MissingCondition
}
