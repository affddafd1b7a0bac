// Whether values obey the ranges that a configuration or a model gives their variables. A range in other units than the
// values', such as 0 to 1 for per cents, would silently clip all that is learned and answered.

import Foundation
import SextantSignals
import SextantSolvers

/// A count of the values of each variable that lie outside its range.
public struct BoundsCheck: Sendable {
  private let variables: [Variable]
  private let bounds: [ValueBounds?]
  /// What was counted so far.
  public private(set) var tally: Tally
  private var tallies: [Tally.Channel] { tally.channels }

  /// Counts of the values of each variable (C); those of several fields add up.
  public struct Tally: Sendable, Codable, Equatable {
    fileprivate struct Channel: Sendable, Codable, Equatable {
      var count = 0
      var outside = 0
      /// The least and the greatest value; nil of nothing.
      var least: Float?
      var greatest: Float?
    }
    fileprivate var channels: [Channel]

    /// No values of `channelCount` variables.
    public init(channelCount: Int) { channels = [Channel](repeating: Channel(), count: channelCount) }

    public static func + (a: Tally, b: Tally) -> Tally {
      var sum = a
      for (place, other) in b.channels.enumerated() {
        sum.channels[place].count += other.count
        sum.channels[place].outside += other.outside
        sum.channels[place].note(other.least)
        sum.channels[place].note(other.greatest)
      }
      return sum
    }
  }

  /// - Parameters:
  ///   - variables: the variables (C).
  ///   - bounds: the range of each (C), in its units; nil for a variable that may have any value.
  ///   - tally: what was counted before; nil for nothing.
  public init(_ variables: [Variable], bounds: [ValueBounds?], tally: Tally? = nil) {
    precondition(variables.count == bounds.count, "\(bounds.count) ranges for \(variables.count) variables")
    (self.variables, self.bounds) = (variables, bounds)
    self.tally = tally ?? Tally(channelCount: variables.count)
  }

  /// Counts a value of a channel.
  ///
  /// - Parameters:
  ///   - value: the value, in the variable's units.
  ///   - channel: the position of the variable among the channels.
  ///   - tolerance: how far beyond its range a value may be, such as five standard deviations of its noise.
  public mutating func note(_ value: Float, channel: Int, tolerance: Float = 0) {
    tally.channels[channel].count += 1
    tally.channels[channel].note(value)
    guard let range = bounds[channel], abs(range.clamp(value) - value) > tolerance else { return }
    tally.channels[channel].outside += 1
  }

  /// The tolerance for observed values whose noise is not known: as much as the range is wide.
  public func tolerance(ofChannel channel: Int) -> Float {
    guard let range = bounds[channel], let minimum = range.minimum, let maximum = range.maximum else { return 0 }
    return maximum - minimum
  }

  /// Throws ``RunError/invalid(_:)`` where more than 0.01 % of an archive's values lie outside their range, and one of
  /// them by more than a hundredth of the values' own range.
  public func checkArchive() throws {
    for channel in variables.indices {
      guard let (text, range) = breach(ofChannel: channel, share: 1e-4) else { continue }
      let (name, units) = (variables[channel].name, variables[channel].units)
      throw RunError.invalid(
        "bounds.\(name): \(text("of the archive's values")). \(Self.hint(range, of: name, in: units))")
    }
  }

  /// What to say of observed values outside the ranges of a model.
  ///
  /// - Parameters:
  ///   - path: the file of the values.
  ///   - model: the name of the model; nil where the ranges were given beside the file.
  /// - Returns: a warning for each variable of which less than a hundredth of the values lie outside.
  /// - Throws: ``RunError/invalid(_:)`` for the first variable of which more do.
  public func checkObservations(of path: String, model: String?) throws -> [Remark] {
    var remarks: [Remark] = []
    for channel in variables.indices {
      guard let (text, _) = breach(ofChannel: channel, share: 0) else { continue }
      let origin =
        model.map { "which the model '\($0)' was given. Answers stay inside. Check the units of the file, or train again with other bounds." }
        ?? "which --bounds gives. Answers stay inside. Give the range in the units of the file, or leave the option out."
      let what = "\(text("of the observed values of '\(variables[channel].name)'")), \(origin)"
      guard 100 * tallies[channel].outside <= tallies[channel].count else {
        throw RunError.invalid("\(path): \(what)")
      }
      remarks.append(Remark(.warning, "bounds", what))
    }
    return remarks
  }

  /// The words for values outside a range, with the range; nil where no more than a share of them is, or none by far.
  private func breach(
    ofChannel channel: Int, share: Double
  ) -> (text: (_ values: String) -> String, range: ValueBounds)? {
    let tally = tallies[channel]
    guard let range = bounds[channel], let low = tally.least, let high = tally.greatest,
      Double(tally.outside) > share * Double(tally.count)
    else { return nil }
    let width = (range.maximum ?? high) - (range.minimum ?? low)
    let excess = max(high - range.clamp(high), range.clamp(low) - low)
    guard excess > 0.01 * abs(width) else { return nil }
    let units = variables[channel].units
    let percent = String(format: "%.3g", 100 * Double(tally.outside) / Double(tally.count))
    let (least, greatest) = (Self.text(low), Self.text(high))
    return (
      { "\(percent) % \($0) lie outside \(range.text) (they are from \(least) to \(greatest) \(units))" }, range
    )
  }

  /// What to write instead: the same range in units in which it was probably meant.
  private static func hint(_ range: ValueBounds, of name: String, in units: String) -> String {
    let ends = [range.minimum.map { "min: \(text($0))" }, range.maximum.map { "max: \(text($0))" }].compactMap(\.self)
    let meant = units == "%" ? "\"1\"" : units == "1" ? "\"%\"" : "UNITS"
    return
      "Give the range in the variable's units\(units.isEmpty ? "" : " (\(units))"), or say those of the numbers: bounds: {\(name): {\(ends.joined(separator: ", ")), units: \(meant)}}."
  }

  private static func text(_ number: Float) -> String { String(format: "%.6g", Double(number)) }
}

extension BoundsCheck.Tally.Channel {
  /// Widens the range of the values by one.
  fileprivate mutating func note(_ value: Float?) {
    guard let value else { return }
    least = min(least ?? value, value)
    greatest = max(greatest ?? value, value)
  }
}

extension ValueBounds {
  /// The range in words, such as "the range from 0 to 1".
  package var text: String {
    func text(_ number: Float) -> String { String(format: "%.6g", Double(number)) }
    switch (minimum, maximum) {
    case (let minimum?, let maximum?): return "the range from \(text(minimum)) to \(text(maximum))"
    case (let minimum?, nil): return "the range from \(text(minimum)) up"
    case (nil, let maximum?): return "the range up to \(text(maximum))"
    case (nil, nil): return "no range"
    }
  }

  /// The same range in the units of a variable; unchanged where the range names no units.
  ///
  /// Throws `RunError.invalid(_:)` where its units are not those of the variable's quantity.
  public func converted(to variable: Variable) throws -> ValueBounds {
    guard let units else { return self }
    guard let line = try? Units.line(from: units, to: variable.units, of: variable) else {
      throw RunError.invalid(
        "bounds.\(variable.name): the range is in \"\(units)\", which cannot be converted to \"\(variable.units)\", the units of the archive.")
    }
    func end(_ value: Float?) -> Float? { value.map { Float(Double($0) * line.factor + line.offset) } }
    return ValueBounds(minimum: end(minimum), maximum: end(maximum))
  }
}
