// The drawing of each kind of layer, in the plot and in the legend.

extension Plot.Layer {
  private var colour: Colour { style.colour ?? .ink }

  /// The x values that the axis must include.
  var xExtent: [Double] {
    if case .bars(let width) = shape { return x.map { $0 - width / 2 } + x.map { $0 + width / 2 } }
    return x
  }

  /// The y values that the axis must include.
  var yExtent: [Double] {
    switch shape {
    case .line: y
    case .band(let upper): y + upper
    case .bars: y + [0]
    }
  }

  /// The layer's entry in the legend; nil for a layer without a name.
  var legendEntry: PlotFrame.LegendEntry? {
    guard !name.isEmpty else { return nil }
    let kind: PlotFrame.LegendEntry.Kind =
      switch shape {
      case .line: .line
      case .band: .area(opacity: Self.bandOpacity)
      case .bars: .area(opacity: 1)
      }
    return PlotFrame.LegendEntry(name: name, kind: kind, style: style)
  }

  private static let bandOpacity = 0.22

  func draw(on canvas: Canvas, in frame: PlotFrame) {
    let points = zip(x, y).map { frame.place($0, $1) }
    switch shape {
    case .line:
      if style.width > 0 {
        canvas.stroke(Path(lines: points), with: colour, width: style.width, dashes: style.dashes)
      }
      drawMarkers(at: points, on: canvas)
    case .band(let upper):
      // Each stretch without a gap is filled separately.
      let pairs = zip(points, zip(x, upper).map { frame.place($0, $1) }).map { (lower: $0, upper: $1) }
      for run in pairs.split(whereSeparator: { !($0.lower + $0.upper).y.isFinite || !$0.lower.x.isFinite }) {
        canvas.fill(
          Path(polygon: run.map(\.lower) + run.reversed().map(\.upper)), with: colour.withAlpha(Self.bandOpacity))
      }
    case .bars(let width):
      let base = frame.yAxis.axis.kind == .linear ? 0 : frame.yAxis.range.lowerBound
      for (x, y) in zip(x, y) {
        let (left, right) = (frame.xAxis.place(x - width / 2), frame.xAxis.place(x + width / 2))
        let (top, bottom) = (frame.yAxis.place(y), frame.yAxis.place(base))
        guard [left, right, top, bottom].allSatisfy(\.isFinite) else { continue }
        // A thin white gap separates adjacent bars.
        let gap = min(0.5, (right - left) * 0.1)
        canvas.fill(
          Path(
            Rectangle(x: left + gap, y: min(top, bottom), width: right - left - 2 * gap, height: abs(bottom - top))),
          with: colour)
      }
    }
  }

  private func drawMarkers(at points: [SIMD2<Double>], on canvas: Canvas) {
    guard let marker = style.marker else { return }
    // Many points overlap; smaller, lighter markers show their density.
    let isCrowded = points.count > 400
    for point in points {
      let path = marker.path(at: point, radius: isCrowded ? 1.8 : 3.6)
      canvas.fill(path, with: colour.withAlpha(isCrowded ? 0.45 : 1))
      if !isCrowded { canvas.stroke(path, with: .white, width: 0.7) }
    }
  }
}

extension Plot.Marker {
  /// The outline of the marker; all markers have about the same area.
  func path(at point: SIMD2<Double>, radius: Double) -> Path {
    let r = radius
    let corners: [SIMD2<Double>] =
      switch self {
      case .circle: []
      case .square: [SIMD2(-0.89, -0.89), SIMD2(0.89, -0.89), SIMD2(0.89, 0.89), SIMD2(-0.89, 0.89)]
      case .triangle: [SIMD2(0, -1.4), SIMD2(1.25, 0.85), SIMD2(-1.25, 0.85)]
      case .diamond: [SIMD2(0, -1.3), SIMD2(1.2, 0), SIMD2(0, 1.3), SIMD2(-1.2, 0)]
      }
    guard point.x.isFinite, point.y.isFinite else { return Path() }
    return corners.isEmpty ? Path(circleAt: point, radius: r) : Path(polygon: corners.map { point + r * $0 })
  }
}
