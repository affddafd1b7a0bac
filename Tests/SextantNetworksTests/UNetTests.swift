// The U-Nets: as many parameters as the networks that they rebuild, any number of vertices, and dropout in training alone.

import SextantArrays
import SextantAutodiff
import SextantNetworks
import SextantTestSupport
import Testing

@Suite(.serialized) struct UNetTests {
  static func sixLevels(width: Int, channels: Int = 1) -> (DDPMUNet<Float>, ParameterSet<Float>) {
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 1))
    let network = DDPMUNet(DDPMUNetSettings(channels: channels, width: width), in: &builder)
    return (network, builder.parameters)
  }

  static func oneDimensional(
    width: Int, channels: Int = 1, _ normalisation: NormalisationKind = .rootMeanSquare, dropout: Double = 0
  ) -> (UNet1D<Float>, ParameterSet<Float>) {
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 1))
    var settings = UNet1DSettings(channels: channels, width: width, normalisation: normalisation)
    settings.dropout = dropout
    let network = UNet1D(settings, in: &builder)
    return (network, builder.parameters)
  }

  @Test(arguments: [(128, 48_589_825), (64, 12_174_849)])
  func theSixLevelFormHasItsParameters(width: Int, count: Int) {
    #expect(Self.sixLevels(width: width).1.trainedCount == count)
  }

  /// The models of Ho, Jain and Abbeel (2020) for CIFAR-10, of FlowDiff's microscopy as reconstructed, and that for CPUs: the counts of
  /// diffusers' UNet2DModel of these sizes.
  @Test(arguments: [([128, 256, 256, 256], 2, 16, 3, 35_746_307), ([64, 128, 128, 256], 2, 16, 1, 17_215_617), ([32, 64, 64], 1, 8, 3, 1_113_955)])
  func thePresetsOfImagesHaveTheirParameters(widths: [Int], blocks: Int, attention: Int, channels: Int, count: Int) {
    var builder = ParameterBuilder<Float>.layout
    _ = DDPMUNet(
      DDPMUNetSettings(channels: channels, widths: widths, blocks: blocks, attentionSide: attention, side: 32),
      on: .plane(rows: 32, columns: 32), in: &builder)
    #expect(builder.parameters.trainedCount == count)
  }

  @Test(arguments: [(32, [1]), (64, [2]), (20, [1]), (16, [0]), (200, [Int]())])
  func attentionIsAtItsSide(side: Int, levels: [Int]) {
    let settings = DDPMUNetSettings(channels: 1, widths: [8, 8, 8, 8], blocks: 1, attentionSide: 16, side: side)
    #expect(settings.attentionLevels == levels)
  }

  @Test(arguments: [(32, 3_975_873), (64, 14_853_505), (128, 57_314_049)])
  func theCommonFormHasItsParameters(width: Int, count: Int) {
    #expect(Self.oneDimensional(width: width).1.trainedCount == count)
  }

  @Test(arguments: [32, 37], [1, 2]) func anyNumberOfVerticesGoes(vertices: Int, channels: Int) throws {
    var stream = RandomStream(seed: 2)
    let x: Tensor<Float> = stream.normals([2, vertices, channels])
    func check(
      _ network: (DifferentiableTensor<Float>, [Double], NetworkPass<Float>) -> DifferentiableTensor<Float>, _ parameters: ParameterSet<Float>
    ) throws {
      // Last layers that start as zeros would hide all that is before them.
      var parameters = parameters
      for i in parameters.tensors.indices where parameters.tensors[i].scalars.allSatisfy({ $0 == 0 }) {
        parameters.tensors[i] = stream.normals(parameters.tensors[i].shape) * 0.05
      }
      let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true)
      let input = pass.tape.leaf(x)
      let output = network(input, [0.1, 0.9], pass)
      #expect(output.shape == x.shape)
      #expect(output.value.isFinite)
      let gradients = pass.tape.gradients(of: output.squared().sum())
      #expect(try #require(gradients[input]).isFinite)
      for (name, gradient) in zip(parameters.names, pass.parameterGradients(gradients)) {
        let gradient = try #require(gradient, "\(name) has no gradient")
        #expect(gradient.tensor.isFinite, "\(name)")
      }
      // A sample alone gives what it gives among others.
      let second = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      let alone = network(second.tape.constant(x.rows(1..<2)), [0.9], second)
      for (a, b) in zip(alone.value.scalars, output.value.rows(1..<2).scalars) { #expect(abs(a - b) < 1e-4) }
    }
    let six = Self.sixLevels(width: 8, channels: channels)
    try check(six.0.output, six.1)
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 1))
    let rows = vertices == 32 ? 4 : 1
    let plane = DDPMUNet(
      DDPMUNetSettings(channels: channels, widths: [8, 16, 8], blocks: 1, attentionSide: 4, side: 8),
      on: .plane(rows: rows, columns: vertices / rows), in: &builder)
    try check(plane.output, builder.parameters)
    let rms = Self.oneDimensional(width: 8, channels: channels)
    try check(rms.0.output, rms.1)
    let group = Self.oneDimensional(width: 8, channels: channels, .group(count: 8))
    try check(group.0.output, group.1)
  }

  /// As in a sampler, where all samples have one time.
  @Test(arguments: [37, 300]) func samplesOfOneTimeHaveTheSameBitsInAnyBatch(vertices: Int) throws {
    func check(
      _ network: (DifferentiableTensor<Float>, [Double], NetworkPass<Float>) -> DifferentiableTensor<Float>, _ parameters: ParameterSet<Float>
    ) throws {
      var stream = RandomStream(seed: 4)
      // Last layers that start as zeros would hide all that is before them.
      var parameters = parameters
      for i in parameters.tensors.indices where parameters.tensors[i].scalars.allSatisfy({ $0 == 0 }) {
        parameters.tensors[i] = stream.normals(parameters.tensors[i].shape) * 0.05
      }
      let x: Tensor<Float> = stream.normals([20, vertices])
      func result(_ samples: Range<Int>) throws -> (value: Tensor<Float>, gradient: Tensor<Float>) {
        let shape = [samples.count, vertices, 1]
        let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
        let input = pass.tape.leaf(x.rows(samples).reshaped(to: shape))
        let output = network(input, Array(repeating: 0.3, count: samples.count), pass)
        let gradient = try #require(pass.tape.gradients(of: output, seed: output.value)[input])
        return (
          output.value.reshaped(to: [samples.count, vertices]), gradient.reshaped(to: [samples.count, vertices])
        )
      }
      let together = try result(0..<20)
      for samples in [0..<1, 4..<7, 3..<20] {
        let alone = try result(samples)
        #expect(alone.value == together.value.rows(samples) && alone.gradient == together.gradient.rows(samples))
      }
    }
    let six = Self.sixLevels(width: 32, channels: 1)
    try check(six.0.output, six.1)
    let rms = Self.oneDimensional(width: 32, channels: 1)
    try check(rms.0.output, rms.1)
    let group = Self.oneDimensional(width: 8, channels: 1, .group(count: 8))
    try check(group.0.output, group.1)
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 5))
    let stencil = StencilUNet(
      StencilUNetConfiguration(inputChannels: 1, outputChannels: 1, widths: [8, 40, 64], usesTime: true),
      hierarchy: .line(count: vertices, levelCount: 3), in: &builder)
    try check({ stencil($0, time: $1, in: $2) }, builder.parameters)
  }

  /// The gradients of one training step on 515 vertices.
  func gradients(_ network: UNet1D<Float>, _ parameters: ParameterSet<Float>) -> [Tensor<Float>?] {
    var stream = RandomStream(seed: 3)
    let x: Tensor<Float> = stream.normals([3, 515, 1])
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true)
    let output = network.output(for: pass.tape.constant(x), at: [0.1, 0.5, 0.9], in: pass)
    return pass.parameterGradients(pass.tape.gradients(of: output.squared().mean())).map { $0?.tensor }
  }

  @Test func threadsChangeNoBit() {
    let (network, parameters) = Self.oneDimensional(width: 16)
    let results = ThreadCounts.forEach { gradients(network, parameters) }
    #expect(results[0] == results[1])
  }

  @Test func steadyStepsAskTheSystemForAlmostNothing() {
    let (network, parameters) = Self.oneDimensional(width: 16)
    for _ in 0..<2 { _ = gradients(network, parameters) }
    // How many scratch blocks are in use at once depends on how threads meet, and other suites use the pool too.
    let rounds = (0..<8).map { _ in
      let before = StoragePool.shared.statistics.allocations
      _ = gradients(network, parameters)
      return StoragePool.shared.statistics.allocations - before
    }
    #expect(rounds.contains { $0 == 0 }, "Blocks asked of the system: \(rounds)")
  }

  @Test func dropoutActsInTrainingAlone() {
    let (network, parameters) = Self.oneDimensional(width: 8, dropout: 0.3)
    var stream = RandomStream(seed: 2)
    let x: Tensor<Float> = stream.normals([1, 16, 1])
    func output(isTraining: Bool, seed: UInt64?) -> Tensor<Float> {
      let pass = NetworkPass(
        parameters, isTraining: isTraining, wantsGradients: false, random: seed.map { RandomStream(seed: $0) })
      return network.output(for: pass.tape.constant(x), at: [0.5], in: pass).value
    }
    #expect(output(isTraining: true, seed: 1) == output(isTraining: true, seed: 1))
    #expect(output(isTraining: true, seed: 1) != output(isTraining: true, seed: 2))
    #expect(output(isTraining: false, seed: 1) == output(isTraining: false, seed: 2))
    #expect(output(isTraining: true, seed: nil) == output(isTraining: false, seed: 1))
  }

  @Test func dropoutKeepsTheMean() {
    let pass = NetworkPass(
      ParameterSet<Double>(), isTraining: true, wantsGradients: false, random: RandomStream(seed: 1))
    let ones = pass.tape.constant(Tensor(repeating: 1, shape: [100_001]))
    let kept = Dropout(rate: 0.25)(ones, in: pass).value.scalars
    #expect(Set(kept) == [0, 1 / 0.75])
    #expect(abs(kept.reduce(0, +) / 100_001 - 1) < 0.01)
  }
}
