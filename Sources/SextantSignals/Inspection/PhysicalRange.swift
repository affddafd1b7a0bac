// The range that the units or the standard name of a variable allow, as far as it is certain.

/// The values that a quantity can have.
package struct PhysicalRange: Sendable, Equatable {
  /// The smallest value, in the units of the variable.
  let lower: Double
  /// The largest value.
  let upper: Double
  /// Whether the bounds themselves are impossible, as 0 K is.
  let isOpen: Bool
  /// Values count as outside only if the median is at least this: differences of temperatures have units of kelvin,
  /// too, and may be negative.
  let leastMedian: Double
  /// What is impossible, for messages.
  package let meaning: String

  /// The range of a variable; nil where nothing is certain.
  package init?(of variable: Variable) {
    let name = (variable.standardName ?? "").lowercased()
    if let line = try? Units.line(from: variable.units, to: "K"), line.factor > 0 {
      let zero = -line.offset / line.factor
      let names = [variable.name, variable.longName ?? "", name].map { $0.lowercased() }
      let isAbsolute = name.hasSuffix("temperature") && !names.contains { $0.contains("anom") || $0.contains("differ") }
      self.init(
        lower: zero, upper: .infinity, isOpen: true,
        leastMedian: isAbsolute ? -.infinity : zero + 100 / line.factor, meaning: "at or below 0 K")
      return
    }
    func bound(_ value: Double, _ units: String) -> Double? {
      if variable.units.isEmpty { return nil }
      return try? Units.convert([value], from: units, to: variable.units).first
    }
    if name.hasSuffix("area_fraction"), let one = bound(1, "1") {
      self.init(lower: 0, upper: one, isOpen: false, leastMedian: -.infinity, meaning: "outside of the fractions 0…1")
    } else if name.contains("air_pressure"), let zero = bound(0, "Pa") {
      self.init(lower: zero, upper: .infinity, isOpen: true, leastMedian: -.infinity, meaning: "at or below 0 Pa")
    } else if Self.amounts.contains(where: name.contains), !name.hasPrefix("tendency"), !name.contains("anomaly") {
      self.init(lower: 0, upper: .infinity, isOpen: false, leastMedian: -.infinity, meaning: "below 0")
    } else {
      return nil
    }
  }

  private init(lower: Double, upper: Double, isOpen: Bool, leastMedian: Double, meaning: String) {
    (self.lower, self.upper, self.isOpen) = (lower, upper, isOpen)
    (self.leastMedian, self.meaning) = (leastMedian, meaning)
  }

  private static let amounts = [
    "precipitation", "rainfall", "snowfall", "specific_humidity", "relative_humidity", "mass_concentration",
    "mole_concentration", "wind_speed", "cloud_area", "snow_amount", "lwe_thickness",
  ]

  /// Whether a value is impossible; rounding by packing and interpolation is allowed for by `tolerance`.
  func excludes(_ value: Double, tolerance: Double) -> Bool {
    if isOpen { return value <= lower || value >= upper }
    return value < lower - tolerance || value > upper + tolerance
  }

  /// Whether a value is impossible although it may be off by `noise`.
  package func excludes(_ value: Double, noise: Double) -> Bool {
    if isOpen { return value + noise <= lower || value - noise >= upper }
    return excludes(value, tolerance: noise + (upper.isFinite ? 1e-3 * (upper - lower) : 1e-6))
  }
}
