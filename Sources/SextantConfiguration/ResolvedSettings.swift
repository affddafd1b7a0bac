// Every setting of a run with its value and its origin, as printed by `--dry-run` and stored with a model.

/// A setting as it took effect.
public struct ResolvedSetting: Sendable, Equatable, Codable {
  /// The path of keys, such as "prior.modes".
  public let key: String
  /// The value, as it would be written.
  public let value: String
  /// "default", "FILE:LINE:COLUMN" or "--set KEY=VALUE".
  public let origin: String
}

/// The settings in the order in which they were read.
public final class ResolvedSettings {
  /// The settings so far.
  public private(set) var settings: [ResolvedSetting] = []

  public init() {}

  func record(_ key: String, _ value: String, _ origin: SettingOrigin) {
    settings.append(ResolvedSetting(key: key, value: value, origin: origin.description))
  }

  /// A table for reading: key, value, origin.
  public var table: String {
    let keyWidth = settings.map(\.key.count).max() ?? 0
    let valueWidth = min(40, settings.map(\.value.count).max() ?? 0)
    return settings.map { setting in
      pad(setting.key, to: keyWidth) + "  " + pad(setting.value, to: valueWidth) + "  " + setting.origin
    }.joined(separator: "\n")
  }

  private func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
