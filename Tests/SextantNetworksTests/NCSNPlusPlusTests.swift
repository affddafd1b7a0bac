// NCSN++: the output of an independent implementation in NumPy (Tests/References/ncsnpp.py), the number of parameters of the published
// size, and images of any size.

import Foundation
import SextantArrays
import SextantAutodiff
import Testing

@testable import SextantNetworks

@Suite struct NCSNPlusPlusTests {
  private struct Numbers: Decodable {
    var rows, columns: Int
    var x: [Double]
    var times: [Double]
    var output: [Double]
    var parameterCount, presetCount: Int
  }

  private static func numbers() throws -> Numbers {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/small_ncsnpp.json")
    return try JSONDecoder().decode(Numbers.self, from: Data(contentsOf: file))
  }

  /// The parameters of the script: entry k of tensor t, in the order of the names.
  private static func filled(_ layout: ParameterSet<Double>) -> ParameterSet<Double> {
    var result = layout
    for (t, name) in layout.names.sorted().enumerated() {
      guard let index = layout.names.firstIndex(of: name) else { continue }
      let offset = name.hasSuffix("weight") && name.contains("norm") ? 1.0 : 0
      let tensor = layout.tensors[index]
      result.tensors[index] = Tensor(
        (0..<tensor.count).map { 0.3 * sin(0.7 * Double($0) + 1.9 * Double(t)) + offset }, shape: tensor.shape)
    }
    return result
  }

  private static func network(
    rows: Int, columns: Int
  ) -> (network: NCSNPlusPlus<Double>, parameters: ParameterSet<Double>) {
    var builder = ParameterBuilder<Double>.layout
    var settings = DDPMUNetSettings(channels: 2, widths: [8, 16], blocks: 1, attentionSide: 6, side: 12)
    settings.groups = 2
    let network = NCSNPlusPlus(settings, rows: rows, columns: columns, in: &builder)
    return (network, filled(builder.parameters))
  }

  @Test func theOutputIsThatOfTheReference() throws {
    let numbers = try Self.numbers()
    let (network, parameters) = Self.network(rows: numbers.rows, columns: numbers.columns)
    #expect(parameters.trainedCount == numbers.parameterCount)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    let x = Tensor(numbers.x, shape: [2, numbers.rows * numbers.columns, 2])
    let output = network.output(for: pass.tape.constant(x), at: numbers.times, in: pass).value.scalars
    let scale = numbers.output.map(abs).max() ?? 1
    #expect(output.count == numbers.output.count)
    for (a, b) in zip(output, numbers.output) { #expect(abs(a - b) < 1e-9 * scale) }
  }

  @Test func thePresetHasItsParameters() throws {
    var builder = ParameterBuilder<Float>.layout
    _ = NCSNPlusPlus<Float>(
      DDPMUNetSettings(channels: 3, widths: [64, 128, 128, 128], blocks: 4, attentionSide: 16, side: 32), rows: 32, columns: 32,
      in: &builder)
    #expect(try builder.parameters.trainedCount == Self.numbers().presetCount)
  }

  /// Images of any size, which are padded: the output has their size, and depends on each of their pixels.
  @Test func imagesOfAnySizeGo() {
    let (network, parameters) = Self.network(rows: 5, columns: 7)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    var random = RandomStream(seed: 1)
    let x: Tensor<Double> = random.normals([1, 35, 2])
    let output = network.output(for: pass.tape.constant(x), at: [0.4], in: pass).value
    #expect(output.shape == [1, 35, 2] && !output.scalars.contains { !$0.isFinite })
  }
}
