// The errors of solvers. Errors of measurements and priors are in the modules of these.

/// A solver that cannot compute a posterior; the text states what was expected and what was found.
public enum SolverError: Error, Equatable, CustomStringConvertible {
  /// A setting outside its range.
  case invalidSetting(method: String, name: String, found: String, expected: String)
  /// A measurement that leaves out entries, for a method that only removes noise.
  case notDenoising(method: String, reason: String)
  /// A measured variable that is not a linear function of the prior's states, for a linear method.
  case notLinear(method: String, channel: Int)
  /// Noise above the largest level of the diffusion, in units of the states.
  case noiseOutOfRange(method: String, found: Double, most: Double)
  /// A measured value that is not finite, or a noise level that is not finite and above 0.
  case unusableMeasurement(method: String, what: String)
  /// Values that were cut off, for a method that cannot use what they say.
  case saturated(method: String)
  /// The numbers of an iteration are no longer finite.
  case diverged(method: String, step: Int)

  public var description: String {
    switch self {
    case .invalidSetting(let method, let name, let found, let expected):
      "\(method): the setting '\(name)' is \(found); expected \(expected)."
    case .notDenoising(let method, let reason):
      "\(method) only removes noise, but \(reason). Use it if every entry is measured, or use a method that fills gaps, such as dps, pigdm or ddnm."
    case .notLinear(let method, let channel):
      "\(method) needs measurements that are linear in the prior's states, but variable number \(channel + 1) is transformed. Use dps, red-diff or score-prior, or train with transform: none."
    case .noiseOutOfRange(let method, let found, let most):
      "\(method): the noise is \(found) standard deviations of the field, but the largest noise level of the diffusion is \(most). Check the units of the noise."
    case .unusableMeasurement(let method, let what):
      "\(method): \(what). Measured values must be finite, and noise levels finite and above 0."
    case .saturated(let method):
      "\(method) cannot use values that were cut off at a level. Use a method with a Gaussian posterior, such as kriging, eof or two-scale, or dps; or count them as missing."
    case .diverged(let method, let step):
      "\(method): the numbers are no longer finite after step \(step + 1). Use a smaller step size."
    }
  }
}
