// What a program knows of domains, formats, designs and methods: plain lists in a plain value. There is no global registry: who
// wants more members hands over a copy with more of them.

import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantSolvers

/// The kinds of domains, file formats, measurement designs and methods that a pipeline may use.
public struct Catalogue: Sendable {
  /// The kinds of domains that a model file may hold.
  public var domains: [StoredDomainKind]
  /// The formats of files of signals.
  public var formats: [any SignalFormat]
  /// The kinds of measurement designs.
  public var designs: [MeasurementDesignKind]
  /// The methods.
  public var methods: [Method]

  public init(
    domains: [StoredDomainKind] = .standard, formats: [any SignalFormat] = .standard,
    designs: [MeasurementDesignKind] = .standard, methods: [Method] = .standard
  ) {
    self.domains = domains
    self.formats = formats
    self.designs = designs
    self.methods = methods
  }

  /// What comes with the library.
  public static let standard = Catalogue()
}
