// The nature of a variable: names, units and values have to agree, values alone count only where they leave little doubt,
// and honest variables of every other kind are left alone.

import SextantArrays
import SextantGeometry
import SextantSignals
import Testing

@Suite struct VariableNatureTests {
  /// 400 values of each kind.
  static func draws(_ value: (inout RandomStream) -> Double) -> [Float] {
    var random = RandomStream(seed: 3)
    return (0..<400).map { _ in Float(value(&random)) }
  }

  static let temperature = draws { 280 + 8 * $0.normal() }
  static let rain = draws { max(0, 8e-5 * $0.normal()) }
  static let ice = draws { min(100, max(0, 50 + 60 * $0.normal())) }
  static let chlorophyll = draws { 0.2 * $0.uniform() + 0.01 }
  static let angles = draws { 360 * $0.uniform() }
  static let labels = draws { Double(Int(6 * $0.uniform())) }

  @Test func namesUnitsAndValuesAgree() {
    func nature(_ name: String, _ units: String, _ standardName: String?, _ values: [Float]) -> VariableNature {
      VariableNature(Variable(name: name, units: units, standardName: standardName), values: ValueSummary(values))
    }
    let cases: [(VariableNature, VariableNature)] = [
      (nature("pr", "kg m-2 s-1", "precipitation_flux", Self.rain), .amount),
      (nature("tp", "m", nil, Self.rain), .amount),
      (nature("siconc", "%", "sea_ice_area_fraction", Self.ice), .fraction(upper: 100)),
      (nature("siconc", "1", "sea_ice_area_fraction", Self.ice.map { $0 / 100 }), .fraction(upper: 1)),
      // A share of more than one is none, and negative rain is another quantity.
      (nature("siconc", "1", "sea_ice_area_fraction", Self.ice), .plain),
      (nature("pr", "kg m-2 s-1", "precipitation_flux", Self.rain.map { $0 - 1 }), .plain),
      (nature("chlor_a", "mg m-3", nil, Self.chlorophyll), .positive),
      (nature("wdir", "degree", "wind_from_direction", Self.angles), .angle(period: 360)),
      (nature("dir", "radians", nil, Self.angles.map { $0 * .pi / 180 }), .angle(period: 2 * .pi)),
      (nature("label", "", nil, Self.labels), .category),
      (nature("segment", "", nil, Self.angles), .plain),
      // Without a word in the names.
      (nature("x", "", nil, Self.labels), .category), (nature("x", "mm", nil, Self.rain.map { $0 * 1e5 }), .plain),
      (nature("x", "mm", nil, Self.rain.map { $0 * $0 * 1e9 }), .amount),
      (nature("confidence", "", nil, Self.ice.map { $0 / 100 }), .fraction(upper: 1)),
      // Honest quantities.
      (nature("t2m", "K", "air_temperature", Self.temperature), .plain),
      (nature("t2m", "K", nil, Self.temperature.map { $0.rounded() }), .plain),
      (nature("red", "", nil, Self.ice.map { $0 / 100 }), .plain),
      (nature("z", "", nil, Self.angles), .plain), (nature("x", "", nil, []), .plain),
    ]
    for (index, (found, expected)) in cases.enumerated() { #expect(found == expected, "case \(index)") }
  }

  /// Zeros that mark land in a temperature are no end of an amount.
  @Test func marksForGapsAreNoAmount() {
    let values = Self.temperature.enumerated().map { $0 % 4 == 0 ? 0 : $1 }
    #expect(VariableNature(Variable(name: "sst", units: "K"), values: ValueSummary(values)) == .plain)
  }

  @Test func remarksNameTheLineToWrite() throws {
    let grid = try LatitudeLongitudeGrid(
      latitudes: Array(stride(from: -57, through: 57, by: 6)), longitudes: Array(stride(from: 0, to: 360, by: 18)))
    let values = (0..<400).flatMap { [Self.rain[$0], Self.temperature[$0], Self.ice[$0], Self.angles[$0], Self.labels[$0]] }
    let variables = [
      Variable(name: "pr", units: "kg m-2 s-1"), Variable(name: "t2m", units: "K"), Variable(name: "siconc", units: "%"),
      Variable(name: "wdir", units: "degrees"), Variable(name: "soil_label"),
    ]
    let signal = Signal(
      domain: grid, variables: variables, values: Tensor(values, shape: [400, 5]),
      isValid: values.indices.map { $0 % 7 != 0 })
    let remarks = VariableNature.remarks(on: signal)
    let lines = ["--transform pr=censored", "--transform siconc=censored", "wdir looks like an angle", "soil_label looks like labels"]
    #expect(remarks.count == 4)
    for (remark, line) in zip(remarks, lines) {
      #expect(remark.text.contains(line) && remark.kind == .warning && remark.topic == "nature", "\(remark.text)")
    }
    #expect(VariableNature.remarks(on: signal, handled: ["pr", "siconc", "wdir", "soil_label"]).isEmpty)
  }

  /// A picture of few greys has no labels, and one with a dark background no amounts, unless it is called so.
  @Test func pixelsArePlainNumbers() throws {
    let grid = try ImageGrid(rows: 20, columns: 20)
    for values in [Self.labels, Self.rain] {
      func remarks(_ name: String) -> [Remark] {
        VariableNature.remarks(
          on: Signal(
            domain: grid, variables: [Variable(name: name)], values: Tensor(Array(values.prefix(400)), shape: [400, 1]),
            isValid: [Bool](repeating: true, count: 400)))
      }
      #expect(remarks("value").isEmpty && remarks("channel_1").isEmpty)
    }
    let named = VariableNature.remarks(
      on: Signal(
        domain: grid, variables: [Variable(name: "labels")], values: Tensor(Array(Self.labels.prefix(400)), shape: [400, 1]),
        isValid: [Bool](repeating: true, count: 400)))
    #expect(named.count == 1)
  }
}
