// Noise levels in all their spellings, and the simulated measurement: noise on observed entries alone.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import Testing

@Suite("Noise levels")
struct NoiseLevelTests {
  static let variables = [Variable(name: "t2m", units: "K"), Variable(name: "msl", units: "K")]

  @Test(
    "texts read as numbers with their units",
    arguments: [
      ("5.9K", NoiseLevel.constant(5.9, units: "K")), ("0.5 K", .constant(0.5, units: "K")),
      ("0.05", .constant(0.05, units: "")), ("1e-3K", .constant(0.001, units: "K")),
      ("2 m s-1", .constant(2, units: "m s-1")), ("5%", .percent(5)), ("7 %", .percent(7)), ("51/255", .percent(20)), ("1 / 4", .percent(25)),
      ("variable:obs_error", .variable("obs_error")),
    ])
  func readsTexts(text: String, level: NoiseLevel) throws {
    #expect(try NoiseLevel(text) == level)
    #expect(try NoiseLevel(level.description) == level)
    let data = try JSONEncoder().encode([level])
    #expect(try JSONDecoder().decode([NoiseLevel].self, from: data) == [level])
  }

  @Test("a number or a list in a configuration needs no quotes")
  func readsNumbers() throws {
    let levels = try JSONDecoder().decode([NoiseLevel].self, from: Data("[0.5, [0.25, 2], \"1 K\"]".utf8))
    #expect(levels == [.constant(0.5, units: ""), .values([0.25, 2]), .constant(1, units: "K")])
  }

  @Test("every level resolves to the variables' units, channel fastest")
  func resolves() throws {
    func resolve(_ level: NoiseLevel) throws -> [Float] {
      try level.standardDeviations(
        vertexCount: 2, variables: Self.variables, peaks: [100, 20], conversionFactor: { _, _ in 10 },
        read: { _ in [3, 4] })
    }
    #expect(try resolve(.constant(2, units: "K")) == [2, 2, 2, 2])
    #expect(try resolve(.constant(2, units: "dK")) == [20, 20, 20, 20])
    #expect(try resolve(.percent(5)) == [5, 1, 5, 1])
    #expect(try resolve(.variable("e")) == [3, 3, 4, 4])
    #expect(try resolve(.values([1, 2, 3, 4])) == [1, 2, 3, 4])
  }

  @Test("what cannot be resolved says why")
  func refuses() {
    func message(_ level: NoiseLevel) -> String {
      let error = #expect(throws: MeasurementError.self) {
        try level.standardDeviations(vertexCount: 5, variables: Self.variables)
      }
      return error?.description ?? ""
    }
    #expect(message(.constant(1, units: "degC")).contains("expected units 'K', found 'degC'"))
    #expect(message(.percent(5)).contains("'5%' needs the peak"))
    #expect(message(.variable("e")).contains("the variable 'e'"))
    #expect(message(.values([1, 2, 3])).contains("expected 5 entries, found 3"))
  }
}

@Suite("Simulated measurements")
struct SimulationTests {
  static let domain = RegularSphere(step: 10)

  static func field() -> Signal {
    var random = RandomStream(seed: 9)
    let count = domain.vertexCount
    var isValid = [Bool](repeating: true, count: 2 * count)
    isValid[7] = false
    return Signal(
      domain: domain, variables: NoiseLevelTests.variables, values: random.normals([count, 2]), isValid: isValid)
  }

  static func measure(_ text: String, noise: [Float]? = nil) throws -> SimulatedMeasurement {
    let field = field()
    var random = RandomStream(seed: 11)
    var maskRandom = random.split("mask")
    let operation = try AnyMeasurementDesign(text, kinds: DesignLaws.kinds)
      .draw(in: MeasurementContext(domain: domain, isValid: field.isValid), using: &maskRandom)
    return try Simulation.measure(
      field, by: operation, noise: noise ?? [Float](repeating: 0.5, count: field.values.count), using: &random)
  }

  @Test("noise falls on observed entries alone", arguments: ["none", "random:0.6", "random:0.99,channels=apart"])
  func noiseFallsOnObserved(text: String) throws {
    let measured = try Self.measure(text)
    let clean = Self.field().values.scalars
    for (entry, isObserved) in measured.isMeasured.enumerated() {
      #expect(isObserved ? measured.values[entry] != clean[entry] : measured.values[entry] == 0)
    }
    #expect(measured.isMeasured[7] == false, "an invalid entry is never observed")
    #expect(measured.measurement.count == measured.isMeasured.count { $0 })
  }

  @Test("the measurement and the V×C array tell the same")
  func agrees() throws {
    let measured = try Self.measure("random:0.5")
    let spread = measured.measurement.operation.applyAdjoint(
      Tensor(measured.measurement.values, shape: [1, measured.measurement.count]))
    #expect(spread.scalars == measured.values)
  }

  @Test("the noise has the standard deviation that was asked for, entry by entry")
  func noiseHasItsSize() throws {
    let count = 2 * Self.domain.vertexCount
    let measured = try Self.measure("none", noise: (0..<count).map { $0 % 2 == 0 ? 0.1 : 2 })
    let clean = Self.field().values.scalars
    for (channel, expected) in [(0, 0.1), (1, 2.0)] {
      let entries = stride(from: channel, to: count, by: 2).filter { measured.isMeasured[$0] }
      let variance = entries.reduce(0.0) { sum, entry in
        let noise = Double(measured.values[entry] - clean[entry])
        return sum + noise * noise / Double(entries.count)
      }
      #expect(abs(variance.squareRoot() / expected - 1) < 0.1)
    }
  }

  @Test("two masks of one stream see the same noise where they overlap")
  func noiseDoesNotDependOnMask() throws {
    let (few, all) = (try Self.measure("random:0.8"), try Self.measure("none"))
    for entry in few.isMeasured.indices where few.isMeasured[entry] {
      #expect(few.values[entry] == all.values[entry])
    }
  }

  @Test("an observed 0 and a missing entry differ")
  func zeroIsNotMissing() throws {
    let domain = RegularSphere(step: 90)
    let field = Signal(
      domain: domain, variables: [Variable(name: "x")], values: .zeros([domain.vertexCount, 1]),
      isValid: [Bool](repeating: true, count: domain.vertexCount))
    let mask = SelectionOperator(inputCount: domain.vertexCount, indices: [2])
    var random = RandomStream(seed: 1)
    let noise = [Float](repeating: .leastNormalMagnitude, count: domain.vertexCount)
    let measured = try Simulation.measure(field, by: mask, noise: noise, using: &random)
    #expect(measured.values.allSatisfy { abs($0) < 1e-30 })
    #expect(measured.isMeasured.indices.filter { measured.isMeasured[$0] } == [2] && measured.measurement.count == 1)
  }

  @Test("noise of 0 or NaN matters where it is observed, and nowhere else")
  func noiseIsChecked() throws {
    let count = 2 * Self.domain.vertexCount
    let isObserved = try Self.measure("random:0.5").isMeasured
    let bad = (0..<count).map { isObserved[$0] ? Float(1) : .nan }
    _ = try Self.measure("random:0.5", noise: bad)
    let error = #expect(throws: MeasurementError.self) {
      try Self.measure("none", noise: [Float](repeating: 0, count: count))
    }
    #expect(error?.description.contains("'t2m' at vertex 1") == true)
  }

  @Test("under a mask the coverage is 1 where an entry is measured and 0 elsewhere")
  func coverageOfAMask() throws {
    let measured = try Self.measure("random:0.5")
    #expect(measured.coverage == measured.isMeasured.map { $0 ? 1 : 0 })
  }

  @Test("a mask after a blur measures the blurred field, with the noise of a mask of the field itself")
  func masksOfBlurredFields() throws {
    let (blurred, plain) = (try Self.measure("ring|none"), try Self.measure("none"))
    #expect(blurred.coverage == nil && blurred.values.count == plain.values.count)
    let field = Self.field()
    let clean = zip(field.values.scalars, field.isValid).map { $1 ? $0 : 0 }
    let expected = RingBlur(count: clean.count).apply(Tensor(clean, shape: [1, clean.count])).scalars
    for entry in clean.indices {
      // Entry 7 is invalid: what the blur makes of it and of its neighbours is not measured.
      #expect(blurred.isMeasured[entry] == !(6...8).contains(entry))
      guard blurred.isMeasured[entry] else { continue }
      let (noise, other) = (blurred.values[entry] - expected[entry], plain.values[entry] - clean[entry])
      #expect(abs(noise - other) < 1e-5)
    }
  }

  @Test("an operator of another size than the field is refused, and so is noise of another size")
  func sizesAreChecked() throws {
    var random = RandomStream(seed: 1)
    let count = Self.field().values.count
    for (operation, noise) in [(SelectionOperator(all: count - 1), count - 1), (SelectionOperator(all: count), 3)] {
      #expect(throws: MeasurementError.self) {
        try Simulation.measure(
          Self.field(), by: operation, noise: [Float](repeating: 1, count: noise), using: &random)
      }
    }
  }
}
