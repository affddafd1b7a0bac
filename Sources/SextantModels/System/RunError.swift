// Requests that cannot be carried out as they stand.

/// A request that cannot be carried out.
public enum RunError: Error, Equatable, CustomStringConvertible {
  /// No noise level was given and the file has none.
  case noiseUnknown(path: String, variable: String)
  /// Nothing is observed in a field.
  case nothingObserved(path: String, field: String)
  /// Fields on another domain than the model's, between which nothing can be interpolated.
  case anotherDomain(path: String, domain: String, name: String, model: String)
  /// Gaps in a field for a method that fills none.
  case gapsNotFilled(path: String, missing: Int, count: Int, method: String)
  /// Gaps in fields that have to be complete.
  case archiveHasGaps(section: String, missing: Int, count: Int)
  /// The points of another sweep where this one's should go.
  case anotherSweep(path: String)
  /// Everything else: what was expected, what was found, what to do.
  case invalid(String)

  public var description: String {
    switch self {
    case .noiseUnknown(let path, let variable):
      "\(path): the noise of '\(variable)' is not known: the file has no '\(variable)_noise'. Give --noise, such as --noise 0.5K or --noise variable:NAME."
    case .nothingObserved(let path, let field):
      "\(path): nothing is observed in \(field): every value is missing. Check the mask, the conditions of --missing and the fill value (`sextant inspect` shows it)."
    case .anotherDomain(let path, let domain, let name, let model):
      "\(path): the fields are on \(domain), but the model '\(name)' was trained on \(model). Use the domain that it was trained on, or train a model on this one."
    case .gapsNotFilled(let path, let missing, let count, let method):
      "\(path): \(missing) of \(count) values are missing or held out, and '\(method)' removes noise and fills no gaps. Use a method that does, such as dps, pigdm or ddnm."
    case .archiveHasGaps(let section, let missing, let count):
      "\(section): \(missing) of \(count) values are missing, and complete fields are needed here, because a gap would count as the climatology. Leave out the fields with gaps, or fill them first with `sextant impute`."
    case .anotherSweep(let path):
      "\(path): what is there was found with other settings or data. Give --overwrite to start again, or another output."
    case .invalid(let text): text
    }
  }
}
