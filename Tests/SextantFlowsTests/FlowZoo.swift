// The flows that the laws are asked of, with parameters as they might be after some training.

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
  let configuration: CouplingFlowConfiguration

  var testDescription: String { name }

  init(
    _ name: String, _ dimension: Int, _ conditionWidth: Int, _ base: CouplingFlowConfiguration,
    _ change: (inout CouplingFlowConfiguration) -> Void = { _ in }
  ) {
    (self.name, self.dimension, self.conditionWidth) = (name, dimension, conditionWidth)
    var configuration = base
    change(&configuration)
    self.configuration = configuration
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
  ]

  /// The flow and its first parameters.
  func build<Scalar: TensorScalar>(
    _ type: Scalar.Type = Scalar.self
  ) throws -> (flow: ConditionalRealNVP<Scalar>, parameters: ParameterSet<Scalar>) {
    var builder = ParameterBuilder<Scalar>(random: RandomStream(seed: 11))
    let flow = try ConditionalRealNVP<Scalar>(
      &builder, dimension: dimension, conditionWidth: conditionWidth, configuration: configuration)
    return (flow, builder.parameters)
  }

  /// The same with every parameter moved, so that nothing is 0 any more.
  func buildMoved<Scalar: TensorScalar>(
    _ type: Scalar.Type = Scalar.self, by deviation: Double = 0.15
  ) throws -> (flow: ConditionalRealNVP<Scalar>, parameters: ParameterSet<Scalar>) {
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
