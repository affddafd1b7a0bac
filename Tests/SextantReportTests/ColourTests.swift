// Laws of colours: OKLab and back, evenness and order of the maps, and that missing looks like no value.

import Foundation
import Testing

@testable import SextantReport

private let sequentialMaps: [ColourMap] = [.lagoon, .heather]
private let allMaps = sequentialMaps + [.balance]

@Suite struct ColourTests {
  /// Reference values from B. Ottosson's own page on OKLab, for colours given in XYZ and turned to sRGB primaries.
  @Test func whiteAndPrimariesAreWhereTheyShouldBe() {
    let white = OKLab(.white)
    #expect(abs(white.lightness - 1) < 1e-3 && abs(white.greenRed) < 1e-3 && abs(white.blueYellow) < 1e-3)
    let red = OKLab(Colour(red: 1, green: 0, blue: 0))
    #expect(abs(red.lightness - 0.628) < 1e-3 && abs(red.greenRed - 0.225) < 1e-3 && abs(red.blueYellow - 0.126) < 1e-3)
    let blue = OKLab(Colour(red: 0, green: 0, blue: 1))
    #expect(abs(blue.lightness - 0.452) < 1e-3 && abs(blue.blueYellow + 0.312) < 1e-3)
  }

  @Test func colourToOKLabAndBack() {
    for colour in Colour.lines + [.ink, .softInk, .white] {
      let back = OKLab(colour).colour
      #expect(abs(back.red - colour.red) < 1e-4)
      #expect(abs(back.green - colour.green) < 1e-4)
      #expect(abs(back.blue - colour.blue) < 1e-4)
    }
  }

  @Test func packedPixelsKeepTheirBytes() {
    for value in [0x0072B2, 0xFFFFFF, 0x000000, 0x123456] as [UInt32] {
      #expect(Colour(hexadecimal: value).packed == value | 0xFF00_0000)
    }
  }

  @Test(arguments: sequentialMaps) func lightnessRunsOneWay(_ map: ColourMap) {
    let lightness = map.colours.map { OKLab($0).lightness }
    let steps = zip(lightness.dropFirst(), lightness).map { $0 - $1 }
    #expect(steps.allSatisfy { $0 > 0 } || steps.allSatisfy { $0 < 0 })
    #expect(abs((lightness.last ?? 0) - (lightness.first ?? 0)) > 0.6)
  }

  @Test(arguments: allMaps) func stepsAreEven(_ map: ColourMap) {
    let colours = map.colours.map { OKLab($0) }
    var steps = zip(colours, colours.dropFirst()).map { $0.distance(to: $1) }
    // The two entries beside a diverging map's middle are equally light, by symmetry.
    if map.isDiverging { steps.remove(at: 127) }
    let mean = steps.reduce(0, +) / Double(steps.count)
    let tolerance = 1.25
    #expect(steps.allSatisfy { $0 < tolerance * mean && $0 > mean / tolerance })
  }

  @Test func divergingMapIsSymmetric() {
    let colours = ColourMap.balance.colours.map { OKLab($0) }
    for (one, other) in zip(colours, colours.reversed()) {
      #expect(abs(one.lightness - other.lightness) < 1e-4)
      let chromas = [one, other].map { hypot($0.greenRed, $0.blueYellow) }
      #expect(abs(chromas[0] - chromas[1]) < 1e-3)
    }
    let lightness = colours.prefix(128).map(\.lightness)
    #expect(zip(lightness, lightness.dropFirst()).allSatisfy { $0 < $1 })
    #expect(colours[0].blueYellow < -0.1 && colours[255].greenRed > 0.1)
  }

  @Test(arguments: allMaps) func missingIsOnNoMap(_ map: ColourMap) {
    let line = OKLab(MissingHatch.line)
    #expect(map.colours.allSatisfy { OKLab($0).distance(to: line) > 0.04 })
  }

  @Test func lineColoursDiffer() {
    for (index, one) in Colour.lines.enumerated() {
      for other in Colour.lines.dropFirst(index + 1) { #expect(OKLab(one).distance(to: OKLab(other)) > 0.1) }
    }
  }

  @Test func scalesCoverTheirValues() throws {
    let scale = try ColourScale(.automatic, for: [3, .nan, -2, .infinity])
    #expect(scale.range == -2...3 && !scale.hasLower && !scale.hasHigher)
    let fixed = try ColourScale(.fixed(0...1), for: [-1, 0.5])
    #expect(fixed.hasLower && !fixed.hasHigher && fixed.colour(of: -1) == fixed.map.colour(at: 0))
    let diverging = try ColourScale(.diverging, for: [-1, 4])
    #expect(diverging.range == -4...4 && diverging.map.isDiverging)
    #expect(try ColourScale(.automatic, for: [Float]()).range == 0...1)
    #expect(try ColourScale(.diverging, for: [0, 0]).range == -1...1)
    #expect(try ColourScale(.automatic, for: [280, 280]).range.contains(280))
    #expect(throws: ReportError.self) { try ColourScale(.fixed(1...1), for: [1]) }
    #expect(throws: ReportError.self) { try ColourScale(.divergingWithin(limit: 0), for: [1]) }
  }
}

extension OKLab {
  /// The perceived difference of two colours; about 0.02 is just noticeable.
  fileprivate func distance(to other: OKLab) -> Double {
    let (l, a, b) = (
      lightness - other.lightness, greenRed - other.greenRed, blueYellow - other.blueYellow
    )
    return (l * l + a * a + b * b).squareRoot()
  }
}
