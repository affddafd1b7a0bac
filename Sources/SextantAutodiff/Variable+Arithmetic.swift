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
}
