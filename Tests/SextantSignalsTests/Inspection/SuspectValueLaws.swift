// Numbers that stand for missing values are found in every format, whatever the number; honest data is left alone.

import Foundation
import SextantArrays
import SextantGeometry
@testable import SextantSignals
import SextantTestSupport
import Testing

@Suite struct SuspectValueLaws {
  /// Values of a smooth field with noise, `count` of them.
  static func honest(_ count: Int, mean: Double, deviation: Double, seed: UInt64 = 3) -> [Double] {
    var random = RandomStream(seed: seed)
    let noise: Tensor<Float> = random.normals([count])
    return noise.scalars.enumerated().map { (place: Int, number: Float) -> Double in
      let wave = sin(Double(place) / 40)
      return mean + deviation * (wave + Double(number))
    }
  }

  static func suspects(
    _ values: [Double], named: [Double] = [], of variable: Variable = Variable(name: "v")
  ) -> [SuspectValue] {
    var scan = ValueScan(named: named, range: PhysicalRange(of: variable))
    for value in values { scan.add(Double(Float(value))) }
    return scan.suspects(name: variable.name)
  }

  // MARK: What is found

  /// Every number that is used for missing values, as one value in a hundred and as half of all, alone and beside
  /// another one at the other end.
  @Test(
    arguments: [-99.9, -999, -9999, -99999, 9999, 1e20, 1e30, 1e35, -1e30, -32768, 9.969209968386869e36],
    [0.002, 0.01, 0.5, 0.95])
  func fillValuesAreFoundAndStop(fill: Double, share: Double) throws {
    for (count, mean, deviation) in [(800, 285.0, 12.0), (40000, 15, 8), (3000, 0.3, 0.01)] {
      var values = Self.honest(count, mean: mean, deviation: deviation)
      let filled = max(1, Int(share * Double(count)))
      for place in 0..<filled { values[(place * 7919) % count] = fill }
      let placed = values.count { $0 == fill }
      let found = Self.suspects(values)
      #expect(found.count == 1 && found.first?.count == placed && found.first?.isGrave == true)
      #expect(found.first.map { Float($0.value) } == Float(fill))
      // The proposed condition means just these values, also in single precision.
      let condition = try MissingCondition(try #require(found.first).condition.description)
      let excluded = values.filter { condition.holds(for: Double(Float($0))) }
      #expect(excluded.count == placed && excluded.allSatisfy { $0 == fill })
      guard share < 0.9 else { continue }
      let other = fill < 0 ? 1e34 : -8888.0
      for place in 0..<filled { values[(place * 7907 + 3) % count] = other }
      let both = Set(Self.suspects(values).filter(\.isGrave).map { Float($0.value) })
      #expect(both.contains(Float(fill)) || !values.contains(fill))
      #expect(filled < max(20, count / 200) || both.contains(Float(other)))
    }
  }

  @Test func zerosOnLandAreFound() {
    var values = Self.honest(800, mean: 285, deviation: 8)
    for place in 0..<240 { values[place] = 0 }
    let zeros = Self.suspects(values, of: Variable(name: "sst", units: "K"))
    #expect(zeros.count == 1 && zeros.allSatisfy { $0.isGrave && $0.value == 0 && $0.count == 240 })
    // In degrees the zeros lie among the others, so they are pointed out and nothing stops.
    values = Self.honest(800, mean: 8, deviation: 8)
    for place in 0..<240 { values[place] = 0 }
    let found = Self.suspects(values, of: Variable(name: "sst", units: "degC"))
    #expect(found.map(\.reason) == [.repeated] && found.allSatisfy { $0.value == 0 && !$0.isGrave })
  }

  @Test func valuesThatTheUnitsForbidAreFound() {
    for (units, scale, zero) in [("K", 1.0, 0.0), ("degC", 1, -273.15), ("degF", 1.8, -459.67)] {
      var values = Self.honest(1000, mean: 285 * scale + zero, deviation: 8)
      for place in 0..<40 { values[place * 11] = zero - 300 - Double(place) }
      let found = Self.suspects(values, of: Variable(name: "t2m", units: units))
      #expect(found.contains { $0.reason == .impossible && $0.count == 40 && $0.isGrave }, "\(units): \(found.map(\.text))")
    }
    let ice = Self.suspects(
      Array(stride(from: 0.0, to: 100, by: 0.1)),
      of: Variable(name: "siconc", units: "1", standardName: "sea_ice_area_fraction"))
    #expect(ice.contains { $0.reason == .impossible })
  }

  @Test func numbersThatTheFileNamesAreFound() {
    var values = Self.honest(1000, mean: 10, deviation: 5)
    values[17] = 11.5
    let found = Self.suspects(values, named: [11.5, 77])
    #expect(found.map(\.reason) == [.named] && found.allSatisfy { $0.value == 11.5 && $0.count == 1 && $0.isGrave })
  }

  // MARK: What is left alone

  /// Honest values, with what they are.
  struct Family: Sendable {
    let title: String
    let variable: Variable
    let values: [Double]
  }

  static let honestFamilies: [Family] = {
    let normal = honest(4000, mean: 0, deviation: 1)
    let uniform: [Double] = (0..<4000).map { (place: Int) -> Double in Double((place * 7919) % 4000) / 4000 }
    var families: [Family] = []
    func add(
      _ title: String, _ units: String, _ source: [Double], name: String = "v", standardName: String? = nil,
      _ value: (Double) -> Double
    ) {
      let variable = Variable(name: name, units: units, standardName: standardName)
      families.append(Family(title: title, variable: variable, values: source.map(value)))
    }
    func clipped(_ value: Double, to upper: Double) -> Double { min(upper, max(0, value)) }
    func rain(_ value: Double) -> Double { max(0, exp(1.5 * value) - 1.5) }
    add("temperature", "K", normal) { 280 + 10 * $0 }
    add("anomalies in kelvin", "K", normal, name: "anomaly") { $0 }
    add("precipitation with dry places", "mm/day", normal, standardName: "lwe_precipitation_rate") { 3 * rain($0) }
    add("precipitation flux", "kg m-2 s-1", normal, standardName: "precipitation_flux") { 3e-5 * rain($0) }
    add("rain at one place", "mm", uniform) { $0 < 0.99 ? 0 : 1000 * ($0 - 0.98) }
    add("ice in per cent", "%", normal, standardName: "sea_ice_area_fraction") { clipped(50 + 80 * $0, to: 100) }
    add("ice, mostly none", "1", uniform) { $0 < 0.95 ? 0 : $0 < 0.97 ? 50 * ($0 - 0.95) : 1 }
    add("clipped humidity", "%", normal, standardName: "relative_humidity") { clipped(85 + 20 * $0, to: 100) }
    add("saturated colours", "", normal) { clipped((60 + 90 * $0).rounded(), to: 255) }
    add("labels", "", uniform) { ($0 * 7).rounded(.down) }
    add("a mask", "", uniform) { $0 < 0.99 ? 0 : 1 }
    add("packed numbers", "K", normal) { 0.5 * (560 + 20 * $0).rounded() }
    add("elevations", "m", normal) { max(0, 900 * ($0 - 0.3)) }
    add("depths", "m", uniform) { 9000 * $0 - 6000 }
    add("chlorophyll", "mg m-3", normal) { exp(2 * $0) }
    add("a constant", "", uniform) { _ in 3 }
    add("one storm", "m s-1", normal + [56]) { 5 + $0 }
    add("nothing", "", []) { $0 }
    return families
  }()

  @Test(arguments: honestFamilies.indices) func honestDataIsLeftAlone(index: Int) {
    let family = Self.honestFamilies[index]
    #expect(Self.suspects(family.values, of: family.variable).map(\.text) == [], "\(family.title)")
  }

  // MARK: In files

  /// Fields with a fill value in some places, written in a format, are refused at the door unless the condition that
  /// the refusal names is given, or the values are accepted.
  @Test(arguments: FormatCase.all, [-9999.0, -999]) func everyFormatIsChecked(format: FormatCase, fill: Double) throws {
    let folder = try ScratchFolder()
    var fields = try format.fields(channels: 1)
    let size = fields.vertexCount
    let filled = (0..<fields.values.count).filter { $0 % 5 == 1 && fields.isValid[$0] }
    fields.values.withUnsafeMutableScalars { values in for entry in filled { values[entry] = Float(fill) } }
    let path = folder.path("in.\(format.ending)")
    _ = try format.write(.fields(fields.count), of: fields, to: path)
    func open(_ missing: [MissingCondition] = [], accepting: Bool = false) throws -> any SignalDocument {
      try FormatCase.formats.open(
        SignalRequest(path: path, variables: ["heat"], domain: format.domain(), missing: missing, acceptsValues: accepting))
    }
    let text = complaint { _ = try open() }
    let condition = try MissingCondition("heat=\(Int(fill))")
    #expect(text.contains("'\(condition)'") && text.contains("--accept-values") && text.contains(path), "\(text)")
    let left = try open([condition]).read(Array(0..<fields.count))
    #expect(left.isValid.indices.filter { fields.isValid[$0] && !left.isValid[$0] } == filled)
    let accepted = try open(accepting: true)
    #expect(try accepted.read(Array(0..<fields.count)).isValid == fields.isValid && !accepted.remarks.isEmpty)
    // An array does not say that it is of images.
    guard !(format.isImage && format.ending == "npy") else { return }
    let inspection = try FormatCase.formats.inspect(InspectionRequest(path: path)).description
    #expect(inspection.contains("is \(Int(fill)) in \(filled.count) of"), "\(inspection) \(size)")
  }

  /// A fill value that first occurs behind the fields that are looked at when the file is opened.
  @Test func laterFieldsAreCheckedAsTheyAreRead() throws {
    let folder = try TestFolder()
    var values: [Double] = (0..<720).map { (place: Int) -> Double in 280.0 + Double(place % 60) }
    values[11 * 60 + 5] = -9999
    let path = try folder.write(
      dimensions: ["time": 12, "latitude": 6, "longitude": 10],
      [
        .time(Array(stride(from: 0.0, to: 288, by: 24))), .latitude([0, 10, 20, 30, 40, 50]),
        .longitude([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]),
        TestVariable("t", .float, ["time", "latitude", "longitude"], values, ["units": .text("K")]),
      ])
    let document = try FormatCase.formats.open(SignalRequest(path: path))
    _ = try document.read(Array(0..<11))
    let text = complaint { _ = try document.read([11]) }
    #expect(text.contains("2000-01-12") && text.contains("--missing 't=-9999'"), "\(text)")
  }

  @Test func attributesThatHoldNoNumberAreNamed() throws {
    let folder = try TestFolder()
    func file(_ attributes: [String: NetCDFAttributeValue], global: [String: NetCDFAttributeValue] = [:]) throws -> String {
      var values = Self.honest(60, mean: 280, deviation: 5)
      values[4] = -99.9
      return try folder.write(
        "\(UUID().uuidString).nc", dimensions: ["latitude": 6, "longitude": 10],
        [
          .latitude([0, 10, 20, 30, 40, 50]), .longitude([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]),
          TestVariable("t", .float, ["latitude", "longitude"], values, attributes.merging(["units": .text("K")]) { $1 }),
        ], global: global)
    }
    for text in ["-99.9", "-99.9f", " -99.9F ", "-99.9, 1e30", "\"-99.9\""] {
      let path = try file(["missing_value": .text(text)])
      #expect(try FileInspection(path: path).problems == [], "\(text)")
      #expect(try FormatCase.formats.open(SignalRequest(path: path)).read([0]).isValid.count { !$0 } == 1, "\(text)")
    }
    let problems = try FileInspection(path: file(["missing_value": .text("none")])).problems
    #expect(problems.contains { $0.contains("missing_value") && $0.contains("\"none\"") })
    let path = try file([:], global: ["missing_value": .numbers([-99.9], .float)])
    #expect(try FileInspection(path: path).problems.contains { $0.contains("calls this number missing") })
    let document = try FormatCase.formats.open(SignalRequest(path: path, missing: [MissingCondition("t=-99.9")]))
    #expect(try document.read([0]).isValid.count { !$0 } == 1)
  }
}
