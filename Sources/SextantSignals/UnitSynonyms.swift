// Spellings of units that UDUNITS does not know or reads as something else, although what is meant is certain.

import Foundation
import SextantConfiguration

/// Other spellings of units.
enum UnitSynonyms {
  /// Letters that are coulomb and farad to UDUNITS, and degrees where the other unit is a temperature.
  static let bareTemperature = ["C": "degC", "F": "degF"]

  /// "degrees C" is a product of degrees and coulombs to UDUNITS.
  private static let spellings: [String: String] = {
    var result = ["celcius": "degC", "centigrade": "degC", "farenheit": "degF", "kelvins": "K"]
    for degree in ["deg", "degs", "degree", "degrees", "deg.", "°", "º", "˚"] {
      for (names, unit) in [
        (["c", "celsius", "celcius", "centigrade"], "degC"), (["f", "fahrenheit", "farenheit"], "degF"),
        (["k", "kelvin"], "K"),
      ] {
        for name in names { result["\(degree) \(name)"] = unit }
      }
    }
    for sign in ["º", "˚"] { (result["\(sign)c"], result["\(sign)f"], result["\(sign)k"]) = ("degC", "degF", "K") }
    for unit in ["mm", "cm", "m", "inches", "in"] {
      result["\(unit) per day"] = "\(unit)/day"
      result["\(unit) per hour"] = "\(unit)/hour"
    }
    return result
  }()

  /// The units as UDUNITS spells them; the text itself where it needs no other spelling.
  static func resolved(_ text: String) -> String {
    spellings[text.lowercased().split(separator: " ").joined(separator: " ")] ?? text
  }

  /// Units that are often meant, with their letters and spellings.
  private static let common = [
    "degC", "degF", "kelvin", "degree", "degrees_north", "degrees_east", "radian", "percent", "pascal", "hPa", "millibar",
    "m s-1", "km/h", "mm/day", "mm/hour", "kg m-2 s-1", "kg kg-1", "g kg-1", "mg m-3", "W m-2", "J m-2", "metre", "meter",
    "second", "hours", "celsius",
  ]

  /// What was probably meant by units that are unknown; nil where nothing is near.
  static func suggestion(for unknown: String) -> String? {
    let text = unknown.lowercased()
    if text.contains("cel") || text.hasPrefix("deg") && text.hasSuffix("c") { return "degC" }
    guard text.count > 2 else { return nil }
    let names = Dictionary(common.map { ($0.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    return NameSuggestion.nearest(to: text, among: common.map { $0.lowercased() })
      .flatMap { NameSuggestion.distance(text, $0) <= 2 ? names[$0] : nil }
  }

  /// Whether a variable is an amount of water: a millimetre of it is a kilogram per square metre.
  static func isWater(_ variable: Variable) -> Bool {
    let standardName = (variable.standardName ?? "").lowercased()
    let amounts = ["precipitation", "rainfall", "snowfall", "water_evapo", "runoff"]
    if amounts.contains(where: standardName.contains) { return true }
    let names: Set = [
      "pr", "prc", "prsn", "tp", "precip", "precipitation", "rain", "rainfall", "evspsbl", "mrro", "ro", "snowfall",
    ]
    return names.contains(variable.name.lowercased())
  }
}
