// The operator that was applied to the fields of a file before their gaps were made, from a design that a person names.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels

extension AnyMeasurementDesign {
  /// The operator of a design that is the same in every draw and gives as many values as it takes.
  ///
  /// Throws ``RunError`` for any other design, and what drawing throws.
  func fixedOperator(
    on domain: any Domain, channelCount: Int, inputs: MeasurementInputs
  ) throws -> any LinearOperator {
    let size = domain.vertexCount * channelCount
    let context = try MeasurementContext(
      domain: domain, isValid: [Bool](repeating: true, count: size), inputs: inputs)
    let drawn = try [0, 1].map { (seed: UInt64) -> any LinearOperator in
      var random = RandomStream(seed: seed)
      return try draw(in: context, using: &random)
    }
    guard drawn[0].outputCount == size else {
      throw RunError.invalid(
        "--operator \(self): it gives \(drawn[0].outputCount) values of a field of \(size). Expected an operator that gives as many values as it takes; masks belong to --mask."
      )
    }
    let ones = [Float](repeating: 1, count: size)
    guard
      try MeasurementModel(operation: drawn[0], noise: ones).matches(MeasurementModel(operation: drawn[1], noise: ones))
    else {
      throw RunError.invalid(
        "--operator \(self): it is drawn at random, so nothing says which operator the file was made by. Expected one that is the same in every draw."
      )
    }
    return drawn[0]
  }
}
