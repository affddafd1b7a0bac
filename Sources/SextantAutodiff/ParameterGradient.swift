// The gradient of a leaf. For the weights of a dense layer it is a product of two thin matrices, Gᵀ·X, with one row for
// each row of the batch. If the batch is smaller than the layer, the factors are kept and the product is not formed,
// because an optimiser can consume it piece by piece. For the networks of Mammadov, Chung and Ye (2024) this avoids
// writing and reading a gigabyte in each step.

import SextantArrays

/// A gradient, as a whole tensor or as two factors.
public enum ParameterGradient<Scalar: TensorScalar>: Sendable {
  /// A tensor of the shape of the leaf.
  case whole(Tensor<Scalar>)
  /// Gᵀ·X for G (rows×outputs) and X (rows×inputs); the leaf is outputs×inputs.
  case product(Tensor<Scalar>, Tensor<Scalar>)

  /// The gradient in the shape of the leaf. A product is formed anew at each access.
  public var tensor: Tensor<Scalar> {
    switch self {
    case .whole(let tensor): return tensor
    case .product(let g, let x):
      let (rows, outputs, inputs) = (g.rowCount, g.columnCount, x.columnCount)
      return Tensor(writing: [outputs, inputs]) { out in
        reading(g, x) { SharedProduct.multiplyTransposed(outputs, inputs, rows, $0, $1, adds: false, into: out) }
      }
    }
  }

  /// The number of scalars of the leaf.
  public var count: Int {
    switch self {
    case .whole(let tensor): tensor.count
    case .product(let g, let x): g.columnCount * x.columnCount
    }
  }

  /// Whether keeping the factors of `rows` rows takes less than half of the work of forming and reading the product.
  static func keepsFactors(rows: Int, outputs: Int, inputs: Int) -> Bool {
    rows > 0 && 2 * rows * (outputs + inputs) <= outputs * inputs
  }
}

/// The square root of the sum of squares of all gradients, in double precision.
///
/// For a product, ‖Gᵀ·X‖² is the sum of the entries of (G·Gᵀ)∘(X·Xᵀ), two matrices with as many rows as the batch.
public func globalNorm<Scalar: TensorScalar>(_ gradients: [ParameterGradient<Scalar>?]) -> Double {
  let gradients = gradients.compactMap(\.self)
  // A part is a range of a whole tensor, or one product.
  var parts: [(gradient: Int, range: Range<Int>)] = []
  for (index, gradient) in gradients.enumerated() {
    let grain = if case .whole = gradient { 1 << 16 } else { max(1, gradient.count) }
    for start in stride(from: 0, to: gradient.count, by: grain) {
      parts.append((index, start..<min(gradient.count, start + grain)))
    }
  }
  let squares = Tensor<Double>(writing: [parts.count]) { out in
    SharedProduct.forEach(parts.count) { part in
      let (index, range) = parts[part]
      switch gradients[index] {
      case .whole(let tensor):
        out[part] = tensor.withUnsafeScalars { scalars in
          let part = UnsafeBufferPointer(rebasing: scalars[range])
          return Scalar.kernels.dot(part, part)
        }
      case .product(let g, let x):
        out[part] = gramMatrix(g).dot(gramMatrix(x))
      }
    }
  }
  return squares.scalars.reduce(0, +).squareRoot()
}
