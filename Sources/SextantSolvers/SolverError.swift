// What can go wrong when a solver is set up for a measurement. What is wrong with measurements and priors themselves, their
// own modules say.

/// A solver that cannot do what was asked; the text says what was expected and what was found.
public enum SolverError: Error, Equatable, CustomStringConvertible {
  /// A setting with which the method means nothing.
  case invalidSetting(method: String, name: String, found: String, expected: String)
  /// A measurement that leaves out entries, for a method that only takes noise away.
  case notDenoising(method: String, reason: String)
  /// A measured variable that is not a linear function of the prior's states, for a method that is linear.
  case notLinear(method: String, channel: Int)
  /// Noise outside what the diffusion knows, in units of the states.
  case noiseOutOfRange(method: String, found: Double, most: Double)
  /// Measured values or noise levels that are not finite, or noise of nothing.
  case unusableMeasurement(method: String, what: String)
  /// Numbers that grew beyond all bounds on the way.
  case diverged(method: String, step: Int)

  public var description: String {
    switch self {
    case .invalidSetting(let method, let name, let found, let expected):
      "\(method): the setting '\(name)' is \(found); expected \(expected)."
    case .notDenoising(let method, let reason):
      "\(method) takes noise away and does nothing else, but \(reason). Use it where every entry is measured by itself, or a method that fills gaps, such as dps, pigdm or ddnm."
    case .notLinear(let method, let channel):
      "\(method) needs measurements that are linear in the prior's states, but variable number \(channel + 1) is transformed. Use dps, red-diff or score-prior, or train with transform: none."
    case .noiseOutOfRange(let method, let found, let most):
      "\(method): the noise is \(found) standard deviations of the field, and the diffusion knows none above \(most). Look for a wrong unit of the noise."
    case .unusableMeasurement(let method, let what):
      "\(method): \(what). Measured values must be finite, and noise levels finite and above 0."
    case .diverged(let method, let step):
      "\(method): the numbers grew beyond all bounds in step \(step + 1). Use a smaller step size."
    }
  }
}
