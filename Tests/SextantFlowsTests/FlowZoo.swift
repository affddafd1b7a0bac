// The flows that the laws are asked of, with parameters as they might be after some training.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantFlows
import SextantNetworks
import Testing

/// One flow of the family.
struct FlowCase: Sendable, CustomTestStringConvertible {
  let name: String
  let dimension: Int
  let conditionWidth: Int
  let kind: Kind

  enum Kind: Sendable {
    case vector(CouplingFlowConfiguration)
    case convolutional(rows: Int, columns: Int, channels: Int, ConvolutionalFlowConfiguration)
  }

  /// The settings of a flow over a vector; nil for one on images.
  var configuration: CouplingFlowConfiguration? {
    if case .vector(let configuration) = kind { configuration } else { nil }
  }

  var testDescription: String { name }

  init(
    _ name: String, _ dimension: Int, _ conditionWidth: Int, _ base: CouplingFlowConfiguration,
    _ change: (inout CouplingFlowConfiguration) -> Void = { _ in }
  ) {
    (self.name, self.dimension, self.conditionWidth) = (name, dimension, conditionWidth)
    var configuration = base
    change(&configuration)
    kind = .vector(configuration)
  }

  init(_ name: String, rows: Int, columns: Int, channels: Int, _ configuration: ConvolutionalFlowConfiguration) {
    self.name = name
    dimension = rows * columns * channels
    conditionWidth = (configuration.conditionsOnMask ? 2 : 1) * dimension
    kind = .convolutional(rows: rows, columns: columns, channels: channels, configuration)
  }

  /// What the log-determinant of no point exceeds.
  var logDeterminantBound: Double {
    switch kind {
    case .vector(let configuration):
      let changed = dimension - dimension / 2
      let perStep =
        2
        * (Double(changed) * configuration.logScaleBound
          + Double(dimension) * (configuration.activationLogScaleBound ?? 0))
      return Double(configuration.steps) * perStep
    case .convolutional(_, _, _, let configuration):
      let blocks = configuration.levels.map { Double($0.blocks) * $0.clamp } + [Double(configuration.dense.blocks) * configuration.dense.clamp]
      let steps = abs(log(configuration.rebalance)) * Double(configuration.levels.count - 1)
      return Double(dimension) * (blocks.reduce(0, +) * 0.636 * Double.pi / 2 + steps)
    }
  }

  private static func level(_ blocks: Int, _ continuing: Int, alternates: Bool = false, permutes: Bool = true) -> ConvolutionalFlowConfiguration.Level {
    .init(blocks: blocks, width: 5, alternates: alternates, clamp: 0.8, permutes: permutes, continuing: continuing, conditionWidth: 3)
  }

  static let all: [FlowCase] = [
    FlowCase("paper", 16, 16, .paper),
    FlowCase("paper, condition of another length", 8, 3, .paper),
    FlowCase("small", 6, 5, .small),
    FlowCase("small, odd dimension", 7, 4, .small),
    FlowCase("small, one entry", 1, 2, .small) { $0.steps = 2 },
    FlowCase("small, no condition", 5, 0, .small),
    FlowCase("small, softsign clamp", 6, 5, .small) {
      $0.clamp = .softsign
      $0.logScaleBound = 2
    },
    FlowCase("small, tanh clamp of another bound", 6, 5, .small) { $0.logScaleBound = 0.3 },
    FlowCase("small, no batch normalisation", 6, 5, .small) { $0.normalisesBatches = false },
    FlowCase("small, halves", 6, 5, .small) { $0.order = .halves },
    FlowCase("small, halves, restored order", 5, 2, .small) {
      $0.order = .halves
      $0.restoresOrder = true
    },
    FlowCase("small, no scalar normalisation", 6, 5, .small) { $0.activationNormalisation = .none },
    FlowCase("Gaussian base", 6, 3, .gaussianBase),
    FlowCase("Gaussian base, odd dimension", 7, 3, .gaussianBase),
    FlowCase(
      "convolutional, squeezed grey", rows: 4, columns: 4, channels: 1,
      ConvolutionalFlowConfiguration(
        levels: [level(1, 1), level(2, 1, alternates: true)], step: .squeeze,
        dense: .init(blocks: 2, width: 4, clamp: 1, conditionWidth: 3, pooling: 2), conditionsOnMask: true)),
    FlowCase(
      "convolutional, Haar, colour, three levels", rows: 4, columns: 4, channels: 3,
      ConvolutionalFlowConfiguration(
        levels: [level(1, 3, permutes: false), level(2, 3, alternates: true), level(1, 6)], step: .haar, rebalance: 0.5,
        dense: .init(blocks: 1, width: 4, clamp: 0.6, conditionWidth: 3, pooling: 1))),
  ]

  /// The flow and its first parameters.
  func build<Scalar: TensorScalar>(
    _ type: Scalar.Type = Scalar.self
  ) throws -> (flow: any ConditionalFlow<Scalar>, parameters: ParameterSet<Scalar>) {
    var builder = ParameterBuilder<Scalar>(random: RandomStream(seed: 11))
    let flow: any ConditionalFlow<Scalar> =
      switch kind {
      case .vector(let configuration):
        try ConditionalRealNVP<Scalar>(
          &builder, dimension: dimension, conditionWidth: conditionWidth, configuration: configuration)
      case .convolutional(let rows, let columns, let channels, let configuration):
        try ConvolutionalFlow<Scalar>(
          &builder, rows: rows, columns: columns, channels: channels, configuration: configuration)
      }
    return (flow, builder.parameters)
  }

  /// The same with every parameter moved, so that nothing is 0 any more.
  func buildMoved<Scalar: TensorScalar>(
    _ type: Scalar.Type = Scalar.self, by deviation: Double = 0.15
  ) throws -> (flow: any ConditionalFlow<Scalar>, parameters: ParameterSet<Scalar>) {
    var (flow, parameters) = try build(Scalar.self)
    let random = RandomStream(seed: 12)
    for (i, name) in parameters.names.enumerated() {
      var stream = random.split(name)
      let change: Tensor<Double> = stream.normals(parameters.tensors[i].shape)
      if name.hasSuffix("running_variance") {
        parameters.tensors[i] = change.map { Scalar(0.5 + $0 * $0) }
      } else {
        parameters.tensors[i].add(change.converted(to: Scalar.self), scaledBy: Scalar(deviation))
      }
    }
    return (flow, parameters)
  }

  /// Normal numbers.
  static func normals<Scalar: TensorScalar>(_ shape: [Int], seed: UInt64) -> Tensor<Scalar> {
    var stream = RandomStream(seed: seed)
    let values: Tensor<Double> = stream.normals(shape)
    return values.converted(to: Scalar.self)
  }
}

/// The largest difference of two tensors of one shape.
func largestDifference<Scalar: TensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Double {
  zip(a.scalars, b.scalars).reduce(0) { max($0, abs(Double($1.0 - $1.1))) }
}
