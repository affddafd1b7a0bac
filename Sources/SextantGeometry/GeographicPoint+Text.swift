// Places as people write them: "48.85° N, 2.35° E".

import Foundation

extension GeographicPoint: CustomStringConvertible {
  public var description: String { "\(Self.text(latitude: latitude)), \(Self.text(longitude: longitude))" }

  static func text(latitude: Double) -> String {
    latitude == 0 ? "0°" : "\(number(abs(latitude)))° \(latitude < 0 ? "S" : "N")"
  }

  static func text(longitude: Double) -> String {
    guard longitude.isFinite else { return "\(longitude)°" }
    let wrapped = longitude - 360 * ((longitude - 180) / 360).rounded(.up)
    return wrapped == 0 ? "0°" : "\(number(abs(wrapped)))° \(wrapped < 0 ? "W" : "E")"
  }

  /// At most three decimals, and no more than are needed.
  static func number(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    guard rounded.isFinite, abs(rounded) < 1e9 else { return "\(rounded)" }
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
