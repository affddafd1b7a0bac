// Where a projection's plane lies on the page, and lines of latitude and longitude brought there: cut at the
// edge of the map, so that no line runs across the page from one edge of the world to the other.

import Foundation
import SextantGeometry

/// A projection placed in a rectangle of the page.
struct MapFrame: Sendable {
  let projection: MapProjection
  /// The bounding rectangle of the map on the page.
  let rectangle: Rectangle
  /// Points per radius of the sphere.
  let scale: Double
  /// The plane's lower left corner.
  private let corner: SIMD2<Double>

  /// Places `projection` below `origin`, as large as `width` and `height` allow, in the middle of the width.
  init(_ projection: MapProjection, at origin: SIMD2<Double>, width: Double, height: Double) {
    let outline = projection.outline
    let low = outline.reduce(SIMD2(.infinity, .infinity)) { pointwiseMin($0, $1) }
    let high = outline.reduce(SIMD2(-.infinity, -.infinity)) { pointwiseMax($0, $1) }
    let size = high - low
    scale = min(width / size.x, height / size.y)
    self.projection = projection
    corner = low
    rectangle = Rectangle(
      x: origin.x + (width - size.x * scale) / 2, y: origin.y, width: size.x * scale, height: size.y * scale)
  }

  /// The same map elsewhere on the page.
  func moved(by offset: SIMD2<Double>) -> MapFrame {
    MapFrame(
      projection, at: SIMD2(rectangle.minX, rectangle.minY) + offset, width: rectangle.width, height: rectangle.height)
  }

  /// The place on the page of a place on the plane.
  func onPage(_ place: SIMD2<Double>) -> SIMD2<Double> {
    SIMD2(rectangle.minX + (place.x - corner.x) * scale, rectangle.maxY - (place.y - corner.y) * scale)
  }

  /// The place on the page of a point of the sphere; nil if the map does not show it.
  func onPage(_ point: GeographicPoint) -> SIMD2<Double>? { projection.forward(point).map { onPage($0) } }

  /// The point of the sphere at a place on the page; nil outside the map.
  func point(at place: SIMD2<Double>) -> GeographicPoint? {
    projection.inverse(
      SIMD2(corner.x + (place.x - rectangle.minX) / scale, corner.y + (rectangle.maxY - place.y) / scale))
  }

  /// The edge of the map.
  var outline: Path { Path(polygon: projection.outline.map { onPage($0) }) }

  /// How many degrees of latitude one point of the page shows in the middle of the map.
  var degreesPerPoint: Double { 180 / .pi / scale }

  /// The path of a line through `points`, whose neighbours are taken to be less than half a circle apart.
  func path(through points: [GeographicPoint]) -> Path {
    var path = Path()
    var previous: (latitude: Double, offset: Double)?
    var isDown = false
    func draw(to latitude: Double, _ offset: Double) {
      guard let place = projection.forward(latitude: latitude, longitudeOffset: offset) else {
        isDown = false
        return
      }
      if isDown { path.addLine(to: onPage(place)) } else { path.move(to: onPage(place)) }
      isDown = true
    }
    for (index, point) in points.enumerated() {
      var offset: Double
      if let previous {
        offset = previous.offset + remainder(point.longitude - projection.centre.longitude - previous.offset, 360)
      } else {
        offset = remainder(point.longitude - projection.centre.longitude, 360)
        // On the seam itself, the next point tells which edge of the map is meant.
        if abs(offset) > 180 - 1e-6, index + 1 < points.count {
          let next = remainder(points[index + 1].longitude - projection.centre.longitude, 360)
          offset = next < 0 ? -180 : 180
        }
      }
      if projection.isWorld, let last = previous, abs(offset) > 180 {
        // Up to the edge, then on from the other edge.
        let edge = offset > 0 ? 180.0 : -180.0
        let part = offset == last.offset ? 0 : (edge - last.offset) / (offset - last.offset)
        let latitude = last.latitude + part * (point.latitude - last.latitude)
        draw(to: latitude, edge)
        isDown = false
        offset -= 2 * edge
        if abs(offset + edge) > 1e-9 { draw(to: latitude, -edge) }
      }
      draw(to: point.latitude, offset)
      previous = (point.latitude, offset)
    }
    return path
  }
}
