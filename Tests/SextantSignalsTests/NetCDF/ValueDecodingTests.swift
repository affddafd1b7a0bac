// Packing and gaps, case by case, by the NetCDF User's Guide and CF 2.5.

import SextantArrays
import SextantSignals
import Testing

@Suite struct ValueDecodingTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let type: NetCDFType
    let stored: [Double]
    let attributes: [String: NetCDFAttributeValue]
    /// nil where missing.
    let values: [Float?]
  }

  static let cases: [Case] = [
    Case(
      testDescription: "packed shorts with a fill value", type: .short, stored: [-32767, 0, 100, -100],
      attributes: [
        "scale_factor": .numbers([0.01], .double), "add_offset": .numbers([273.15], .double),
        "_FillValue": .numbers([-32767], .short),
      ], values: [nil, 273.15, 274.15, 272.15]),
    Case(
      testDescription: "unsigned bytes in a signed type", type: .byte, stored: [-1, -2, 0, 127],
      attributes: [
        "_Unsigned": .text("true"), "_FillValue": .numbers([-1], .byte), "scale_factor": .numbers([0.5], .float),
      ], values: [nil, 127, 0, 63.5]),
    Case(
      testDescription: "several missing values of another type", type: .short, stored: [-99, -88, 5, -77],
      attributes: ["missing_value": .numbers([-99, -88], .double)], values: [nil, nil, 5, -77]),
    Case(
      testDescription: "a missing value in unpacked units", type: .short, stored: [10, 20, 30, 40],
      attributes: ["scale_factor": .numbers([0.25], .double), "missing_value": .numbers([7.5], .double)],
      values: [2.5, 5, nil, 10]),
    Case(
      testDescription: "default fill values", type: .float, stored: [9.969209968386869e36, 1, 2, 3], attributes: [:],
      values: [nil, 1, 2, 3]),
    Case(
      testDescription: "a fill value and a missing value of floats", type: .float, stored: [-99, -88, 5, .nan],
      attributes: ["_FillValue": .numbers([-99], .float), "missing_value": .numbers([-88], .float)],
      values: [nil, nil, 5, nil]),
    Case(
      testDescription: "more missing values of floats than have a place", type: .float, stored: [-99, -88, 5, -77],
      attributes: ["_FillValue": .numbers([-99], .float), "missing_value": .numbers([-88, -77], .float)],
      values: [nil, nil, 5, nil]),
    Case(
      testDescription: "default fill value of integers", type: .int, stored: [-2147483647, 1, 2, -2147483648],
      attributes: [:], values: [nil, 1, 2, -2147483648]),
    Case(
      testDescription: "bytes have no default fill value", type: .byte, stored: [-127, -128, 0, 127], attributes: [:],
      values: [-127, -128, 0, 127]),
    Case(
      testDescription: "a fill value of one's own replaces the default", type: .short, stored: [-32767, -1, 0, 1],
      attributes: ["_FillValue": .numbers([-1], .short)], values: [-32767, nil, 0, 1]),
    Case(
      testDescription: "valid_range of stored numbers", type: .short, stored: [-1, 0, 100, 101],
      attributes: ["valid_range": .numbers([0, 100], .short), "scale_factor": .numbers([2], .double)],
      values: [nil, 0, 200, nil]),
    Case(
      testDescription: "valid_max of unpacked values", type: .short, stored: [-1, 0, 100, 101],
      attributes: ["valid_max": .numbers([200], .double), "scale_factor": .numbers([2], .double)],
      values: [-2, 0, 200, nil]),
    Case(
      testDescription: "valid_min and valid_max of floats, given in double", type: .float,
      stored: [0.1, 0.2, 0.3, 0.4],
      attributes: ["valid_min": .numbers([0.2], .double), "valid_max": .numbers([0.3], .double)],
      values: [nil, 0.2, 0.3, nil]),
    Case(
      testDescription: "NaN and an infinite fill value", type: .double, stored: [.nan, .infinity, 0, 1],
      attributes: ["_FillValue": .numbers([.infinity], .double)], values: [nil, nil, 0, 1]),
    Case(
      testDescription: "a missing value that single precision rounds", type: .float, stored: [-9.99e33, 0, 1, 2],
      attributes: ["missing_value": .numbers([-9.99e33], .double)], values: [nil, 0, 1, 2]),
  ]

  @Test(arguments: cases) func decodes(_ example: Case) throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["latitude": 2, "longitude": 2],
      [
        .latitude([10, 0]), .longitude([0, 10]),
        TestVariable("x", example.type, ["latitude", "longitude"], example.stored, example.attributes),
      ])
    let set = try GriddedFile(path: path).read([0])
    for (i, value) in example.values.enumerated() {
      #expect(set.isValid[i] == (value != nil))
      #expect(set.values.scalars[i] == value ?? 0)
    }
  }

  @Test func refusesInfinityByNameAndPlace() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      dimensions: ["time": 2, "latitude": 2, "longitude": 2],
      [
        .time([0, 24]), .latitude([10, 0]), .longitude([0, 20]),
        TestVariable("x", .double, ["time", "latitude", "longitude"], [0, 1, 2, 3, 4, .infinity, 6, 7]),
      ])
    let file = try GriddedFile(path: path)
    #expect(try file.read([0]).isValid.allSatisfy { $0 })
    let error = #expect(throws: NetCDFError.self) { try file.read([0, 1]) }
    let text = try #require(error?.description)
    for part in [path, "x", "2000-01-02T00:00:00", "latitude 10", "longitude 20"] { #expect(text.contains(part)) }
  }
}
