// How a list of fields is cut into parts where neighbours in time are alike.

import SextantConfiguration

/// Which fields stay together.
public enum Folds: String, ConfigurationChoice {
  /// Consecutive ones: what is left out is like times that are still to come.
  case blocks
  /// Every n-th: what is left out lies between what is kept.
  case interleaved
}
