// Conversions that are certain, and those that must be refused.

import SextantSignals
import Testing

@Suite struct UnitsTests {
  @Test(arguments: [
    ("degC", "K", 20.0, 293.15), ("celsius", "kelvin", -273.15, 0), ("hPa", "Pa", 500, 50000),
    ("millibars", "hPa", 850, 850), ("m s**-1", "km/h", 1, 3.6), ("m**2 s**-2", "J/kg", 7, 7),
    ("degF", "degC", 212, 100), ("deg C", "K", 20, 293.15), ("degrees C", "degC", 7, 7), ("C", "K", 20, 293.15),
    ("K", "C", 293.15, 20), ("F", "C", 212, 100), ("Celcius", "K", 0, 273.15), ("Degrees  Celsius", "degF", 100, 212),
    ("° C", "K", 1, 274.15), ("C", "mC", 1, 1000), ("C", "C", 3, 3),
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
    #expect(throws: UnitsError.self) { try Units.convert([1], from: "C", to: "m") }
  }

  @Test func aMillimetreOfWaterIsAKilogramPerSquareMetre() throws {
    let rain = Variable(name: "r", standardName: "precipitation_flux")
    let day = try Units.line(from: "mm/day", to: "kg m-2 s-1", of: rain)
    #expect(abs(day.factor * 86400 - 1) < 1e-12 && day.offset == 0)
    let back = try Units.line(from: "kg m-2 s-1", to: "mm day-1", of: Variable(name: "pr"))
    #expect(abs(back.factor - 86400) < 1e-7)
    #expect(try Units.line(from: "m", to: "kg m-2", of: Variable(name: "tp")).factor.rounded() == 1000)
    // Not for what is not water, nor for what is not a depth of it.
    #expect(throws: UnitsError.self) { try Units.line(from: "mm/day", to: "kg m-2 s-1", of: Variable(name: "dust")) }
    #expect(throws: UnitsError.self) { try Units.line(from: "mm", to: "kg m-2 s-1", of: rain) }
  }

  @Test(arguments: [("dgC", "degC"), ("degrees_celcius", "degC"), ("kelvn", "kelvin"), ("pasacl", "pascal")])
  func misspeltUnitsAreGuessedAloud(text: String, meant: String) {
    let words = "\(UnitsError.uncertain(from: text, to: "K", unknown: text))"
    #expect(words.contains("did you mean \"\(meant)\"?"), "\(words)")
    #expect(!"\(UnitsError.uncertain(from: "flurbs", to: "K", unknown: "flurbs"))".contains("did you mean"))
  }
}
