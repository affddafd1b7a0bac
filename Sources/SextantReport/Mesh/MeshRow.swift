// One painted surface in several views, in a row: all at the same scale, with the names of the views below.

import SextantGeometry

/// The positions of a surface's views side by side.
struct MeshRow: Sendable {
  /// One view: its axes, and the centre and the extent of the surface in it, in the mesh's units.
  private struct Place {
    let view: MeshView
    let basis: ViewBasis
    let centre: SIMD2<Double>
    let extent: SIMD2<Double>
    /// The left edge in points, from the left edge of the row.
    var left = 0.0
  }

  private let shape: MeshShape
  private let places: [Place]
  /// Points per unit of length.
  private let scale: Double
  private let textSize: Double
  private let showsNames: Bool
  /// The height of the tallest view, in points.
  private let viewHeight: Double
  /// The height including the names.
  var height: Double { viewHeight + (showsNames ? 1.9 * textSize : 0) }

  /// Arranges views as large as the available width and the maximum height of a view allow, both in points.
  init(
    _ shape: MeshShape, views: [MeshView], axes: MeshAxes, width: Double, maximumHeight: Double, textSize: Double,
    showsNames: Bool
  ) {
    let gap = 1.8 * textSize
    var places = views.map { view -> Place in
      let basis = view.basis(axes)
      let (low, high) = shape.bounds(basis)
      return Place(
        view: view, basis: basis, centre: SIMD2(low.x + high.x, low.y + high.y) / 2,
        extent: SIMD2(high.x - low.x, high.y - low.y))
    }
    let gaps = gap * Double(max(0, places.count - 1))
    // A flat surface has no width when seen edge-on.
    let total = places.reduce(0) { $0 + $1.extent.x }
    let tallest = places.reduce(0) { max($0, $1.extent.y) }
    let scale = min(
      (width - gaps) / max(total, .leastNormalMagnitude), maximumHeight / max(tallest, .leastNormalMagnitude))
    var left = max(0, (width - gaps - scale * total) / 2)
    for index in places.indices {
      places[index].left = left
      left += scale * places[index].extent.x + gap
    }
    self.shape = shape
    self.places = places
    self.scale = scale
    self.textSize = textSize
    self.showsNames = showsNames
    viewHeight = scale * tallest
  }

  /// Draws the row with its upper left corner at `origin`.
  func draw(_ paint: MeshPaint, on canvas: Canvas, at origin: SIMD2<Double>) throws {
    for place in places {
      let middle = SIMD2(origin.x + place.left + scale * place.extent.x / 2, origin.y + viewHeight / 2)
      let half = scale * place.extent / 2
      // One more pixel on each side, for partially covered edges.
      let margin = 1 / canvas.resolution
      let area = canvas.pixels(
        covering: Rectangle(
          x: middle.x - half.x - margin, y: middle.y - half.y - margin, width: 2 * (half.x + margin),
          height: 2 * (half.y + margin)))
      let image = MeshRaster(
        shape: shape, paint: paint, basis: place.basis, scale: scale * canvas.resolution, centre: place.centre
      ).image(width: area.width, height: area.height)
      try canvas.draw(image, atPixel: area.x, area.y)
      if showsNames {
        canvas.draw(
          place.view.name, at: SIMD2(middle.x, origin.y + viewHeight + 1.4 * textSize),
          style: TextStyle(size: textSize, colour: .softInk), anchor: TextAnchor(.centre, .baseline))
      }
    }
  }
}
