// Sums, differences and products of variables of one shape, each beside its pullback.

import SextantArrays

extension Variable {
  /// a + b.
  public static func + (a: Variable, b: Variable) -> Variable {
    a.tape.record(a.value + b.value, operation: "add", from: [a, b]) { gradient, cotangents in
      cotangents.add(gradient, to: a)
      cotangents.add(gradient, to: b)
    }
  }

  /// a − b.
  public static func - (a: Variable, b: Variable) -> Variable {
    a.tape.record(a.value - b.value, operation: "subtract", from: [a, b]) { gradient, cotangents in
      cotangents.add(gradient, to: a)
      cotangents.add(gradient * -1, to: b)
    }
  }

  /// a · b, element by element.
  public static func * (a: Variable, b: Variable) -> Variable {
    a.tape.record(a.value * b.value, operation: "multiply", from: [a, b]) { gradient, cotangents in
      cotangents.add(gradient * b.value, to: a)
      cotangents.add(gradient * a.value, to: b)
    }
  }

  /// a times a number.
  public static func * (a: Variable, factor: Scalar) -> Variable {
    a.tape.record(a.value * factor, operation: "scale", from: [a]) { gradient, cotangents in
      cotangents.add(gradient * factor, to: a)
    }
  }

  /// The sum of all elements, of shape [].
  public func sum() -> Variable {
    let total = value.withUnsafeScalars { $0.reduce(0.0) { $0 + Double($1) } }
    let shape = value.shape
    return tape.record(Tensor([Scalar(total)], shape: []), operation: "sum", from: [self]) { gradient, cotangents in
      cotangents.add(Tensor(repeating: gradient.scalars[0], shape: shape), to: self)
    }
  }
}
