// Options of an imputation that not every method can use. An option that the method at hand would ignore is refused, by one
// table: an answer is what was asked for, or there is none.

import SextantModels
import SextantSignals
import SextantSolvers

/// An option that only some methods can use.
public enum MethodOption: String, Sendable, CaseIterable, Encodable {
  case samples = "--samples"
  case quantiles = "--quantiles"
  case splitMembers = "--split-members"
  case landMask = "--land-mask"
  case saturation = "--saturation"

  /// Why a method cannot use the option; nil where it can.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - hasModel: whether it has a model, which brings a land mask of its own.
  ///   - masksNeedLand: whether a design of the request uses the land mask.
  func objection(to method: Method, hasModel: Bool, masksNeedLand: Bool) -> String? {
    switch self {
    case .samples, .quantiles, .splitMembers:
      method.traits.drawsSamples
        ? nil : "'\(method.name)' gives one answer and draws no samples. Leave the option out, or use a method that samples, such as kriging, eof or two-scale."
    case .saturation:
      method.takesSaturation
        ? nil : "'\(method.name)' cannot use values of which only a lower bound is known. Count them as missing (--missing), or use one of \([Method].standard.filter(\.takesSaturation).map(\.name).joined(separator: ", "))."
    case .landMask:
      if masksNeedLand {
        nil
      } else if hasModel {
        "the model has its own knowledge of the land. Leave the option out, or train the model with a land mask."
      } else if !method.traits.usesLand {
        "'\(method.name)' does not tell land from sea. Leave the option out, or use sparse-matern; --fill mask:FILE leaves cells out of the answer."
      } else {
        nil
      }
    }
  }
}

extension Imputation {
  /// Throws ``RunError`` for the first option that the method would ignore.
  func checkOptions(hasModel: Bool) throws {
    var given = requested
    if !quantileLevels.isEmpty { given.insert(.quantiles) }
    if splitsMembers { given.insert(.splitMembers) }
    if landMask != nil { given.insert(.landMask) }
    if saturation != nil { given.insert(.saturation) }
    for option in MethodOption.allCases where given.contains(option) {
      if let reason = option.objection(to: method, hasModel: hasModel, masksNeedLand: heldOut != nil || operation != nil) {
        throw RunError.invalid("\(option.rawValue): \(reason)")
      }
    }
    if splitsMembers || !quantileLevels.isEmpty, samples == 0 {
      throw RunError.invalid("\(splitsMembers ? "--split-members" : "--quantiles"): samples are needed, and --samples is 0.")
    }
  }
  /// Throws ``RunError`` for what is asked of angles or labels and has no meaning for them.
  func checkEncodings(of space: FieldSpace) throws {
    guard !quantileLevels.isEmpty, let channel = space.encodings.firstIndex(where: { $0 != .number }) else { return }
    throw RunError.invalid(
      "--quantiles: the values of '\(space.variables[channel].name)' are \(space.encodings[channel] == .labels ? "labels" : "angles"), which have no order. Leave the option out; the ensemble tells how sure the answer is.")
  }
}
