// The placement of a projection on the page, and the projection of lines, which are cut at the edge of the map so that
// no line crosses the page from one edge of the world to the other.

import Foundation
import SextantGeometry

/// A projection placed in a rectangle of the page.
struct MapFrame: Sendable {
  let projection: MapProjection
  /// The bounding rectangle of the map on the page.
  let rectangle: Rectangle
  /// Points per radius of the sphere.
  let scale: Double
  /// The lower left corner of the map on the plane.
  private let corner: SIMD2<Double>

  /// Places `projection` below `origin`, as large as `width` and `height` allow, horizontally centred.
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

  /// The same map at another position on the page.
  func moved(by offset: SIMD2<Double>) -> MapFrame {
    MapFrame(
      projection, at: SIMD2(rectangle.minX, rectangle.minY) + offset, width: rectangle.width, height: rectangle.height)
  }

  /// The position on the page of a point on the plane.
  func onPage(_ place: SIMD2<Double>) -> SIMD2<Double> {
    SIMD2(rectangle.minX + (place.x - corner.x) * scale, rectangle.maxY - (place.y - corner.y) * scale)
  }

  /// The position on the page of a point on the sphere; nil if the map does not show it.
  func onPage(_ point: GeographicPoint) -> SIMD2<Double>? { projection.forward(point).map { onPage($0) } }

  /// The point on the sphere at a position on the page; nil outside the map.
  func point(at place: SIMD2<Double>) -> GeographicPoint? {
    projection.inverse(
      SIMD2(corner.x + (place.x - rectangle.minX) / scale, corner.y + (rectangle.maxY - place.y) / scale))
  }

  /// The boundary of the map.
  var outline: Path { Path(polygon: projection.outline.map { onPage($0) }) }

  /// Degrees of latitude per point of the page, at the centre of the map.
  var degreesPerPoint: Double { 180 / .pi / scale }

  /// The path of a line through `points`; neighbours must be less than half a circle apart.
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
        // For a point on the seam itself, the next point determines which edge is meant.
        if abs(offset) > 180 - 1e-6, index + 1 < points.count {
          let next = remainder(points[index + 1].longitude - projection.centre.longitude, 360)
          offset = next < 0 ? -180 : 180
        }
      }
      if projection.isWorld, let last = previous, abs(offset) > 180 {
        // Up to the edge, then on from the opposite edge.
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
