// The two tape operations from which all losses of diffusion models are built: adding noise, and the weighted squared
// error. Each is a single operation, because fields are large and the tape keeps every recorded value.

import SextantArrays
import SextantAutodiff

/// x_t = α·x + s·ε for x and ε of one shape (B×V×C), with α and s given for each sample.
func diffused<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, signals: [Double], noises: [Double], noise: Tensor<Scalar>
) -> DifferentiableTensor<Scalar> {
  var value = noise.scalingSamples(by: noises)
  value.add(x.value.scalingSamples(by: signals))
  return x.tape.record(value, operation: "diffusion", from: [x]) { gradient, cotangents in
    cotangents.add(gradient.scalingSamples(by: signals), to: x)
  }
}

/// Σ_b w_b·‖x_b − target_b‖², and each sample's squared norm without its weight.
func weightedSquaredError<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, to target: Tensor<Scalar>, weights: [Double]
) -> (total: DifferentiableTensor<Scalar>, each: [Double]) {
  let difference = x.value - target
  let each = difference.sampleSquaredNorms()
  let total = zip(each, weights).reduce(0) { $0 + $1.0 * $1.1 }
  let variable = x.tape.record(
    Tensor([Scalar(total)], shape: []), operation: "weighted squared error", from: [x]
  ) { gradient, cotangents in
    let seed = 2 * Double(gradient.scalars[0])
    cotangents.add(difference.scalingSamples(by: weights.map { $0 * seed }), to: x)
  }
  return (variable, each)
}
