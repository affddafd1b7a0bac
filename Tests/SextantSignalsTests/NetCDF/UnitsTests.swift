// Conversions that are certain, and those that must be refused.

import SextantSignals
import Testing

@Suite struct UnitsTests {
  @Test(arguments: [
    ("degC", "K", 20.0, 293.15), ("celsius", "kelvin", -273.15, 0), ("hPa", "Pa", 500, 50000),
    ("millibars", "hPa", 850, 850), ("m s**-1", "km/h", 1, 3.6), ("m**2 s**-2", "J/kg", 7, 7),
    ("degF", "degC", 212, 100),
    ("K", " K ", 5, 5), ("ids", "ids", 3, 3), ("", "", 3, 3),
  ])
  func converts(from: String, to: String, value: Double, expected: Double) throws {
    let converted = try Units.convert([value], from: from, to: to)[0]
    #expect(abs(converted - expected) <= 1e-9 * max(1, abs(expected)))
  }

  @Test func refusesWhatIsNotCertain() {
    #expect(throws: UnitsError.incompatible(from: "K", to: "m")) { try Units.convert([1], from: "K", to: "m") }
    #expect(throws: UnitsError.uncertain(from: "", to: "K", unknown: "")) { try Units.convert([1], from: "", to: "K") }
    #expect(throws: UnitsError.uncertain(from: "K", to: "ids", unknown: "ids")) {
      try Units.convert([1], from: "K", to: "ids")
    }
    #expect(!Units.areConvertible("K", "") && Units.areConvertible("degC", "K"))
  }
}
