// How the numbers of a variable stand in a file of numbers at vertices. Signals are in single precision, so that a
// variable may be held relative to an offset, such as a time near 1.7e9 seconds; colours are held from 0 to 1 whatever
// their type. What is written goes back through the same form, in double precision.

import SextantGeometry

/// The relation between a variable's numbers in a file and the values of a signal: number = offset + scale · value.
public struct StoredForm: Sendable, Equatable {
  /// What was subtracted from the numbers, in the units of the file.
  public var offset: Double
  /// The number at value 1: for a colour, the one of full intensity.
  public var scale: Double
  /// The type in which answers are written: that of the file, if it holds fractional numbers.
  public var type: MeshScalarType
  /// By how much single precision rounds the numbers, if that is a considerable part of their variability and no offset
  /// was subtracted; otherwise 0.
  var rounding = 0.0

  /// - Parameters:
  ///   - offset: What is subtracted from the numbers of the file.
  ///   - scale: The number at value 1, positive.
  ///   - type: The type of the answers.
  public init(offset: Double = 0, scale: Double = 1, type: MeshScalarType = .float32) {
    (self.offset, self.scale, self.type) = (offset, scale, type)
  }

  /// The form of a column of numbers.
  ///
  /// - Parameters:
  ///   - numbers: The numbers in the file, NaN where one is missing.
  ///   - isDouble: Whether the file holds them in double precision.
  ///   - removesOffset: Whether an offset is subtracted where single precision is too coarse.
  init(of numbers: some Sequence<Double>, isDouble: Bool, removesOffset: Bool) {
    let offset = Self.offset(of: numbers)
    let removed = removesOffset ? offset : 0
    self.init(offset: removed, type: isDouble || removed != 0 ? .float64 : .float32)
    if !removesOffset { rounding = abs(offset) * Self.singleRounding }
  }

  /// The number of the file for a value of the signal.
  func number(_ value: Float) -> Double { offset + scale * Double(value) }

  /// The number of the file for a difference of two values, such as a standard deviation.
  func difference(_ value: Float) -> Double { scale * Double(value) }

  /// The value of the signal for a number of the file.
  func value(_ number: Double) -> Float { Float((number - offset) / scale) }

  /// The same form in a file that holds colours from 0 to 1, such as a table.
  var withoutScale: StoredForm { StoredForm(offset: offset, type: type) }

  /// The relative error of rounding to single precision.
  private static let singleRounding = 0x1p-24
  /// The part of the variability by which rounding may change numbers.
  private static let tolerance = 1e-3

  /// The median of the numbers if single precision would round them by more than a thousandth of the distance between
  /// their quartiles, or of their range where the quartiles agree; otherwise 0. A constant is rounded to whole numbers
  /// at most.
  private static func offset(of numbers: some Sequence<Double>) -> Double {
    let sorted = numbers.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return 0 }
    let median = sorted[sorted.count / 2]
    let quartiles = sorted[3 * sorted.count / 4] - sorted[sorted.count / 4]
    let spread = quartiles > 0 ? quartiles : sorted[sorted.count - 1] - sorted[0]
    let limit = spread > 0 ? tolerance * spread : 1
    return abs(median) * singleRounding > limit ? median : 0
  }
}

extension SignalSource {
  /// The forms in which the file that the fields come from holds their variables (C); nil where they come from no file
  /// of numbers at vertices.
  var storedForms: [StoredForm]? {
    ((self as? any SignalDocument)?.origin as? StoredSignals).map { stored in
      variables.map { variable in stored.form(of: variable.name) ?? StoredForm() }
    }
  }
}
