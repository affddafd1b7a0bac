// Attention along the array of vertices: every vertex attends to every other vertex (full), or to a summary of all
// vertices (linear: Shen et al. 2018, "Efficient attention"). Both forms follow lucidrains' Unet1D. Normalisation and
// the skip connection are left to the caller.

import Foundation
import SextantArrays
import SextantAutodiff

/// Multi-head self-attention on B×V×C.
public struct Attention<Scalar: TensorScalar>: Sendable {
  /// The form of the attention.
  public enum Form: String, Sendable, Codable {
    /// To all vertices: the cost grows as V².
    case full
    /// To a matrix that summarises all vertices: the cost grows as V.
    case linear
  }

  public let form: Form
  public let heads: Int
  /// The number of channels of a head.
  public let width: Int
  private let queriesKeysValues: Dense<Scalar>
  private let output: Dense<Scalar>

  /// Creates the layer's parameters in `builder`, under `name`. With zeros as `outputInitial`, the initial values of the
  /// last layer, the attention has no effect at first.
  public init(
    _ name: String, channels: Int, form: Form, heads: Int = 4, width: Int = 32, hasInputBias: Bool = false,
    initial: InitialValues = .uniformByInputs, outputInitial: InitialValues? = nil,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    (self.form, self.heads, self.width) = (form, heads, width)
    let hidden = heads * width
    (queriesKeysValues, output) = builder.scope(name) { builder in
      (
        Dense(
          "to_qkv", inputs: channels, outputs: 3 * hidden, hasBias: hasInputBias, initial: initial, in: &builder),
        Dense("to_out", inputs: hidden, outputs: channels, initial: outputInitial ?? initial, in: &builder)
      )
    }
  }

  /// The output (B×V×C) for x (B×V×C).
  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let hidden = heads * width
    let joint = queriesKeysValues(x, in: pass)
    // Each is (B·heads)×V×width.
    let queries = joint.splitIntoHeads(heads, columns: 0..<hidden)
    let keys = joint.splitIntoHeads(heads, columns: hidden..<2 * hidden)
    let values = joint.splitIntoHeads(heads, columns: 2 * hidden..<3 * hidden)
    let scale = Scalar(1 / Double(width).squareRoot())
    let result: DifferentiableTensor<Scalar>
    switch form {
    case .full:
      let weights = batchedMatrixProduct(queries * scale, keys, transposingSecond: true).softmax()
      result = batchedMatrixProduct(weights, values)
    case .linear:
      // The scale belongs to the queries, but the summary is smaller and therefore cheaper to scale.
      let summary = batchedMatrixProduct(keys.softmaxOverRows(), values, transposingFirst: true) * scale
      result = batchedMatrixProduct(queries.softmax(), summary)
    }
    return output(result.mergingHeads(heads), in: pass)
  }
}
