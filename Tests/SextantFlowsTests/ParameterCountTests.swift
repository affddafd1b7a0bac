// Sizes of the paper's flow at its full dimensions, counted without making it, and the settings that make no flow.

import SextantArrays
import SextantFlows
import SextantNetworks
import Testing

@Suite struct ParameterCountTests {
  @Test(arguments: [(1888, 56.4), (3072, 149.0), (4160, 273.1)])
  func paperAtFullSize(dimension: Int, millions: Double) {
    let layout = FlowLayout(dimension: dimension, conditionWidth: dimension, configuration: .paper)
    #expect((Double(layout.trainedCount) / 1e5).rounded() / 10 == millions)
  }

  @Test(arguments: [(1888, 236), (3072, 384), (4160, 520)])
  func hiddenWidthOfThePaper(dimension: Int, width: Int) {
    #expect(CouplingFlowConfiguration.paper.hiddenWidth(dimension: dimension) == width)
  }

  /// FlowDiff's two flows on images, and what makes none.
  @Test func convolutionalFlowsHaveTheirParameters() throws {
    func count(_ side: Int, _ configuration: ConvolutionalFlowConfiguration) throws -> Int {
      var builder = ParameterBuilder<Float>.layout
      _ = try ConvolutionalFlow<Float>(&builder, rows: side, columns: side, channels: 3, configuration: configuration)
      return builder.parameters.trainedCount
    }
    #expect(try count(32, .digits(channels: 3)) == 8_240_968)
    #expect(try count(64, .photographs(channels: 3)) == 11_540_716)
    #expect(try count(32, .small(channels: 3)) == 539_084)
    #expect(throws: FlowError.invalidSetting(name: "size", found: "24×24", expected: "rows and columns that 16 divides")) {
      try count(24, .photographs(channels: 3))
    }
  }

  @Test(arguments: FlowCase.all.filter { $0.configuration != nil })
  func theLayoutIsWhatIsMade(_ each: FlowCase) throws {
    let (_, parameters) = try each.build(Float.self)
    let layout = FlowLayout(
      dimension: each.dimension, conditionWidth: each.conditionWidth, configuration: try #require(each.configuration))
    #expect(layout.parameters.map(\.name) == parameters.names)
    #expect(layout.parameters.map(\.shape) == parameters.tensors.map(\.shape))
    #expect(layout.trainedCount == parameters.trainedCount)
  }

  @Test func settingsThatMakeNoFlowAreNamed() {
    var configuration = CouplingFlowConfiguration.small
    configuration.logScaleBound = .nan
    #expect(throws: FlowError.invalidSetting(name: "logScaleBound", found: "nan", expected: "a positive number")) {
      try configuration.validate()
    }
    configuration = .small
    configuration.steps = 0
    #expect(throws: FlowError.invalidSetting(name: "steps", found: "0", expected: "1 or more")) {
      var builder = ParameterBuilder<Float>(random: RandomStream(seed: 1))
      _ = try ConditionalRealNVP<Float>(&builder, dimension: 4, conditionWidth: 2, configuration: configuration)
    }
  }
}
