// LPIPS, the features of Inception v3 and the Fréchet distance against implementations in NumPy and SciPy with small weights
// (Tests/References/image_networks.py), and what is no such file of weights.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantStorage
import SextantTestSupport
import Testing

@Suite struct ImageNetworkTests {
  private struct Numbers: Decodable {
    var rows, columns: Int
    var one, other: [Float]
    var lpipsShapes, inceptionShapes: [String: [Int]]
    var lpips: Double
    var features: [Double]
    var a, b: [[Double]]
    var frechet: Double
  }

  private static let numbers = Result {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/image_networks.json")
    return try JSONDecoder().decode(Numbers.self, from: Data(contentsOf: file))
  }

  /// The weights of the script in a file.
  private static func write(_ shapes: [String: [Int]], to path: String) throws {
    var writer = SafetensorsWriter()
    for (t, name) in shapes.keys.sorted().enumerated() {
      guard let shape = shapes[name] else { continue }
      let inputs = shape.dropFirst().reduce(1, *)
      let values = (0..<shape.reduce(1, *)).map { place -> Float in
        let wave = sin(0.7 * Double(place) + 1.9 * Double(t))
        if name.hasPrefix("lin") || name.hasSuffix("bn.weight") || name.hasSuffix("running_var") { return Float(1 + 0.5 * wave) }
        if shape.count == 4 { return Float(wave / Double(inputs).squareRoot()) }
        return Float(name.hasSuffix("bias") ? 0.3 + 0.1 * wave : 0.1 * wave)
      }
      writer.add(name, Tensor(values, shape: shape))
    }
    try writer.write(to: path, overwrite: false)
  }

  @Test func theDistanceIsThatOfTheReference() throws {
    let numbers = try Self.numbers.get()
    let folder = try ScratchFolder()
    try Self.write(numbers.lpipsShapes, to: folder.path("alex.safetensors"))
    let distance = try PerceptualDistance(weights: folder.path("alex.safetensors"))
    let found = distance.distance(numbers.one, numbers.other, rows: numbers.rows, columns: numbers.columns)
    #expect(abs(found - numbers.lpips) < 1e-5 * numbers.lpips)
    #expect(distance.distance(numbers.one, numbers.one, rows: numbers.rows, columns: numbers.columns) == 0)
  }

  @Test func theFeaturesAreThoseOfTheReference() throws {
    let numbers = try Self.numbers.get()
    let folder = try ScratchFolder()
    try Self.write(numbers.inceptionShapes, to: folder.path("inception.safetensors"))
    let network = try InceptionFeatures(weights: folder.path("inception.safetensors"))
    let found = network.features(of: numbers.one, rows: numbers.rows, columns: numbers.columns)
    #expect(found.count == numbers.features.count)
    let scale = numbers.features.max() ?? 1
    for (a, b) in zip(found, numbers.features) { #expect(abs(a - b) < 1e-4 * scale) }
  }

  @Test func theFrechetDistanceIsThatOfSciPy() throws {
    let numbers = try Self.numbers.get()
    let (a, b) = (FeatureStatistics(numbers.a), FeatureStatistics(numbers.b))
    #expect(abs(try a.distance(to: b) - numbers.frechet) < 1e-6 * numbers.frechet)
    #expect(abs(try b.distance(to: a) - numbers.frechet) < 1e-6 * numbers.frechet)
    #expect(abs(try a.distance(to: a)) < 1e-6)
  }

  @Test func weightsOfAnotherNetworkAreRefused() throws {
    let numbers = try Self.numbers.get()
    let folder = try ScratchFolder()
    var shapes = numbers.lpipsShapes
    shapes["features.6.weight"] = [5, 3, 5, 5]
    try Self.write(shapes, to: folder.path("other.safetensors"))
    #expect(throws: SafetensorsError.self) { _ = try PerceptualDistance(weights: folder.path("other.safetensors")) }
    #expect(throws: SafetensorsError.self) { _ = try InceptionFeatures(weights: folder.path("other.safetensors")) }
  }
}
