// Products of many pairs of matrices at once, and the rearrangement into heads: the building blocks of attention.

import SextantArrays

/// The products of N pairs of matrices (N×m×n): op(Aᵢ)·op(Bᵢ) for each i, where op is the transpose if requested and the
/// identity otherwise. A is N×m×k, or N×k×m if it is to be transposed; B is N×k×n, or N×n×k.
public func batchedMatrixProduct<Scalar: TensorScalar>(
  _ a: DifferentiableTensor<Scalar>, _ b: DifferentiableTensor<Scalar>, transposingFirst transposeA: Bool = false,
  transposingSecond transposeB: Bool = false
) -> DifferentiableTensor<Scalar> {
  precondition(
    a.shape.count == 3 && b.shape.count == 3 && a.shape[0] == b.shape[0],
    "Batched product of shapes \(a.shape) and \(b.shape)")
  let (m, k) = transposeA ? (a.shape[2], a.shape[1]) : (a.shape[1], a.shape[2])
  let (k2, n) = transposeB ? (b.shape[2], b.shape[1]) : (b.shape[1], b.shape[2])
  precondition(k == k2, "Products of \(m)×\(k) and \(k2)×\(n) matrices")
  let (count, aValue, bValue) = (a.shape[0], a.value, b.value)
  let value = Tensor<Scalar>(writing: [count, m, n]) { out in
    guard k > 0 else {
      out.clear(count: count * m * n)
      return
    }
    reading(aValue, bValue) { a, b in
      SharedProduct.forEach(count) { i in
        Scalar.multiply(
          transposeA, transposeB, m, n, k, 1, a + i * m * k, transposeA ? m : k, b + i * k * n, transposeB ? k : n, 0,
          out + i * m * n, n)
      }
    }
  }
  return a.tape.record(value, operation: "batched matrix product", from: [a, b]) { gradient, cotangents in
    guard m > 0, n > 0 else { return }
    // C = op(A)·op(B), so d op(A) = G·op(B)ᵀ and d op(B) = op(A)ᵀ·G; each is written transposed where op transposes.
    cotangents.write(to: a) { out, adds in
      reading(gradient, bValue) { gradient, b in
        SharedProduct.forEach(count) { i in
          let (g, b, out) = (gradient + i * m * n, b + i * k * n, out + i * m * k)
          if transposeA {
            Scalar.multiply(transposeB, true, k, m, n, 1, b, transposeB ? k : n, g, n, adds ? 1 : 0, out, m)
          } else {
            Scalar.multiply(false, !transposeB, m, k, n, 1, g, n, b, transposeB ? k : n, adds ? 1 : 0, out, k)
          }
        }
      }
    }
    cotangents.write(to: b) { out, adds in
      reading(gradient, aValue) { gradient, a in
        SharedProduct.forEach(count) { i in
          let (g, a, out) = (gradient + i * m * n, a + i * m * k, out + i * k * n)
          if transposeB {
            Scalar.multiply(true, transposeA, n, k, m, 1, g, n, a, transposeA ? m : k, adds ? 1 : 0, out, k)
          } else {
            Scalar.multiply(!transposeA, false, k, n, m, 1, a, transposeA ? m : k, g, n, adds ? 1 : 0, out, n)
          }
        }
      }
    }
  }
}

extension DifferentiableTensor {
  /// Rearranges B×V×(heads·C) to (B·heads)×V×C, so that the columns of each head become a separate matrix.
  /// `range` selects the columns to split; all by default.
  public func splitIntoHeads(_ heads: Int, columns range: Range<Int>? = nil) -> DifferentiableTensor {
    let range = range ?? 0..<value.columnCount
    precondition(
      shape.count == 3 && range.count % heads == 0 && range.upperBound <= shape[2],
      "\(heads) heads of columns \(range) of shape \(shape)")
    let heads = HeadBlocks<Scalar>(
      samples: shape[0], rows: shape[1], heads: heads, columns: range.count / heads, stride: shape[2],
      first: range.lowerBound)
    let result = Tensor<Scalar>(writing: [heads.samples * heads.heads, heads.rows, heads.columns]) { out in
      value.reading { heads.split($0, adds: false, into: out) }
    }
    let slot = self.slot
    return tape.record(result, operation: "heads", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        let isWhole = heads.heads * heads.columns == heads.stride
        if !adds && !isWhole { out.clear(count: slot.count) }
        gradient.reading { heads.merge($0, adds: adds || !isWhole, into: out) }
      }
    }
  }

  /// Rearranges (B·heads)×V×C to B×V×(heads·C), the inverse of ``splitIntoHeads(_:columns:)``.
  public func mergingHeads(_ heads: Int) -> DifferentiableTensor {
    precondition(shape.count == 3 && shape[0] % heads == 0, "\(heads) heads of shape \(shape)")
    let heads = HeadBlocks<Scalar>(
      samples: shape[0] / heads, rows: shape[1], heads: heads, columns: shape[2], stride: heads * shape[2], first: 0)
    let result = Tensor<Scalar>(writing: [heads.samples, heads.rows, heads.stride]) { out in
      value.reading { heads.merge($0, adds: false, into: out) }
    }
    let slot = self.slot
    return tape.record(result, operation: "heads", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        gradient.reading { heads.split($0, adds: adds, into: out) }
      }
    }
  }
}

/// Head h of sample b, as columns of a tensor with rows of length `stride` and as a block of the other tensor.
private struct HeadBlocks<Scalar: TensorScalar> {
  let samples: Int
  let rows: Int
  let heads: Int
  let columns: Int
  let stride: Int
  /// The first column of the first head.
  let first: Int

  /// Copies columns to blocks.
  func split(_ x: UnsafePointer<Scalar>, adds: Bool, into out: UnsafeMutablePointer<Scalar>) {
    Work.overSamples(samples * heads) {
      Scalar.kernels.copyRows(
        rows: rows, columns: columns, from: x + place($0), stride: stride, adds: adds, to: out + $0 * rows * columns,
        outStride: columns)
    }
  }

  /// Copies blocks to columns.
  func merge(_ x: UnsafePointer<Scalar>, adds: Bool, into out: UnsafeMutablePointer<Scalar>) {
    Work.overSamples(samples * heads) {
      Scalar.kernels.copyRows(
        rows: rows, columns: columns, from: x + $0 * rows * columns, stride: columns, adds: adds, to: out + place($0),
        outStride: stride)
    }
  }

  private func place(_ index: Int) -> Int { index / heads * rows * stride + first + index % heads * columns }
}
