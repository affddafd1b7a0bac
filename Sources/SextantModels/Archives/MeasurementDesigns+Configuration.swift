// The designs of measurements in configurations, such as `masks: [random:0.6]`.

import SextantConfiguration
import SextantMeasurement

extension ConfigurationReader {
  /// The measurement designs at a key, on what the design at the key `first` gives, if there is such a key. Throws ``ConfigurationError``.
  package func designs(
    _ key: String, default fallback: [String], after first: String? = nil, kinds: [MeasurementDesignKind]
  ) throws -> [AnyMeasurementDesign] {
    func design(_ text: String) throws -> AnyMeasurementDesign {
      try AnyMeasurementDesign(FilePatterns.expandVariables(in: text), kinds: kinds)
    }
    let designs = try parsedList(key, default: fallback, by: design)
    guard let first else { return designs }
    let operation = try parsed(first, default: "none", by: design)
    return designs.map { operation.followed(by: $0) }
  }
}
