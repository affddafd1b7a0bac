// Pictures for people to look at, written only when the environment variable SEXTANT_PICTURES names a folder.
// What they must show is checked in the other files; whether they please is a matter for eyes.

import Foundation
import SextantGeometry
import Testing

@testable import SextantReport

private let folder = ProcessInfo.processInfo.environment["SEXTANT_PICTURES"]

@Suite(.enabled(if: folder != nil, "SEXTANT_PICTURES names no folder"))
struct GalleryTests {
  private func path(_ name: String) throws -> String { "\(try #require(folder))/\(name).png" }

  @Test func equirectangularMap() throws {
    let grid = SphereStub.global(4)
    let valid = grid.geographicPoints.map { abs($0.latitude - 20) > 15 || abs($0.longitude) > 30 }
    try FieldMap(
      domain: grid, values: grid.temperatures, isValid: valid, title: "2 m temperature", subtitle: "synthetic, 4° grid",
      units: "K"
    ).write(to: path("equirectangular"), projection: .equirectangular, overwrite: true)
  }
}
