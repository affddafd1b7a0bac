// Coastlines, where the system has them: places known to lie on a coast do, and files that are no coastlines
// are refused with the reason.

import Foundation
import SextantGeometry
import Testing

@testable import SextantReport

private let installed = Coastlines.installed(.low)

@Suite struct CoastlinesTests {
  /// Capes, from any atlas, to within the file's 5 km and the atlas's rounding.
  @Test(
    .enabled(if: installed != nil, "no GSHHG files are installed"),
    arguments: [
      ("Cape of Good Hope", -34.36, 18.47), ("Land's End", 50.07, -5.72), ("Cape Horn", -55.98, -67.27),
      ("North Cape", 71.17, 25.78), ("Cape Comorin", 8.08, 77.55), ("Cape Reinga", -34.42, 172.68),
      ("Cape Dezhnev", 66.08, -169.65), ("Pointe des Almadies", 14.74, -17.53),
    ])
  func capesLieOnTheCoast(_ name: String, _ latitude: Double, _ longitude: Double) throws {
    let cape = GeographicPoint(latitude: latitude, longitude: longitude).position
    let nearest = try #require(installed).lines.filter { $0.level == 1 }.flatMap(\.points).map { point in
      let offset = point.position - cape
      return (offset * offset).sum().squareRoot() * 6371
    }.min()
    #expect(try #require(nearest) < 12, "\(name)")
  }

  @Test(.enabled(if: installed != nil, "no GSHHG files are installed"))
  func linesAreWhole() throws {
    let lines = try #require(installed).lines
    #expect(lines.count > 1000)
    #expect(lines.allSatisfy { (1...4).contains($0.level) && $0.area > 0 })
    // A jump would show points read from another segment or as signed numbers.
    for line in lines {
      for (one, next) in zip(line.points, line.points.dropFirst()) where abs(one.latitude) < 80 {
        let offset = one.position - next.position
        #expect((offset * offset).sum().squareRoot() < 0.05)
      }
    }
  }

  @Test func otherFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("binned_GSHHS_c.nc")
    #expect(throws: ReportError.self) { try Coastlines(contentsOf: path) }
    try Data("not NetCDF".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: ReportError.self) { try Coastlines(contentsOf: path) }
  }
}
