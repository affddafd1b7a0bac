// Attention along the vertex array: every vertex looks at every other (full), or at a summary of all of them (linear: Shen et
// al., "Efficient attention", 2018). The forms of lucidrains' Unet1D; normalisation and the skip connection are the caller's.

import Foundation
import SextantArrays
import SextantAutodiff

/// Multi-head attention of B×V×C to itself.
public struct Attention<Scalar: TensorScalar>: Sendable {
  /// What a vertex looks at.
  public enum Form: String, Sendable, Codable {
    /// All vertices: the cost grows with V².
    case full
    /// A matrix made of all vertices: the cost grows with V.
    case linear
  }

  public let form: Form
  public let heads: Int
  /// Channels of a head.
  public let width: Int
  private let queriesKeysValues: Dense<Scalar>
  private let output: Dense<Scalar>

  /// - Parameters:
  ///   - outputInitial: how the last layer starts; zeros make the attention silent at first.
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

  /// - Parameter x: B×V×C.
  public func callAsFunction(_ x: Variable<Scalar>, in pass: NetworkPass<Scalar>) -> Variable<Scalar> {
    let hidden = heads * width
    let joint = queriesKeysValues(x, in: pass)
    // Each (B·heads)×V×width.
    let queries = joint.splitIntoHeads(heads, columns: 0..<hidden)
    let keys = joint.splitIntoHeads(heads, columns: hidden..<2 * hidden)
    let values = joint.splitIntoHeads(heads, columns: 2 * hidden..<3 * hidden)
    let scale = Scalar(1 / Double(width).squareRoot())
    let result: Variable<Scalar>
    switch form {
    case .full:
      let weights = batchedMatrixProduct(queries * scale, keys, transposingSecond: true).softmax()
      result = batchedMatrixProduct(weights, values)
    case .linear:
      // The scale belongs to the queries; the summary is smaller.
      let summary = batchedMatrixProduct(keys.softmaxOverRows(), values, transposingFirst: true) * scale
      result = batchedMatrixProduct(queries.softmax(), summary)
    }
    return output(result.mergingHeads(heads), in: pass)
  }
}
