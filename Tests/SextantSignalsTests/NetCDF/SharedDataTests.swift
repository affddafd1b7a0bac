// The real files of the shared folder against netCDF4-python, live: nothing derived from them is kept here.

import Foundation
import SextantArrays
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct SharedDataTests {
  /// What netCDF4-python says of one variable.
  struct Expected: Decodable {
    /// For each field: valid count, sum, weighted sum, minimum, maximum.
    let fields: [[Double]]
    let times: [String]?
  }

  @Test(
    .enabled(if: SharedData.isPresent, "No shared data: set SEXTANT_DATA"),
    .enabled(if: PythonReference.has(["netCDF4", "cftime", "numpy"]), "No Python with netCDF4: set SEXTANT_PYTHON"))
  func everyGriddedVariableReadsAsInPython() throws {
    let files = SharedData.netCDFFiles
    #expect(files.count >= 25)
    let output = try PythonReference.run("netcdf_fields.py", arguments: files)
    let expected = try JSONDecoder().decode([String: [String: Expected]].self, from: output)
    for path in files {
      for (name, reference) in try #require(expected[path]) { try compare(path, name, reference) }
    }
  }

  private func compare(_ path: String, _ name: String, _ reference: Expected) throws {
    let place = Comment(rawValue: "\(URL(fileURLWithPath: path).lastPathComponent), \(name)")
    let file = try GriddedFile(path: path, variables: [name])
    try #require(file.count == reference.fields.count, place)
    if let times = reference.times { #expect(file.labels.map(\.time) == times, place) }
    var index = 0
    try file.forEachChunk(of: Array(0..<file.count)) { set in
      for i in 0..<set.count {
        let (signal, wanted) = (set[i], reference.fields[index])
        let values = signal.values.scalars
        var (count, sum, weighted, low, high) = (0.0, 0.0, 0.0, Double.infinity, -Double.infinity)
        var magnitude = 0.0
        for (vertex, value) in values.enumerated() where signal.isValid[vertex] {
          let value = Double(value)
          count += 1
          sum += value
          magnitude += abs(value)
          weighted += value * Double(vertex * 7919 % 1009) / 1009
          (low, high) = (min(low, value), max(high, value))
        }
        // Single precision holds each value to 6e-8 of itself.
        let tolerance = 1e-7 * magnitude + 1e-30
        #expect(count == wanted[0], place)
        #expect(abs(sum - wanted[1]) <= tolerance, place)
        #expect(abs(weighted - wanted[2]) <= tolerance, place)
        if count > 0 {
          #expect(abs(low - wanted[3]) <= 1e-7 * abs(wanted[3]) + 1e-30, place)
          #expect(abs(high - wanted[4]) <= 1e-7 * abs(wanted[4]) + 1e-30, place)
        }
        index += 1
      }
    }
  }

  @Test(.enabled(if: SharedData.isPresent, "No shared data: set SEXTANT_DATA")) func filesThatAreNoGrid() throws {
    let grib = SharedData.path("era5/original/era5-levels-members.grib")
    #expect(throws: NetCDFError.grib(path: grib)) { try GriddedFile(path: grib) }
    #expect(try [any SignalFormat].standard.open(SignalRequest(path: grib)).count == 80)
    let stations = SharedData.path("era5/original/era5_daily_surface_cancities_1990-1993.nc")
    let error = #expect(throws: NetCDFError.self) { try GriddedFile(path: stations) }
    #expect(error?.description.contains("points") == true)
    let points = try PointFile(path: stations, variables: ["tas"])
    #expect(points.count == 1461 && points.points.count == 5 && points.labels[0].time == "1990-01-01T00:00:00")
    #expect(try points.read([0, 1460]).isValid.contains(true))
    let winds = SharedData.path("era5/original/era5_data_stream-oper_stepType-instant.nc")
    #expect(throws: NetCDFError.absentVariable(path: winds, name: "t2m", available: ["u10", "v10"], nearest: nil)) {
      try GriddedFile(path: winds, variables: ["t2m"])
    }
  }
}
