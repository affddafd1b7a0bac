// Weights with the names of diffusers' UNet2DModel: the same output, and weights of other networks are refused.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantStorage
import Testing

@testable import SextantNetworks

@Suite struct DiffusersWeightsTests {
  private struct Numbers: Decodable {
    var rows: Int
    var columns: Int
    var x: [Float]
    var times: [Double]
    var output: [Float]
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

  private static func network(
    widths: [Int] = [8, 16], rows: Int = 8, columns: Int = 12
  ) -> (network: DDPMUNet<Float>, layout: ParameterSet<Float>) {
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 1))
    var settings = DDPMUNetSettings(channels: 2, widths: widths, blocks: 1, attentionSide: 6, side: 12)
    settings.groups = 2
    let network = DDPMUNet(settings, on: .plane(rows: rows, columns: columns), in: &builder)
    return (network, builder.parameters)
  }

  @Test func theOutputIsThatOfDiffusers() throws {
    let numbers = try JSONDecoder().decode(
      Numbers.self, from: Data(contentsOf: Self.folder.appendingPathComponent("small_diffusers.json")))
    let (network, layout) = Self.network(rows: numbers.rows, columns: numbers.columns)
    let parameters = try DDPMUNet<Float>.parameters(
      fromDiffusers: Self.folder.appendingPathComponent("small_diffusers.safetensors").path, layout: layout, levelCount: 2)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    let x = Tensor(numbers.x, shape: [2, numbers.rows * numbers.columns, 2])
    let output = network.output(for: pass.tape.constant(x), at: numbers.times, in: pass).value.scalars
    let scale = numbers.output.map(abs).max() ?? 1
    #expect(output.count == numbers.output.count)
    for (a, b) in zip(output, numbers.output) { #expect(abs(a - b) < 2e-5 * scale) }
  }

  @Test func weightsOfAnotherNetworkAreRefused() throws {
    let path = Self.folder.appendingPathComponent("small_diffusers.safetensors").path
    func message(_ widths: [Int]) -> String {
      let layout = Self.network(widths: widths).layout
      do {
        _ = try DDPMUNet<Float>.parameters(fromDiffusers: path, layout: layout, levelCount: widths.count)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message([8, 8]).contains("expected F32 of shape"))
    #expect(message([8, 16, 16]).contains("no tensor 'down_blocks.1.downsamplers.0.conv.weight'"))
    #expect(message([8]).contains("small_diffusers.safetensors"))
  }
}
