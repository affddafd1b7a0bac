// One painted surface seen from several sides, in a row: all at one scale, with the views' names below.

import SextantGeometry

/// Where the views of a surface lie beside each other.
struct MeshRow: Sendable {
  /// One view: its axes, the middle of the surface in it, and the extent there in the mesh's unit.
  private struct Place {
    let view: MeshView
    let basis: ViewBasis
    let centre: SIMD2<Double>
    let extent: SIMD2<Double>
    /// The left edge in points, from the row's.
    var left = 0.0
  }

  private let shape: MeshShape
  private let places: [Place]
  /// Points for each unit of length.
  private let scale: Double
  private let textSize: Double
  private let showsNames: Bool
  /// The height of the tallest view, in points.
  private let viewHeight: Double
  /// The height with the names.
  var height: Double { viewHeight + (showsNames ? 1.9 * textSize : 0) }

  /// - Parameters:
  ///   - width: What the row may take, in points.
  ///   - maximumHeight: What a view may take.
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
    // A flat surface seen from its edge has no width.
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
      // A pixel more on each side, for edges that are covered in part.
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
