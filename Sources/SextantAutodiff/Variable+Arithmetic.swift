// Sums, differences and products of variables of equal shape, each next to its pullback.

import SextantArrays

extension DifferentiableTensor {
  /// a + b.
  @specialized(where Scalar == Float)
  public static func + (a: DifferentiableTensor, b: DifferentiableTensor) -> DifferentiableTensor {
    let slots = (a.slot, b.slot)
    return a.tape.record(a.value + b.value, operation: "add", from: [a, b]) { gradient, cotangents in
      cotangents.add(gradient, to: slots.0)
      cotangents.add(gradient, to: slots.1)
    }
  }

  /// a − b.
  @specialized(where Scalar == Float)
  public static func - (a: DifferentiableTensor, b: DifferentiableTensor) -> DifferentiableTensor {
    let slots = (a.slot, b.slot)
    return a.tape.record(a.value - b.value, operation: "subtract", from: [a, b]) { gradient, cotangents in
      cotangents.add(gradient, to: slots.0)
      cotangents.add(gradient * -1, to: slots.1)
    }
  }

  /// a · b, element-wise.
  @specialized(where Scalar == Float)
  public static func * (a: DifferentiableTensor, b: DifferentiableTensor) -> DifferentiableTensor {
    a.tape.record(a.value * b.value, operation: "multiply", from: [a, b]) { gradient, cotangents in
      cotangents.add(productOf: gradient, b.value, to: a)
      cotangents.add(productOf: gradient, a.value, to: b)
    }
  }

  /// a times a scalar.
  @specialized(where Scalar == Float)
  public static func * (a: DifferentiableTensor, factor: Scalar) -> DifferentiableTensor {
    let slot = a.slot
    return a.tape.record(a.value * factor, operation: "scale", from: [a]) { gradient, cotangents in
      cotangents.add(gradient * factor, to: slot)
    }
  }
}

extension Cotangents {
  /// Adds the element-wise product of two tensors without forming it first.
  fileprivate mutating func add(
    productOf x: Tensor<Scalar>, _ y: Tensor<Scalar>, to input: DifferentiableTensor<Scalar>
  ) {
    let kernels = Scalar.kernels
    write(to: input) { out, adds in
      reading(x, y) { x, y in
        Work.overScalars(input.value.count) {
          let start = $0.lowerBound
          kernels.multiply(count: $0.count, x + start, y + start, adds: adds, to: out + start)
        }
      }
    }
  }
}
