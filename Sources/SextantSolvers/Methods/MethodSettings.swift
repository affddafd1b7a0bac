// The settings of a method: a value with defaults that reads its own section and names the numbers that a sweep may
// vary.

import SextantConfiguration

/// The settings of one method. Each method has default settings, which a section of a configuration changes.
public protocol MethodSettings: Sendable, Equatable, Encodable {
  /// These settings with the changes of a section. Throws `ConfigurationError`.
  func reading(_ section: ConfigurationReader) throws -> Self
  /// The numbers that a sweep varies; nil if there is no number of steps.
  static var swept: SweptSettings<Self>? { get }
}

/// The properties of settings for the keys `steps` and `step_size`.
public struct SweptSettings<Root>: Sendable {
  /// The number of steps.
  public let steps: any WritableKeyPath<Root, Int> & Sendable
  /// The step size, which must suit the number of steps; nil for a method without one.
  public let stepSize: (any WritableKeyPath<Root, Double> & Sendable)?

  public init(
    steps: any WritableKeyPath<Root, Int> & Sendable, stepSize: (any WritableKeyPath<Root, Double> & Sendable)? = nil
  ) {
    (self.steps, self.stepSize) = (steps, stepSize)
  }
}

extension MethodSettings {
  public static var swept: SweptSettings<Self>? { nil }

  /// Whether there is a number of steps.
  public var hasSteps: Bool { Self.swept != nil }

  /// Whether there is a step size.
  public var hasStepSize: Bool { Self.swept?.stepSize != nil }

  /// The same settings with another number of steps and, if there is one, another step size; unchanged if there are no
  /// steps.
  public func changing(steps: Int, stepSize: Double?) -> Self {
    guard let swept = Self.swept else { return self }
    var result = self
    result[keyPath: swept.steps] = steps
    if let place = swept.stepSize, let stepSize { result[keyPath: place] = stepSize }
    return result
  }

  /// Whether `other` has the same type and value.
  fileprivate func isEqual(to other: any MethodSettings) -> Bool { (other as? Self) == self }
}

/// The section `solvers`: the prior that the diffusion methods sample, and the settings of every method that has any.
public struct SolverSettings: Sendable {
  /// The prior that the diffusion methods sample.
  public enum Prior: String, ConfigurationChoice {
    /// The model's learned diffusion prior.
    case diffusion
    /// The Gaussian of the model's modes, whose exact denoiser needs no training.
    case gaussian
  }

  /// The prior that the diffusion methods sample.
  public var prior = Prior.diffusion
  /// The number of samples that the diffusion methods draw in a comparison; nil for the same number as the other
  /// methods.
  public var samples: Int?
  /// Is called between the steps of the diffusion methods, which end with what it throws. It is no setting that answers depend on,
  /// and is neither compared nor encoded.
  public var checkInterruption: @Sendable () throws -> Void = {}
  /// The settings of each method, by name.
  private var sections: [String: any MethodSettings] = [:]

  /// The defaults of all methods.
  public init(methods: [Method] = .standard) {
    for method in methods { sections[method.name] = method.settings }
  }

  /// Reads the section. Throws `ConfigurationError`.
  public init(_ reader: ConfigurationReader, methods: [Method] = .standard) throws {
    prior = try reader.value("prior", default: .diffusion)
    samples = try reader.optional("samples")
    if let samples, !(1...10_000).contains(samples) {
      throw reader.wrong("samples", expected: "a whole number from 1 to 10000", found: "\(samples)")
    }
    for method in methods {
      guard let defaults = method.settings else { continue }
      sections[method.name] = try Self.read(defaults, section: method.name, of: reader)
    }
  }

  private static func read<Settings: MethodSettings>(
    _ defaults: Settings, section: String, of reader: ConfigurationReader
  ) throws -> any MethodSettings {
    try reader.requiredSection(section) { try defaults.reading($0) }
  }

  /// The settings of a method, which are its defaults unless they were changed; nil for a method that has none.
  public subscript(method: Method) -> (any MethodSettings)? {
    get { sections[method.name] ?? method.settings }
    set { sections[method.name] = newValue }
  }

  /// The same settings with another number of steps for one method and, if it has one, another step size.
  public func changing(_ method: Method, steps: Int, stepSize: Double?) -> SolverSettings {
    var result = self
    result[method] = self[method].map { $0.changing(steps: steps, stepSize: stepSize) }
    return result
  }
}

extension SolverSettings: Equatable, Encodable {
  public static func == (a: SolverSettings, b: SolverSettings) -> Bool {
    a.prior == b.prior && a.samples == b.samples && a.sections.count == b.sections.count
      && a.sections.allSatisfy { name, own in b.sections[name].map { own.isEqual(to: $0) } ?? false }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(prior, forKey: Key(stringValue: "prior"))
    try container.encodeIfPresent(samples, forKey: Key(stringValue: "samples"))
    for (name, own) in sections { try container.encode(own, forKey: Key(stringValue: name)) }
  }
}
