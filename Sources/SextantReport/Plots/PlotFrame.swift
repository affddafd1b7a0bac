// The surroundings of a plot: title, legend, axes with ticks and labels, and grid lines. The layout proceeds from the
// top down and from the outside in, and reserves space for the actual labels.

/// The surroundings of a plot on a page.
struct PlotFrame {
  /// One entry of the legend.
  struct LegendEntry {
    enum Kind { case line, area(opacity: Double) }
    var name: String
    var kind: Kind
    var style: Plot.Style
  }

  static let textSize = 11.0
  private static let margin = 16.0

  /// The rectangle of the data.
  private(set) var area: Rectangle
  private(set) var xAxis = PlacedAxis(axis: Axis(), range: 0...1, start: 0, end: 1)
  private(set) var yAxis = PlacedAxis(axis: Axis(), range: 0...1, start: 0, end: 1)
  private var xTicks = Ticks(values: [], labels: [])
  private var yTicks = Ticks(values: [], labels: [])

  /// Draws the title and the legend, and leaves the rest of the page for the axes.
  init(title: String, subtitle: String, legend: [LegendEntry], on canvas: Canvas) {
    var y = Self.margin
    let left = Self.margin
    let width = canvas.width - 2 * Self.margin
    let titleStyle = TextStyle(size: 15, isBold: true)
    for line in canvas.lines(of: title, style: titleStyle, width: width) {
      canvas.draw(line, at: SIMD2(left, y + 13), style: titleStyle)
      y += 20
    }
    let subtitleStyle = TextStyle(size: 11.5, colour: .softInk)
    for line in canvas.lines(of: subtitle, style: subtitleStyle, width: width) {
      canvas.draw(line, at: SIMD2(left, y + 11), style: subtitleStyle)
      y += 16
    }
    y = Self.draw(legend, on: canvas, at: SIMD2(left, y + 4), width: width)
    area = Rectangle(x: left, y: y + 8, width: width, height: canvas.height - y - 8 - Self.margin)
  }

  /// Fits the axes and their labels into the rest of the page.
  mutating func setAxes(
    _ x: Axis, xRange: ClosedRange<Double>, _ y: Axis, yRange: ClosedRange<Double>, aspect: Double?, on canvas: Canvas
  ) throws {
    let below = Self.textSize * (x.label.isEmpty ? 2 : 3.6)
    var inner = area.inset(right: 12, bottom: below)
    // The labels of y determine the left edge; their ticks do not depend on it.
    yTicks = PlacedAxis(axis: y, range: yRange, start: inner.maxY, end: inner.minY).ticks(spacing: 34)
    let labelWidth = yTicks.labels.map { canvas.width(of: $0, style: Self.tickStyle) }.max() ?? 0
    inner = inner.inset(left: labelWidth + 9 + (y.label.isEmpty ? 0 : 1.9 * Self.textSize))
    if let aspect {
      let fitted = (width: min(inner.width, inner.height * aspect), height: min(inner.height, inner.width / aspect))
      inner = Rectangle(x: inner.x, y: inner.y, width: fitted.width, height: fitted.height)
    }
    guard inner.width > 20, inner.height > 20 else {
      throw ReportError.unusable(
        "A plot on \(canvas.width) × \(canvas.height) points has no room between its labels; choose a larger size."
      )
    }
    area = inner
    xAxis = PlacedAxis(axis: x, range: xRange, start: inner.minX, end: inner.maxX)
    yAxis = PlacedAxis(axis: y, range: yRange, start: inner.maxY, end: inner.minY)
    xTicks = xAxis.ticks(spacing: 62)
  }

  /// The position on the page of a pair of values.
  func place(_ x: Double, _ y: Double) -> SIMD2<Double> { SIMD2(xAxis.place(x), yAxis.place(y)) }

  private static let tickStyle = TextStyle(size: 10)

  /// Draws lines at the ticks.
  func drawGrid(on canvas: Canvas) {
    for value in xTicks.values {
      let x = xAxis.place(value)
      canvas.stroke(Path(lines: [SIMD2(x, area.minY), SIMD2(x, area.maxY)]), with: .faint, width: 0.6)
    }
    for value in yTicks.values {
      let y = yAxis.place(value)
      canvas.stroke(Path(lines: [SIMD2(area.minX, y), SIMD2(area.maxX, y)]), with: .faint, width: 0.6)
    }
  }

  func drawAxes(on canvas: Canvas) {
    let lines = [SIMD2(area.minX, area.minY), SIMD2(area.minX, area.maxY), SIMD2(area.maxX, area.maxY)]
    canvas.stroke(Path(lines: lines), with: .ink, width: 0.9)
    for (values, length) in [(xTicks.values, 4.5), (xTicks.minorValues, 2.5)] {
      for x in values.map(xAxis.place) {
        canvas.stroke(Path(lines: [SIMD2(x, area.maxY), SIMD2(x, area.maxY + length)]), with: .ink, width: 0.8)
      }
    }
    for (values, length) in [(yTicks.values, 4.5), (yTicks.minorValues, 2.5)] {
      for y in values.map(yAxis.place) {
        canvas.stroke(Path(lines: [SIMD2(area.minX, y), SIMD2(area.minX - length, y)]), with: .ink, width: 0.8)
      }
    }
    for (value, label) in zip(xTicks.values, xTicks.labels) {
      canvas.draw(
        label, at: SIMD2(xAxis.place(value), area.maxY + 8), style: Self.tickStyle, anchor: .init(.centre, .top))
    }
    for (value, label) in zip(yTicks.values, yTicks.labels) {
      canvas.draw(
        label, at: SIMD2(area.minX - 7, yAxis.place(value)), style: Self.tickStyle, anchor: .init(.right, .middle))
    }
    let style = TextStyle(size: Self.textSize)
    canvas.draw(
      Self.label(xAxis.axis.label, xTicks), at: SIMD2(area.centre.x, area.maxY + 2.5 * Self.textSize), style: style,
      anchor: .init(.centre, .top))
    let labelWidth = yTicks.labels.map { canvas.width(of: $0, style: Self.tickStyle) }.max() ?? 0
    canvas.draw(
      Self.label(yAxis.axis.label, yTicks),
      at: SIMD2(area.minX - labelWidth - 9 - 0.7 * Self.textSize, area.centre.y), style: style,
      anchor: .init(.centre, .baseline), rotation: 90)
  }

  /// The label of an axis, with the power of ten of its tick labels.
  private static func label(_ text: String, _ ticks: Ticks) -> String {
    ticks.exponent == 0 ? text : text + ", × 10" + Ticks.superscript(ticks.exponent)
  }

  /// Draws the legend in as many rows as necessary and returns its lower edge.
  private static func draw(
    _ legend: [LegendEntry], on canvas: Canvas, at origin: SIMD2<Double>, width: Double
  ) -> Double {
    guard !legend.isEmpty else { return origin.y }
    let style = TextStyle(size: 10.5)
    var place = SIMD2(origin.x, origin.y + 9)
    for entry in legend {
      let entryWidth = 30 + canvas.width(of: entry.name, style: style)
      if place.x > origin.x && place.x + entryWidth > origin.x + width { place = SIMD2(origin.x, place.y + 17) }
      drawKey(entry, on: canvas, at: place)
      canvas.draw(entry.name, at: place + SIMD2(29, 0), style: style, anchor: .init(.left, .middle))
      place.x += entryWidth + 18
    }
    return place.y + 9
  }

  private static func drawKey(_ entry: LegendEntry, on canvas: Canvas, at place: SIMD2<Double>) {
    let colour = entry.style.colour ?? .ink
    switch entry.kind {
    case .line:
      if entry.style.width > 0 {
        canvas.stroke(
          Path(lines: [place, place + SIMD2(23, 0)]), with: colour, width: entry.style.width, dashes: entry.style.dashes)
      }
      if let marker = entry.style.marker {
        canvas.fill(marker.path(at: place + SIMD2(11.5, 0), radius: 3.4), with: colour)
      }
    case .area(let opacity):
      canvas.fill(
        Path(Rectangle(x: place.x + 5, y: place.y - 5, width: 18, height: 10)), with: colour.withAlpha(opacity))
    }
  }
}
