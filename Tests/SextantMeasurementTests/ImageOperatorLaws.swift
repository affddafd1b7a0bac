// Laws of the operators of images, spheres and meshes, over all designs that draw them, and their values against SciPy and
// Pillow (Tests/References/image_operators.py).

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantTestSupport
import Testing

@testable import SextantMeasurement

@Suite("Laws of the operators of images")
struct ImageOperatorLaws {
  static let rows = 12
  static let columns = 16
  static let channels = 2

  /// Designs on images, alone, in sums and in chains.
  static let texts = [
    "blur:gaussian,sigma=1.5,size=3", "blur:gaussian,sigma=0.8", "blur:box,size=5", "blur:box,size=3,boundary=periodic",
    "blur:gaussian,sigma=1,size=5,boundary=reflect", "blur:motion,length=5,angle=30", "blur:motion,length=1,angle=0",
    "blur:heat,sigma=1.2", "blur:file=uneven.txt", "blur:file=uneven.txt,boundary=periodic", "reduce:2,filter=area",
    "reduce:4,filter=area", "reduce:2,filter=bicubic", "reduce:2,filter=bicubic,boundary=reflect", "footprints:3",
    "compressed:share=0.25,seed=3", "compressed:count=70,seed=1", "matrix:file=square", "matrix:file=wide", "times:-2.5",
    "blur:box,size=3+blur:gaussian,sigma=1,size=5", "blur:box,size=3|reduce:2,filter=area",
    "reduce:2,filter=area|blur:box,size=3", "blur:gaussian,sigma=1,size=3|reduce:2,filter=bicubic",
    "blur:box,size=3|blur:box,size=3", "blur:box,size=3+times:0.5|reduce:2,filter=area", "times:0.5|compressed:count=9,seed=2",
  ]
  /// Those whose values a file of the same kind holds, and of which the field follows without a model.
  static let placed = texts.filter { !$0.contains("compressed") && !$0.contains("wide") }

  static var domain: ImageGrid { get throws { try ImageGrid(rows: rows, columns: columns) } }

  static let inputs = MeasurementInputs(
    table: { _ in NumberTable(rows: 3, columns: 3, values: [1, 2, 0, 0, 4, 1, 3, 0, 0]) },
    matrix: { path in
      let size = path == "square" ? 192 : 20
      return SparseMatrix(
        rowCount: size, columnCount: 192, entries: (0..<size).flatMap { [($0, $0, 0.5), ($0, (7 * $0 + 3) % 192, -1.5)] })
    })

  static func draw(_ text: String, on domain: any Domain, isValid: [Bool]? = nil, channels: Int = channels) throws -> any LinearOperator {
    var random = RandomStream(seed: 1)
    let context = try MeasurementContext(
      domain: domain, isValid: isValid ?? [Bool](repeating: true, count: domain.vertexCount * channels), inputs: inputs)
    return try AnyMeasurementDesign(text).draw(in: context, using: &random)
  }

  @Test("⟨Ax, y⟩ = ⟨x, Aᵀy⟩", arguments: texts)
  func isAdjoint(text: String) throws {
    let operation = try Self.draw(text, on: Self.domain)
    var random = RandomStream(seed: 4)
    for _ in 0..<3 { #expect(operation.adjointMismatch(using: &random) < 1e-5) }
  }

  @Test("the text reads back as itself", arguments: texts)
  func survivesText(text: String) throws {
    let design = try AnyMeasurementDesign(text)
    #expect(try AnyMeasurementDesign(design.description) == design)
  }

  @Test("one matrix says what the operator does, for each channel alike", arguments: texts)
  func channelsAreAlike(text: String) throws {
    let one = try Self.draw(text, on: Self.domain, channels: 1)
    let two = try Self.draw(text, on: Self.domain)
    #expect(two.outputCount == 2 * one.outputCount)
    #expect(two.outputEntries.count == 2 * one.outputEntries.count)
    var random = RandomStream(seed: 5)
    let x: Tensor<Float> = random.normals([2, one.inputCount])
    let matrix = try one.materialised(for: "the test")
    for row in 0..<2 {
      let exact = matrix.times(x.row(row).scalars.map(Double.init))
      #expect(zip(one.apply(x).row(row).scalars, exact).allSatisfy { abs(Double($0) - $1) < 2e-5 })
    }
    let both = Tensor((0..<one.inputCount).flatMap { [x[0, $0], x[1, $0]] }, shape: [1, two.inputCount])
    let outputs = two.apply(both).scalars
    for (channel, alone) in [one.apply(x).row(0).scalars, one.apply(x).row(1).scalars].enumerated() {
      for (i, value) in alone.enumerated() { #expect(abs(outputs[2 * i + channel] - value) < 2e-5) }
    }
  }

  @Test("outputs are places of the domain of values", arguments: texts)
  func outputsAreOnTheirDomain(text: String) throws {
    let design = try AnyMeasurementDesign(text)
    let values = try #require(try design.valueDomain(for: Self.domain, inputs: Self.inputs))
    let operation = try Self.draw(text, on: Self.domain)
    #expect(operation.outputEntries.count == values.vertexCount * Self.channels)
    #expect(design.mayHide || operation.outputCount == operation.outputEntries.count)
  }

  /// The heart of unknown surroundings: of the larger field, the operator measures every value of the frame.
  @Test("of the field that a design names for an image, every value of the image is measured", arguments: placed)
  func theFrameIsMeasuredWhole(text: String) throws {
    let design = try AnyMeasurementDesign(text)
    let image = try ImageGrid(rows: 10, columns: 8)
    // The matrix belongs to an image of its own size.
    let values: any Domain = text.contains("square") ? try Self.domain : image
    let field = try design.measuredField(of: MeasuredField(values), inputs: Self.inputs)
    let whole = try field.wholeDomain()
    let larger = try #require(try design.valueDomain(for: whole, inputs: Self.inputs)?.raster)
    let frame = try #require(values.raster)
    let measured = Set(try Self.draw(text, on: whole, channels: 1).outputEntries.indices)
    let (top, left) = ((larger.rows - frame.rows) / 2, (larger.columns - frame.columns) / 2)
    for row in 0..<frame.rows {
      for column in 0..<frame.columns {
        #expect(measured.contains((row + top) * larger.columns + column + left), "\(row), \(column)")
      }
    }
    #expect(field.frameEntries(channelCount: 2).count == field.domain.vertexCount * 2)
  }

  @Test("blurs and reductions keep a constant image", arguments: texts.filter { ["blur", "reduce", "footprints"].contains($0.prefix { $0 != ":" }) && !$0.contains("+") })
  func constantsStay(text: String) throws {
    let operation = try Self.draw(text, on: Self.domain)
    let ones = Tensor<Float>(repeating: 1, shape: [1, operation.inputCount])
    #expect(operation.apply(ones).scalars.allSatisfy { abs($0 - 1) < 1e-4 })
  }

  @Test("a missing pixel hides exactly the values that depend on it", arguments: ["blur:box,size=3", "reduce:2,filter=area", "none|blur:box,size=3|reduce:2,filter=area"])
  func gapsSpread(text: String) throws {
    let domain = try Self.domain
    var isValid = [Bool](repeating: true, count: domain.vertexCount)
    isValid[5 * Self.columns + 7] = false
    let whole = try Self.draw("none|" + text, on: domain, channels: 1)
    let gappy = try Self.draw("none|" + text, on: domain, isValid: isValid, channels: 1)
    let matrix = try whole.materialised(for: "the test")
    let spared = whole.outputEntries.indices.enumerated().filter { row, _ in
      !(matrix.rowStarts[row]..<matrix.rowStarts[row + 1]).contains { Int(matrix.columns[$0]) == 5 * Self.columns + 7 }
    }.map(\.element)
    #expect(gappy.outputEntries.indices == spared && spared.count < whole.outputCount)
  }

  @Test("motion along an axis is the mean of as many pixels, without a rim across it", arguments: [0.0, 90, 180, -90])
  func motionIsAMean(angle: Double) throws {
    for length in [1, 3, 5, 9] {
      let kernel = try #require(BlurKernel.motion(length: Double(length), angle: angle))
      let isAlongRows = angle == 0 || angle == 180
      #expect(kernel.rows == (isAlongRows ? 1 : length) && kernel.columns == (isAlongRows ? length : 1))
      #expect(kernel.weights.allSatisfy { abs($0 - 1 / Double(length)) < 1e-12 }, "\(kernel.weights)")
    }
    // At any angle it is the same from both ends, and no row or column of its rim is empty.
    let slanted = try #require(BlurKernel.motion(length: 7, angle: 30 + angle))
    #expect(zip(slanted.weights, slanted.weights.reversed()).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(slanted.weights.prefix(slanted.columns).contains { $0 > 0 })
    #expect((0..<slanted.rows).contains { slanted.weights[$0 * slanted.columns] > 0 })
  }

  @Test("large kernels without a matrix are those with one, in one pass and in two")
  func passesAreProducts() throws {
    let raster = Raster(rows: Self.rows, columns: Self.columns)
    for boundary in RasterBoundary.allCases {
      let kernel = BlurKernel.gaussian(deviation: 1.3, size: 7)
      let whole = RasterConvolution(kernel, on: raster, channelCount: 2, boundary: boundary)
      let passes = try #require(kernel.passes).map { RasterConvolution($0, on: raster, channelCount: 2, boundary: boundary) }
      var random = RandomStream(seed: 6)
      let x: Tensor<Float> = random.normals([3, whole.inputCount])
      let exact = SparseOperator(whole.matrix).apply(x).scalars
      #expect(zip(whole.apply(x).scalars, exact).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(zip(passes[1].apply(passes[0].apply(x)).scalars, exact).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(whole.adjointMismatch(using: &random) < 1e-5)
    }
  }

  @Test("SciPy and Pillow give the same numbers")
  func referencesAgree() throws {
    struct Reference: Decodable {
      var rows: Int
      var columns: Int
      var image: [Float]
      var results: [String: [Double]]
    }
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/image_operators.json")
    let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    let domain = try ImageGrid(rows: reference.rows, columns: reference.columns)
    #expect(reference.results.count >= 9)
    for (text, expected) in reference.results {
      let operation = try Self.draw(text, on: domain, channels: 1)
      let values = operation.apply(Tensor(reference.image, shape: [1, reference.image.count])).scalars
      let entries = operation.outputEntries
      #expect(entries.count == expected.count && !values.isEmpty, "\(text)")
      for (value, entry) in zip(values, entries.indices) { #expect(abs(Double(value) - expected[entry]) < 2e-6, "\(text), \(entry)") }
    }
  }

  @Test("on the sphere, diffusion has the width that it states, and footprints the area")
  func spheresAreBlurred() throws {
    let sphere = try LatitudeLongitudeGrid(
      latitudes: (0..<60).map { -88.5 + 3 * Double($0) }, longitudes: (0..<120).map { 3 * Double($0) })
    // A vertex next to the equator.
    let centre = 29 * 120 + 60
    var spike = [Float](repeating: 0, count: sphere.vertexCount)
    spike[centre] = 1
    let blurred = try Self.draw("blur:heat,sigma=9deg", on: sphere, channels: 1).apply(Tensor(spike, shape: [1, spike.count])).scalars
    var (mass, moment) = (0.0, 0.0)
    for vertex in spike.indices {
      let weight = Double(blurred[vertex]) * sphere.areaWeights[vertex]
      let cosine = (sphere.positions[vertex] * sphere.positions[centre]).sum()
      mass += weight
      moment += weight * (1 - cosine)
    }
    // The mean stays; and 1 − cos is an eigenfunction up to a constant, so that its mean is 1 − exp(−σ²) up to the implicit steps.
    #expect(abs(mass / sphere.areaWeights[centre] - 1) < 1e-3)
    let variance = pow(9 * Double.pi / 180, 2)
    #expect(abs(moment / mass / (1 - exp(-variance)) - 1) < 0.03)
    let discs = try Self.draw("footprints:6000km", on: sphere, channels: 1)
    let disc = try discs.materialised(for: "the test")
    let inside = disc.columns[disc.rowStarts[centre]..<disc.rowStarts[centre + 1]].reduce(0.0) { $0 + sphere.areaWeights[Int($1)] }
    #expect(abs(inside / (2 * .pi * (1 - cos(3000.0 / 6371))) - 1) < 0.05)
  }

  @Test(
    "what cannot be is refused with what was expected and found",
    arguments: [
      ("blur:gaussian,size=4", "odd"), ("blur:cone", "'cone'"), ("blur:box,boundary=mirror", "'mirror'"),
      ("blur:heat", "sigma"), ("blur:heat,sigma=2km", "without a unit"), ("reduce:5", "divides"), ("reduce:2.5", "whole number"),
      ("reduce:2,filter=lanczos", "'lanczos'"), ("compressed:seed=1", "neither"), ("compressed:share=2", "at most 1"),
      ("footprints:3km", "without a unit"), ("times:0", "other than 0"), ("blur:box,size=13", "fits nowhere"),
      ("blur:file=zero.txt", "sum other than 0"), ("matrix:file=tall", "192"), ("random:0.5+blur:box", "not a mask"),
      ("blur:box,size=3+reduce:2", "sum"), ("box:size=0", "PIXELS"), ("lines:0.5,along=diagonals", "'diagonals'"),
    ])
  func nonsenseIsRefused(text: String, expected: String) throws {
    let inputs = MeasurementInputs(
      table: { _ in NumberTable(rows: 1, columns: 2, values: [1, -1]) },
      matrix: { _ in SparseMatrix(rowCount: 4, columnCount: 191, entries: [(0, 0, 1)]) })
    let error = try #require(throws: (any Error).self) {
      let domain = try Self.domain
      var random = RandomStream(seed: 1)
      let context = try MeasurementContext(
        domain: domain, isValid: [Bool](repeating: true, count: domain.vertexCount), inputs: inputs)
      let design = try AnyMeasurementDesign(text)
      _ = try design.draw(in: context, using: &random)
    }
    #expect("\(error)".contains(expected), "\(error)")
  }

  @Test("boxes and lines are missing where they say")
  func gapsLieInRowsAndColumns() throws {
    let domain = try Self.domain
    let box = Set(try #require(try Self.draw("box:size=3x5,at=2/4", on: domain, channels: 1).selectedEntries))
    for vertex in 0..<domain.vertexCount {
      let (row, column) = vertex.quotientAndRemainder(dividingBy: Self.columns)
      #expect(box.contains(vertex) == !((2..<5).contains(row) && (4..<9).contains(column)))
    }
    let free = try #require(try Self.draw("box:6", on: domain, channels: 1).selectedEntries)
    #expect(free.count == domain.vertexCount - 36)
    let lines = try #require(try Self.draw("lines:0.5,along=columns,width=2", on: domain, channels: 1).selectedEntries)
    #expect(lines.count == domain.vertexCount / 2 && Set(lines.map { $0 % Self.columns }).count == Self.columns / 2)
  }
}
