// Pictures of surfaces: what lies in front hides what lies behind, edges are covered in part, colours are those of the scale,
// and the same surface gives the same bytes however its triangles are filed and however many threads draw it.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage
import Testing

@testable import SextantReport

@Suite struct MeshPictureTests {
  /// A square of side 2 around the origin at a height, as two triangles.
  private static func square(z: Double, first: Int32 = 0) -> TriangleMesh {
    TriangleMesh(
      positions: [SIMD3(-1, -1, z), SIMD3(1, -1, z), SIMD3(1, 1, z), SIMD3(-1, 1, z)],
      triangles: [SIMD3(first, first + 1, first + 2), SIMD3(first, first + 2, first + 3)])
  }

  private static func image(
    _ mesh: TriangleMesh, _ signal: MeshSignal = .none, scale: ColourScale? = nil, view: MeshView = .front,
    pixels: Int = 60, perUnit: Double = 20
  ) throws -> PixelImage {
    MeshRaster(
      shape: try MeshShape(mesh), paint: MeshPaint(signal, scale: scale), basis: view.basis(.yUp), scale: perUnit,
      centre: SIMD2(0, 0)
    ).image(width: pixels, height: pixels)
  }

  private static func lab(_ image: PixelImage, _ x: Int, _ y: Int) -> OKLab {
    OKLab(Colour(packed: image.pixels[y * image.width + x]))
  }

  @Test(arguments: MeshAxes.allCases) func viewsAreRightHandedAndLookWhereTheySay(_ axes: MeshAxes) {
    for view in MeshView.named + [MeshView("odd", azimuth: 77, elevation: -33)] {
      let basis = view.basis(axes)
      for (a, b, dot) in [
        (basis.right, basis.right, 1.0), (basis.up, basis.up, 1), (basis.toward, basis.toward, 1),
        (basis.right, basis.up, 0), (basis.up, basis.toward, 0), (basis.toward, basis.right, 0),
      ] {
        #expect(abs((a * b).sum() - dot) < 1e-12)
      }
      let (r, u) = (basis.right, basis.up)
      let cross = SIMD3(r.y * u.z - r.z * u.y, r.z * u.x - r.x * u.z, r.x * u.y - r.y * u.x)
      #expect((cross * basis.toward).sum() > 0.999)
    }
    let (front, side) = (MeshView.front.basis(axes), MeshView.side.basis(axes))
    #expect(front.seen(axes.front).z == 1 && front.seen(axes.up).y == 1 && front.seen(axes.right).x == 1)
    #expect(side.seen(axes.right).z < -0.999 && MeshView.back.basis(axes).seen(axes.front).z < -0.999)
    #expect(MeshView.top.basis(axes).seen(axes.up).z > 0.999)
  }

  @Test func aCloudIsShownByDiscsThatCoverItsSurface() throws {
    // A square of points with a value that grows to the right, and one point behind it.
    let points = (0..<400).map { (index: Int) -> SIMD3<Double> in
      let (row, column) = index.quotientAndRemainder(dividingBy: 20)
      return SIMD3(Double(column) / 10 - 0.95, Double(row) / 10 - 0.95, 0)
    }
    let mesh = TriangleMesh(positions: points + [SIMD3(0, 0, -5)], triangles: [])
    let values = points.map { Float($0.x) } + [99]
    let scale = try ColourScale(.fixed(-1...1), for: values)
    let image = try Self.image(mesh, .values(values), scale: scale)
    for y in stride(from: 14, to: 46, by: 4) {
      // No holes, and the colours of the scale from left to right.
      #expect((14..<46).allSatisfy { image.pixels[y * image.width + $0] >> 24 == 255 })
      #expect(image.pixels[y * image.width + 14] != image.pixels[y * image.width + 45])
    }
    let missing = try Self.image(mesh, .values([Float](repeating: .nan, count: 401)), scale: scale)
    let grey = missing.pixels[30 * missing.width + 30]
    #expect(grey & 255 == grey >> 8 & 255 && grey & 255 == grey >> 16 & 255)
    #expect(throws: ReportError.self) { try MeshPicture(TriangleMesh(positions: [], triangles: [])) }
  }

  @Test func whatLiesInFrontHidesWhatLiesBehind() throws {
    let (far, near) = (Self.square(z: -1), Self.square(z: 1, first: 4))
    var mesh = TriangleMesh(positions: far.positions + near.positions, triangles: far.triangles + near.triangles)
    // A third square cuts through both: half of it is in front of the far one only.
    mesh.positions += [SIMD3(-1, -0.5, -2), SIMD3(1, -0.5, 0), SIMD3(1, 0.5, 0), SIMD3(-1, 0.5, -2)]
    mesh.triangles += [SIMD3(8, 9, 10), SIMD3(8, 10, 11)]
    let values = [Float](repeating: 0, count: 4) + [Float](repeating: 1, count: 4) + [Float](repeating: 0.5, count: 4)
    let scale = try ColourScale(.automatic, for: values)
    func hue(_ value: Double) -> Double {
      let lab = OKLab(scale.colour(of: value))
      return atan2(lab.blueYellow, lab.greenRed)
    }
    func seen(_ mesh: TriangleMesh, _ view: MeshView, _ x: Int, _ y: Int) throws -> Double {
      let lab = Self.lab(try Self.image(mesh, .values(values), scale: scale, view: view), x, y)
      return atan2(lab.blueYellow, lab.greenRed)
    }
    for order in [mesh.triangles, mesh.triangles.reversed()] {
      mesh.triangles = order
      for x in [15, 30, 45] { #expect(abs(try seen(mesh, .front, x, 30) - hue(1)) < 0.03) }
      // From behind, x runs the other way: left there the slanted one is in front of the far one, right behind it.
      #expect(abs(try seen(mesh, .back, 18, 30) - hue(0)) < 0.03)
      #expect(abs(try seen(mesh, .back, 42, 30) - hue(0.5)) < 0.03)
      #expect(abs(try seen(mesh, .back, 42, 45) - hue(0)) < 0.03)
    }
  }

  @Test func edgesAreCoveredInPart() throws {
    // A triangle of an area of 1.35 square units with no edge along a row or column.
    let mesh = TriangleMesh(
      positions: [SIMD3(-0.9, -0.8, 0), SIMD3(1.1, -0.5, 0), SIMD3(-0.1, 0.67, 0)], triangles: [SIMD3(0, 1, 2)])
    let image = try Self.image(mesh)
    let alphas = image.pixels.map { Double($0 >> 24) / 255 }
    let area = 0.5 * (2.0 * 1.47 - 0.8 * 0.3)
    #expect(abs(alphas.reduce(0, +) / (400 * area) - 1) < 0.01)
    #expect(alphas.count { $0 > 0.05 && $0 < 0.95 } > 60)
    // Colours are premultiplied: none is brighter than its alpha.
    #expect(image.pixels.allSatisfy { pixel in (0..<3).allSatisfy { (pixel >> (8 * $0)) & 255 <= pixel >> 24 } })
  }

  @Test func coloursAreThoseOfTheScaleButForTheirLightness() throws {
    let mesh = Self.square(z: 0)
    let scale = try ColourScale(.fixed(0...1), for: [])
    for value in [0.0, 0.25, 0.5, 0.8, 1] {
      let image = try Self.image(mesh, .values([Float](repeating: Float(value), count: 4)), scale: scale)
      let (seen, meant) = (Self.lab(image, 30, 30), OKLab(scale.colour(of: value)))
      let hue = atan2(seen.blueYellow, seen.greenRed) - atan2(meant.blueYellow, meant.greenRed)
      #expect(abs(remainder(hue, 2 * .pi)) < 0.05)
      #expect(abs(seen.lightness / meant.lightness - 1) < 0.15)
    }
    // Half way between 0 and 1 is the colour of a half, not the mean of two colours.
    let image = try Self.image(mesh, .values([0, 1, 1, 0]), scale: scale)
    let (seen, meant) = (Self.lab(image, 30, 30), OKLab(scale.colour(of: 0.5)))
    #expect(abs(seen.greenRed - meant.greenRed) < 0.02 && abs(seen.blueYellow - meant.blueYellow) < 0.02)
  }

  @Test func whatIsMissingIsGreyAsFarAsTheNearestVertex() throws {
    let mesh = Self.square(z: 0)
    let scale = try ColourScale(.fixed(0...1), for: [])
    func chroma(_ image: PixelImage, _ x: Int, _ y: Int) -> Double {
      let lab = Self.lab(image, x, y)
      return (lab.greenRed * lab.greenRed + lab.blueYellow * lab.blueYellow).squareRoot()
    }
    // The corner below left is missing.
    for signal in [
      MeshSignal.values([.nan, 1, 1, 1]),
      MeshSignal.colours([SIMD3(1, .nan, 0)] + [SIMD3<Float>](repeating: SIMD3(1, 0.8, 0), count: 3)),
      MeshSignal.values([0, 1, 1, 1]).masked(by: [false, true, true, true]),
    ] {
      #expect(signal.hasMissing)
      let image = try Self.image(mesh, signal, scale: scale)
      #expect(chroma(image, 14, 46) < 0.005)
      for (x, y) in [(46, 46), (46, 14), (14, 14), (34, 26)] { #expect(chroma(image, x, y) > 0.1) }
    }
    let nothing = try Self.image(mesh, .values([Float](repeating: .infinity, count: 4)), scale: scale)
    #expect(chroma(nothing, 30, 30) < 0.005)
  }

  @Test func theOrderOfCornersAndThreadsDoesNotMatter() throws {
    let mesh = try SphereMesh.icosphere(subdivisions: 2).triangleMesh
    let values = MeshSignal.values(mesh.positions.map { Float($0.x) })
    let scale = try ColourScale(.automatic, for: [-1, 1])
    let image = try Self.image(mesh, values, scale: scale)
    let turned = TriangleMesh(
      positions: mesh.positions,
      triangles: mesh.triangles.enumerated().map { $0 % 3 == 0 ? SIMD3($1.x, $1.z, $1.y) : $1 })
    let other = try Self.image(turned, values, scale: scale)
    // Sums are taken in another order: a last bit may differ.
    func bytes(_ image: PixelImage) -> [Int] {
      image.pixels.flatMap { pixel in (0..<4).map { (shift: Int) -> Int in Int((pixel >> UInt32(8 * shift)) & 255) } }
    }
    #expect(zip(bytes(image), bytes(other)).allSatisfy { abs($0 - $1) <= 1 })
    let threads = Parallel.threadCount
    defer { Parallel.limitThreads(to: threads) }
    Parallel.limitThreads(to: 1)
    #expect(try Self.image(mesh, values, scale: scale) == image)
    Parallel.limitThreads(to: 7)
    #expect(try Self.image(mesh, values, scale: scale) == image)
  }

  @Test func aBallIsBrightOnItsUpperLeft() throws {
    let image = try Self.image(try SphereMesh.icosphere(subdivisions: 3).triangleMesh)
    let bright = Self.lab(image, 22, 20).lightness
    #expect(bright > Self.lab(image, 42, 42).lightness + 0.1)
    #expect(bright > Self.lab(image, 30, 47).lightness && bright < 1)
    // Smooth: no step from pixel to pixel inside.
    for x in 16..<44 {
      #expect(abs(Self.lab(image, x, 30).lightness - Self.lab(image, x + 1, 30).lightness) < 0.02)
    }
  }

  @Test func picturesAreWrittenWithTitlesViewsAndBars() throws {
    let temporary = try TemporaryFolder()
    let mesh = try SphereMesh.icosphere(subdivisions: 1).triangleMesh
    let picture = try MeshPicture(
      mesh, signal: .values(mesh.positions.map { Float($0.y) }), title: "Height", subtitle: "of a ball", units: "m")
    #expect(picture.scale?.range == -1...1 || (picture.scale?.range.upperBound ?? 0) > 0.8)
    let canvas = try picture.canvas(width: 600, resolution: 1)
    let bare = try MeshPicture(mesh, views: [.front]).canvas(width: 600, resolution: 1)
    #expect(canvas.height > 150 && bare.height < 420)
    try picture.write(to: temporary.path("a.png"), width: 300)
    try picture.write(to: temporary.path("b.png"), width: 300)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: temporary.path("a.png")))
    #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: temporary.path("b.png"))))
    #expect(throws: FileError.self) { try picture.write(to: temporary.path("a.png"), width: 300) }
    try picture.write(to: temporary.path("a.png"), width: 300, overwrite: true)
  }

  @Test func panelsOfOneRoleShareAScale() throws {
    let mesh = Self.square(z: 0)
    let sheet = try MeshPanels(
      mesh,
      panels: [
        .init("Truth", signal: .values([0, 1, 2, 3])), .init("Mean", signal: .values([-1, .nan, 2, 2])),
        .init("Spread", role: .spread, signal: .values([0.5, 0.25, 0.5, 1])),
        .init("Error", role: .error, signal: .values([-1, 0, 0.5, 0.5])),
        .init("Colours", signal: .colours([SIMD3<Float>](repeating: SIMD3(1, 0, 0), count: 4))),
      ], title: "Sheet", units: "K", columns: 3)
    #expect(sheet.scales[.value]?.range == -1...3 && sheet.scales[.spread]?.range == 0...1)
    #expect(sheet.scales[.error]?.range == -1...1 && sheet.scales[.error]?.map == .balance)
    let temporary = try TemporaryFolder()
    try sheet.write(to: temporary.path("sheet.png"), width: 400)
    #expect(throws: FileError.self) { try sheet.write(to: temporary.path("sheet.png")) }
    let bare = try MeshPanels(mesh, panels: [.init("Shape", signal: .none)])
    #expect(bare.scales.isEmpty)
    #expect(try bare.canvas(width: 300).height > 100)
  }

  @Test func theUsualSheetHasOneScaleForAllValues() throws {
    let mesh = Self.square(z: 0)
    let sheet = try MeshPanels.reconstruction(
      mesh, truth: .values([0, 1, 2, 3]), observation: .values([0, 9, 2, 3]), isObserved: [true, false, true, true],
      mean: .values([0, 2, 2, 3]), spread: [0, 2, 0, 0], samples: [.values([0, 5, 2, 3]), .values([0, 0, 2, 3])])
    // What was not observed does not stretch the scale.
    #expect(sheet.scales[.value]?.range == 0...5 && sheet.scales[.spread]?.range == 0...2)
    #expect(sheet.scales[.error]?.range == -1...1)
    let red = MeshSignal.colours([SIMD3<Float>](repeating: SIMD3(1, 0, 0), count: 4))
    let colours = try MeshPanels.reconstruction(
      mesh, truth: red, observation: red, isObserved: [true, false, true, true], mean: red, spread: nil)
    #expect(colours.scales.isEmpty)
  }

  @Test func whatMakesNoPictureIsRefused() throws {
    let mesh = Self.square(z: 0)
    func complaint(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "no complaint"
      } catch { return "\(error)" }
    }
    let short = complaint { _ = try MeshPicture(mesh, signal: .values([1, 2, 3])) }
    #expect(short.contains("4 vertices") && short.contains("3"))
    #expect(complaint { _ = try MeshPicture(mesh, views: []) }.contains("at least one view"))
    #expect(complaint { _ = try MeshPicture(mesh, views: [MeshView("", azimuth: .nan)]) }.contains("finite"))
    #expect(
      complaint { _ = try MeshPicture(TriangleMesh(positions: mesh.positions, triangles: [SIMD3(0, 0, 1)])) }
        .contains("no area to draw"))
    #expect(
      complaint { _ = try MeshPicture(mesh, signal: .values([1, 2, 3, 4]), scale: .fixed(1...1)) } != "no complaint")
    #expect(complaint { _ = try MeshPanels(mesh, panels: []) }.contains("at least one panel"))
    #expect(complaint { _ = try MeshPanels(mesh, panels: [.init("", signal: .values([1]))]) }.contains("4 vertices"))
    // A flat surface seen from its edge is a line, not a crash.
    let edge = try MeshPicture(mesh, views: [.side, .top]).canvas(width: 200)
    #expect(edge.height < 200)
  }
}
