// The version that `sextant --version` prints and that files and models name as their maker.

/// This release of Sextant.
public enum ProgramVersion {
  /// The version by semantic versioning.
  public static let current = "0.2.0"
}
