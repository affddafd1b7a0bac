// Windows cover an image evenly, count fully together at every pixel, and leave no seam: what each window knows exactly, the whole knows
// exactly; one window is the solver itself; and samples keep their variance where windows overlap.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import Testing

@testable import SextantSolvers

@Suite struct WindowedSolverTests {
  private static func windows(_ rows: Int, _ columns: Int, of size: Int) throws -> [DomainWindow] {
    try #require(ImageGrid(rows: rows, columns: columns).windows(like: ImageGrid(rows: size, columns: size)))
  }

  @Test(arguments: [(8, 8), (9, 8), (8, 30), (23, 31), (64, 40)]) func windowsCoverTheImage(rows: Int, columns: Int) throws {
    let windows = try Self.windows(rows, columns, of: 8)
    var counts = [Int](repeating: 0, count: rows * columns)
    for window in windows {
      #expect(window.vertices.count == 64 && window.weights.allSatisfy { $0 > 0 && $0 <= 1 })
      for vertex in window.vertices { counts[vertex] += 1 }
    }
    #expect(counts.allSatisfy { (1...9).contains($0) })
    #expect(rows * columns > 64 || windows == [DomainWindow(vertices: Array(0..<64), weights: [Double](repeating: 1, count: 64))])
    // Neighbours overlap by two rows or columns of eight at least.
    let starts = Set(windows.map { $0.vertices[0] / columns }).sorted()
    #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 <= 6 })
  }

  @Test func windowsNeedTheSamePixels() throws {
    let small = try ImageGrid(rows: 8, columns: 8)
    #expect(try ImageGrid(rows: 7, columns: 20).windows(like: small) == nil)
    #expect(try ImageGrid(rows: 20, columns: 20, pixelHeight: 2).windows(like: small) == nil)
    #expect(try LatitudeLongitudeGrid(latitudes: [10, 0], longitudes: [0, 90, 180, 270]).windows(like: small) == nil)
  }

  private static func measurement(_ rows: Int, _ columns: Int, every step: Int, noise: Float) -> FieldMeasurement {
    let indices = Array(stride(from: 0, to: rows * columns, by: step))
    let values = indices.map { index -> Float in
      let (row, column) = (Float(index / columns), Float(index % columns))
      return 10 + 0.3 * row - 0.2 * column
    }
    return FieldMeasurement(
      values: values, noise: indices.map { _ in noise }, operation: SelectionOperator(inputCount: rows * columns, indices: indices))
  }

  private static func solver(_ rows: Int, _ columns: Int) throws -> WindowedSolver {
    WindowedSolver(
      KrigingSolver(domain: try ImageGrid(rows: 8, columns: 8), channelCount: 1), windows: try windows(rows, columns, of: 8),
      vertexCount: rows * columns, channelCount: 1, unmeasured: { _, _, _ in nil })
  }

  @Test func oneWindowIsTheSolverItself() throws {
    let measurement = Self.measurement(8, 8, every: 3, noise: 0.1)
    var (one, two) = (RandomStream(seed: 3), RandomStream(seed: 3))
    let whole = try KrigingSolver(domain: ImageGrid(rows: 8, columns: 8), channelCount: 1).posterior(
      given: measurement, samples: 4, using: &one)
    let windowed = try Self.solver(8, 8).posterior(given: measurement, samples: 4, using: &two)
    #expect(whole.mean == windowed.mean && whole.spread == windowed.spread && whole.samples == windowed.samples)
  }

  @Test func noSeamIsVisible() throws {
    // A plane is what kriging's trend knows: every window finds it, and so does the whole.
    let measurement = Self.measurement(20, 27, every: 3, noise: 0.001)
    var random = RandomStream(seed: 3)
    let posterior = try Self.solver(20, 27).posterior(given: measurement, samples: 200, using: &random)
    let truth = Self.measurement(20, 27, every: 1, noise: 1).values
    #expect(zip(posterior.mean, truth).allSatisfy { abs($0 - $1) < 0.02 })
    // The samples have the blended spread everywhere, also where up to nine windows overlap.
    let (spread, samples) = (try #require(posterior.spread), try #require(posterior.samples))
    #expect(samples.shape == [200, 540])
    var ratio = 0.0
    for entry in 0..<540 where entry % 3 != 0 {
      var sum = 0.0
      for row in 0..<200 { sum += Double((samples[row, entry] - posterior.mean[entry]) * (samples[row, entry] - posterior.mean[entry])) }
      ratio += (sum / 200).squareRoot() / Double(spread[entry]) / 360
    }
    #expect((0.85...1.1).contains(ratio), "\(ratio)")
    #expect(posterior.diagnostics["windows"] == 15)
  }

  @Test func whatNoWindowHoldsIsRefused() throws {
    let wide = SparseOperator(SparseMatrix(rowCount: 1, columnCount: 540, entries: [(0, 0, 0.5), (0, 539, 0.5)]))
    let solver = try Self.solver(20, 27)
    #expect(throws: MeasurementError.self) { _ = try solver.prepare(for: wide, noise: [1]) }
    // A window without measurements has no answer where nothing else is known.
    var random = RandomStream(seed: 1)
    let corner = FieldMeasurement(
      values: (0..<4).map { Float($0) }, noise: [1, 1, 1, 1], operation: SelectionOperator(inputCount: 540, indices: [0, 1, 27, 28]))
    let posterior = try solver.posterior(given: corner, samples: 0, using: &random)
    #expect(posterior.mean[0].isFinite && posterior.mean[539].isNaN)
  }
}
