// Shapes in points: rectangles and paths, as plain values independent of Cairo. Non-finite elements are omitted, so
// that a NaN in the data cannot spoil the page.

/// An axis-aligned rectangle; y increases downwards.
public struct Rectangle: Sendable, Equatable {
  /// The left edge.
  public var x: Double
  /// The upper edge.
  public var y: Double
  /// The width, non-negative.
  public var width: Double
  /// The height, non-negative.
  public var height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The left edge.
  public var minX: Double { x }
  /// The right edge.
  public var maxX: Double { x + width }
  /// The upper edge.
  public var minY: Double { y }
  /// The lower edge.
  public var maxY: Double { y + height }
  /// The centre.
  public var centre: SIMD2<Double> { SIMD2(x + width / 2, y + height / 2) }

  /// The rectangle reduced by these amounts on each side.
  public func inset(left: Double = 0, right: Double = 0, top: Double = 0, bottom: Double = 0) -> Rectangle {
    Rectangle(
      x: x + left, y: y + top, width: max(0, width - left - right), height: max(0, height - top - bottom))
  }
}

/// A sequence of lines, circles and closed polygons.
public struct Path: Sendable, Equatable {
  enum Element: Sendable, Equatable {
    case move(SIMD2<Double>)
    case line(SIMD2<Double>)
    case circle(centre: SIMD2<Double>, radius: Double)
    case close
  }

  private(set) var elements: [Element] = []

  /// An empty path.
  public init() {}

  /// The outline of a rectangle.
  public init(_ rectangle: Rectangle) {
    self.init(
      polygon: [
        SIMD2(rectangle.minX, rectangle.minY), SIMD2(rectangle.maxX, rectangle.minY),
        SIMD2(rectangle.maxX, rectangle.maxY), SIMD2(rectangle.minX, rectangle.maxY),
      ])
  }

  /// A closed polygon through `points`.
  public init(polygon points: [SIMD2<Double>]) {
    addLines(points)
    close()
  }

  /// An open line through `points`.
  public init(lines points: [SIMD2<Double>]) { addLines(points) }

  /// A circle.
  public init(circleAt centre: SIMD2<Double>, radius: Double) {
    if centre.x.isFinite && centre.y.isFinite && radius.isFinite && radius >= 0 {
      elements.append(.circle(centre: centre, radius: radius))
    }
  }

  /// Starts a new line at `point`.
  public mutating func move(to point: SIMD2<Double>) {
    if point.x.isFinite && point.y.isFinite { elements.append(.move(point)) }
  }

  /// Adds a line to `point`.
  public mutating func addLine(to point: SIMD2<Double>) {
    if point.x.isFinite && point.y.isFinite { elements.append(.line(point)) }
  }

  /// Adds an open line through `points`; a non-finite point interrupts it.
  public mutating func addLines(_ points: [SIMD2<Double>]) {
    var isDown = false
    for point in points {
      guard point.x.isFinite && point.y.isFinite else {
        isDown = false
        continue
      }
      elements.append(isDown ? .line(point) : .move(point))
      isDown = true
    }
  }

  /// Joins the last point to the first of the current polygon.
  public mutating func close() { elements.append(.close) }
}
