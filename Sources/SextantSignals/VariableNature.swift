// What kind of quantity a variable is, as far as its names, its units and its values say: an amount with many zeros, a
// fraction between two bounds, a positive concentration, an angle, labels. A Gaussian field fits none of these, so this is
// said, with the line to write. It is a proposal: nothing is changed by it.

import Foundation
import SextantArrays
import SextantGeometry

/// The kind of a quantity, which decides how it can be filled.
public enum VariableNature: Sendable, Equatable {
  /// An amount that is never negative and often exactly 0, such as precipitation.
  case amount
  /// A positive quantity that varies over orders of magnitude, such as a concentration.
  case positive
  /// A share between 0 and `upper`, such as 1 or 100 %.
  case fraction(upper: Float)
  /// An angle, which is the same after a whole turn of `period`.
  case angle(period: Double)
  /// Labels, between which there is nothing.
  case category
  /// Any other quantity.
  case plain

  /// The range that the nature implies; nil for none.
  public var bounds: (minimum: Float?, maximum: Float?)? {
    switch self {
    case .amount, .positive: (0, nil)
    case .fraction(let upper): (0, upper)
    case .angle, .category, .plain: nil
    }
  }

  /// The transform that suits the nature, as written in settings; nil for none.
  public var transform: String? {
    switch self {
    case .amount: "censored"
    case .positive: "log"
    case .fraction: "censored"
    case .angle, .category, .plain: nil
    }
  }

  /// The nature that the standard name, the name and the units say, which must agree.
  public init(_ variable: Variable) {
    let words = VariableWords(variable)
    self =
      if words.isColour { .plain }
      else if words.isAmount { .amount }
      else if words.isFraction, let upper = words.upperBound { .fraction(upper: upper) }
      else if words.isAngle, let period = words.period { .angle(period: period) }
      else if words.isCategory, words.hasNoUnits { .category }
      else if words.isPositive { .positive }
      else { .plain }
  }

  /// The nature that names, units and values say.
  ///
  /// What the names say counts only if the values agree; without a word in the names, only values that leave little doubt
  /// count.
  public init(_ variable: Variable, values: ValueSummary) {
    let (named, words) = (VariableNature(variable), VariableWords(variable))
    self = values.agree(with: named) ? named : .plain
    guard self == .plain, !words.isColour, named == .plain, values.count >= 50 else { return }
    if words.hasNoUnits, values.areLabels {
      self = .category
    } else if words.hasNoUnits, values.least == 0, values.greatest == 1, values.shareAtLeast > 0.02,
      values.shareAtGreatest > 0.02
    {
      self = .fraction(upper: 1)
    } else if values.least == 0, values.shareAtLeast > 0.05, values.isContinuousToLeast, values.isSkewed {
      self = .amount
    } else if values.least > 0, values.greatest > 50 * values.median {
      self = .positive
    }
  }
}

/// The words of a variable's names and units that tell its nature.
private struct VariableWords {
  private let standardName, name, units: String

  init(_ variable: Variable) {
    standardName = variable.standardName?.lowercased() ?? ""
    name = variable.name.lowercased()
    units = variable.units.lowercased().trimmingCharacters(in: .whitespaces)
  }

  private func isNamed(_ names: Set<String>) -> Bool { names.contains(name) }
  private func mentions(_ parts: [String]) -> Bool { parts.contains { standardName.contains($0) } }

  var hasNoUnits: Bool { ["", "1"].contains(units) }

  var isColour: Bool {
    let base = name.split(separator: "_").last.map(String.init) ?? name
    return ["red", "green", "blue", "alpha", "r", "g", "b"].contains(base)
  }

  var isAmount: Bool {
    guard !units.hasPrefix("deg"), units != "k" else { return false }
    return mentions(["precipitation", "rainfall", "snowfall"]) && !standardName.contains("fraction")
      || isNamed(["pr", "prc", "tp", "precip", "precipitation", "rain", "rainfall", "prcp", "rr", "tot_prec", "snowfall"])
  }

  var isPositive: Bool {
    mentions(["concentration_of_", "specific_humidity", "humidity_mixing_ratio", "chlorophyll"])
      || isNamed(["chl", "chlor_a", "chlorophyll", "huss", "hus"])
  }

  var isFraction: Bool {
    mentions(["area_fraction", "relative_humidity", "cloud_fraction"])
      || isNamed([
        "siconc", "sic", "ice_conc", "aice", "sea_ice_fraction", "clt", "tcc", "cloud_cover", "hurs", "rh", "fapar",
      ])
  }

  /// 1 or 100, as the units say; nil for units that no fraction has.
  var upperBound: Float? {
    switch units {
    case "1", "", "(0 - 1)": 1
    case "%", "percent": 100
    default: nil
    }
  }

  var isAngle: Bool {
    standardName.hasSuffix("_direction") || standardName.contains("_from_direction") || standardName.contains("_to_direction")
      || standardName.contains("azimuth")
      || isNamed(["direction", "wdir", "wind_direction", "dir", "angle", "hue", "heading", "azimuth", "aspect"])
  }

  /// A whole turn in the units; nil for units that no angle has.
  var period: Double? {
    switch units {
    case "degree", "degrees", "deg", "°", "": 360
    case "rad", "radian", "radians": 2 * .pi
    default: nil
    }
  }

  var isCategory: Bool {
    standardName == "area_type" || mentions(["land_cover", "_type"])
      || isNamed(["label", "labels", "class", "category", "segment", "segmentation", "region", "type", "landcover"])
  }
}

/// What the observed values of a variable say about its nature.
public struct ValueSummary: Sendable {
  /// The number of values.
  public let count: Int
  /// The least, the middle and the greatest value, in the variable's units; 0 without values.
  public let least, median, greatest: Float
  /// The share of values that equal the least or the greatest value.
  public let shareAtLeast, shareAtGreatest: Double
  /// The number of distinct values.
  public let distinctCount: Int
  /// Whether all values are whole numbers.
  public let areWhole: Bool
  /// The smallest value above the least, in the variable's units; nil if there is none.
  private let second: Float?
  /// The median of the values above the least.
  private let medianAbove: Float
  private let meanAbove: Double

  /// Summarises the values that are finite.
  public init(_ values: some Sequence<Float>) {
    let sorted = values.filter(\.isFinite).sorted()
    count = sorted.count
    least = sorted.first ?? 0
    greatest = sorted.last ?? 0
    median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    let above = Array(sorted.drop { $0 == sorted.first })
    let low = sorted.count - above.count
    let high = sorted.reversed().prefix { $0 == sorted.last }.count
    shareAtLeast = sorted.isEmpty ? 0 : Double(low) / Double(sorted.count)
    shareAtGreatest = sorted.isEmpty ? 0 : Double(high) / Double(sorted.count)
    distinctCount = zip(sorted, sorted.dropFirst()).reduce(sorted.isEmpty ? 0 : 1) { $0 + ($1.0 < $1.1 ? 1 : 0) }
    areWhole = sorted.allSatisfy { $0.rounded() == $0 }
    second = above.first
    medianAbove = above.isEmpty ? 0 : above[above.count / 2]
    meanAbove = above.isEmpty ? 0 : above.reduce(0.0) { $0 + Double($1) } / Double(above.count)
  }

  /// Whether the values are few whole numbers, each of them often.
  var areLabels: Bool { areWhole && (2...64).contains(distinctCount) && count >= 10 * distinctCount }

  /// Whether the other values reach down to the least one, so that this is the end of an amount and not a mark for a gap.
  var isContinuousToLeast: Bool { second.map { $0 - least < 0.1 * (medianAbove - least) } ?? false }

  /// Whether large values lie much farther from the middle than small ones.
  var isSkewed: Bool { meanAbove - Double(least) > 1.3 * Double(medianAbove - least) }

  /// Whether values of this kind can be of a nature.
  func agree(with nature: VariableNature) -> Bool {
    guard count > 0 else { return true }
    switch nature {
    case .amount: return least >= 0
    case .positive: return least >= 0
    case .fraction(let upper): return least >= 0 && greatest <= 1.001 * upper && (upper == 1 || greatest > 1.5)
    case .angle(let period):
      let turn = Float(period)
      return (least >= 0 && greatest <= turn || least >= -0.5 * turn && greatest <= 0.5 * turn)
        && greatest - least > 0.25 * turn
    case .category: return areWhole && distinctCount <= 64
    case .plain: return true
    }
  }
}

extension VariableNature {
  /// What is to be said of the variables of a field that a Gaussian does not fit, with the line to write.
  ///
  /// - Parameters:
  ///   - signal: a field, whose observed values are looked at.
  ///   - handled: the names of variables for which a transform, labels or a period are given already.
  public static func remarks(on signal: Signal, handled: Set<String> = []) -> [Remark] {
    let channels = signal.variables.count
    return signal.variables.indices.compactMap { channel in
      let variable = signal.variables[channel]
      guard !handled.contains(variable.name) else { return nil }
      let values = signal.values.withUnsafeScalars { scalars in
        stride(from: channel, to: scalars.count, by: channels).filter { signal.isValid[$0] }.map { scalars[$0] }
      }
      let summary = ValueSummary(values)
      var nature = VariableNature(variable, values: summary)
      // Pixels are numbers of few levels, and a dark background is no amount: of images only a name counts.
      if signal.domain.isImage { nature = nature == VariableNature(variable) ? nature : .plain }
      return nature.remark(on: variable.name, summary)
    }
  }

  /// What is to be said of a variable of this nature; nil if a Gaussian fits it.
  ///
  /// - Parameters:
  ///   - name: the name of the variable.
  ///   - values: its observed values.
  public func remark(on name: String, _ values: ValueSummary) -> Remark? {
    func percent(_ share: Double) -> String { String(format: "%.2g %%", 100 * share) }
    func lines(_ transform: String, _ bounds: String) -> String {
      "Use --transform \(name)=\(transform) for a method without an archive, or `variables: {\(name): {transform: \(transform)}}` and `bounds: {\(name): {\(bounds)}}` in the settings of `sextant train`."
    }
    switch self {
    case .amount:
      return Remark(
        values.shareAtLeast > 0.05 ? .warning : .note, "nature",
        "\(name) looks like an amount that is never negative; \(percent(values.least == 0 ? values.shareAtLeast : 0)) of its observed values are exactly 0. A Gaussian field of it has negative values and no zeros. "
          + lines("censored", "min: 0"))
    case .positive:
      let transform = values.least > 0 ? "log" : "censored"
      return Remark(
        .note, "nature",
        "\(name) looks like a positive quantity that varies over orders of magnitude. A Gaussian field of it has negative values. "
          + lines(transform, "min: 0"))
    case .fraction(let upper):
      let atBounds = (values.least == 0 ? values.shareAtLeast : 0) + (values.greatest == upper ? values.shareAtGreatest : 0)
      let transform = atBounds > 0.01 ? "censored" : "logit"
      let range = "0 to \(upper == 1 ? "1" : "100 %")"
      return Remark(
        atBounds > 0.05 ? .warning : .note, "nature",
        "\(name) looks like a fraction from \(range); \(percent(atBounds)) of its observed values are exactly on a bound. A Gaussian field of it leaves that range. "
          + lines(transform, "min: 0, max: \(upper == 1 ? "1" : "100")"))
    case .angle(let period):
      return Remark(
        .warning, "nature",
        "\(name) looks like an angle, of which \(String(format: "%.4g", period)) is the same as 0. Its mean as a number is wrong near the ends of its range. Give --circular \(name)=\(String(format: "%.6g", period)), with a method without an archive.")
    case .category:
      return Remark(
        .warning, "nature",
        "\(name) looks like labels: its \(values.count) observed values are \(values.distinctCount) whole numbers. Between labels there is nothing. Give --categories \(name), with a method without an archive such as nearest or kriging."
      )
    case .plain: return nil
    }
  }
}
