// The grid mapping rotated_latitude_longitude of CF (appendix F), from rotated to geographic coordinates. It is needed
// only for files without two-dimensional latitudes and longitudes.

import Foundation

/// A rotated pole, in degrees.
struct RotatedPole: Sendable, Equatable {
  let latitude: Double
  let longitude: Double
  /// The rotated longitude of the geographic north pole.
  let gridLongitude: Double

  init(latitude: Double, longitude: Double, gridLongitude: Double = 0) {
    self.latitude = latitude
    self.longitude = longitude
    self.gridLongitude = gridLongitude
  }

  /// The pole described by a grid mapping variable; nil if it is another mapping.
  init?(_ mapping: NetCDFVariable) {
    func number(_ name: String) -> Double? { mapping.attribute(name)?.numbers?.first }
    guard mapping.text("grid_mapping_name") == "rotated_latitude_longitude",
      let latitude = number("grid_north_pole_latitude"), let longitude = number("grid_north_pole_longitude")
    else { return nil }
    self.init(latitude: latitude, longitude: longitude, gridLongitude: number("north_pole_grid_longitude") ?? 0)
  }

  /// The geographic coordinates of a point with rotated coordinates, all in degrees.
  func geographic(latitude rotatedLatitude: Double, longitude rotatedLongitude: Double) -> (Double, Double) {
    let degree = Double.pi / 180
    let (phi, lambda) = (rotatedLatitude * degree, (rotatedLongitude - gridLongitude) * degree)
    let (poleSine, poleCosine) = (sin(latitude * degree), cos(latitude * degree))
    let sine = poleSine * sin(phi) + poleCosine * cos(phi) * cos(lambda)
    let along = poleCosine * sin(phi) - poleSine * cos(phi) * cos(lambda)
    let across = -cos(phi) * sin(lambda)
    return (asin(max(-1, min(1, sine))) / degree, longitude + atan2(across, along) / degree)
  }
}
