// Numbers that an independent program made of the same network: what is in the fixtures, and the comparison with it.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks
import Testing

/// One fixture, written by a script of Tests/References.
struct Reference: Decodable {
  struct Numbers: Decodable {
    var shape: [Int]
    var values: [Double]
    var tensor: Tensor<Double> { Tensor(values, shape: shape) }
  }

  var parameters: [String: Numbers]
  var inputs: [String: Numbers]
  /// The network's first output.
  var output: [Double]
  /// The first step's gradients.
  var gradients: [String: [Double]]
  /// The loss before each of the steps.
  var losses: [Double]
  /// The sum and the sum of squares of each parameter after all steps.
  var checksums: [String: [Double]]
  /// Running mean and variance by name, where there are any.
  var running: [String: [[Double]]]?

  init(_ name: String) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)")
    self = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: path))
  }

  func input(_ name: String) throws -> Tensor<Double> { try #require(inputs[name]).tensor }

  /// Overwrites the parameters that a network was built with.
  func load<Scalar: TensorScalar>(into set: inout ParameterSet<Scalar>) throws {
    let trained = zip(set.names, set.isTrained).filter(\.1).map(\.0)
    #expect(Set(trained) == Set(parameters.keys))
    for (index, name) in set.names.enumerated() where set.isTrained[index] {
      let numbers = try #require(parameters[name])
      #expect(numbers.shape == set.tensors[index].shape, "\(name)")
      set.tensors[index] = numbers.tensor.converted(to: Scalar.self)
    }
  }

  /// Trains as the script did, and compares everything on the way.
  ///
  /// - Parameters:
  ///   - tolerance: relative to the largest number of a tensor.
  ///   - evaluate: the network's output and its loss.
  func check<Scalar: TensorScalar>(
    _ set: ParameterSet<Scalar>, _ settings: AdamSettings, tolerance: Double,
    evaluate: (NetworkPass<Scalar>) throws -> (output: DifferentiableTensor<Scalar>, loss: DifferentiableTensor<Scalar>)
  ) throws -> ParameterSet<Scalar> {
    var set = set
    try load(into: &set)
    var optimiser = Adam(settings, for: set)
    for (step, expected) in losses.enumerated() {
      let pass = NetworkPass(set, isTraining: true, wantsGradients: true)
      let (output, loss) = try evaluate(pass)
      let found = Double(loss.value.scalars[0])
      #expect(abs(found - expected) < tolerance * abs(expected), "loss \(found) of step \(step), should be \(expected)")
      let gradients = pass.parameterGradients(pass.tape.gradients(of: loss))
      if step == 0 {
        compare(output.value, self.output, tolerance, "output")
        for (index, name) in set.names.enumerated() where set.isTrained[index] {
          compare(try #require(gradients[index], "\(name)").tensor, try #require(self.gradients[name]), tolerance, name)
        }
      }
      _ = optimiser.update(&set, gradients: gradients)
      pass.applyUpdates(to: &set)
    }
    // Adam's first steps follow the sign of a gradient, however small: where it is all rounding, single precision may step
    // the other way. The losses above hold it to the reference; the weights are compared in double.
    guard Scalar.self == Double.self else { return set }
    for (index, name) in set.names.enumerated() where set.isTrained[index] {
      let values = set.tensors[index].scalars.map { Double($0) }
      let expected = try #require(checksums[name])
      let (sum, squares) = (values.reduce(0, +), values.reduce(0) { $0 + $1 * $1 })
      let scale = (squares * Double(values.count)).squareRoot()
      #expect(abs(sum - expected[0]) < tolerance * scale, "sum of \(name): \(sum), should be \(expected[0])")
      #expect(abs(squares - expected[1]) < 2 * tolerance * expected[1], "squares of \(name)")
    }
    return set
  }

  func compare<Scalar: TensorScalar>(
    _ found: Tensor<Scalar>, _ expected: [Double], _ tolerance: Double, _ name: String
  ) {
    #expect(found.count == expected.count, "\(name)")
    let scale = max(1e-6, expected.map(abs).max() ?? 0)
    let worst = zip(found.scalars, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(worst < tolerance * scale, "\(name) is off by \(worst) of \(scale)")
  }
}
