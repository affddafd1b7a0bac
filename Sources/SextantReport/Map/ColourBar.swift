// The legend of a map: the colours with their values and units, arrows if values lie beyond the range, and a hatched or
// grey box if values are missing.

/// The legend of a colour scale, drawn horizontally.
struct ColourBar {
  let scale: ColourScale
  let units: String
  let hasMissing: Bool
  /// False for a field without any valid value, whose scale has no meaning.
  let hasValues: Bool
  var textSize = 10.0
  /// The colour of missing values; nil for the hatching of maps.
  var missingColour: Colour?
  /// The name of the values, shown before their units; empty if there is a single bar.
  var name = ""

  /// The height of the bar including its labels.
  var height: Double { barHeight + 2.1 * textSize }

  private var barHeight: Double { 1.1 * textSize }

  /// Draws the bar within `width` points from `origin`, its upper left corner.
  func draw(on canvas: Canvas, at origin: SIMD2<Double>, width: Double) throws {
    let style = TextStyle(size: textSize)
    guard hasValues else {
      let text = "nothing to show: all values are missing"
      try drawMissingBox(
        on: canvas, at: origin + SIMD2((width - canvas.width(of: text, style: style)) / 2 - 12, 0), text: text)
      return
    }
    let ticks = Ticks.linear(in: scale.range, count: max(4, Int(0.62 * width / (6 * textSize))))
    let suffix = [name, ticks.suffix(units: units)].filter { !$0.isEmpty }.joined(separator: ", ")
    let missingWidth = hasMissing ? canvas.width(of: "missing", style: style) + 2.6 * textSize : 0
    let suffixWidth = canvas.width(of: suffix, style: style)
    let side = max(missingWidth, suffixWidth + 8) + 1.6 * textSize
    // If there is not enough space, let the names beside the bar be cut rather than omit the bar.
    let inset = min(max(side, 0.19 * width), 0.4 * width)
    let bar = Rectangle(x: origin.x + inset, y: origin.y, width: width - 2 * inset, height: barHeight)
    if hasMissing { try drawMissingBox(on: canvas, at: origin, text: "missing") }
    try drawColours(on: canvas, in: bar)
    let stride = labelStride(of: ticks, on: canvas, width: bar.width)
    for (index, (value, label)) in zip(ticks.values, ticks.labels).enumerated() {
      let part = (value - scale.range.lowerBound) / (scale.range.upperBound - scale.range.lowerBound)
      let x = bar.minX + part * bar.width
      canvas.stroke(
        Path(lines: [SIMD2(x, bar.maxY), SIMD2(x, bar.maxY + 0.35 * textSize)]), with: .ink, width: 0.8)
      guard index % stride == (ticks.values.count - 1) % stride / 2 else { continue }
      canvas.draw(
        label, at: SIMD2(x, bar.maxY + 0.65 * textSize), style: style, anchor: .init(.centre, .top))
    }
    canvas.draw(
      suffix, at: SIMD2(bar.maxX + (scale.hasHigher ? 1.6 : 0.8) * textSize, bar.centre.y), style: style,
      anchor: .init(.left, .middle))
  }

  /// The number of ticks from one labelled tick to the next, so that the labels of a bar of `width` points do not touch.
  func labelStride(of ticks: Ticks, on canvas: Canvas, width: Double) -> Int {
    guard ticks.values.count > 1 else { return 1 }
    let widest = ticks.labels.map { canvas.width(of: $0, style: TextStyle(size: textSize)) }.max() ?? 0
    let step = (ticks.values[1] - ticks.values[0]) / (scale.range.upperBound - scale.range.lowerBound) * width
    return max(1, Int(((widest + 0.6 * textSize) / step).rounded(.up)))
  }

  private func drawColours(on canvas: Canvas, in bar: Rectangle) throws {
    let area = canvas.pixels(covering: bar)
    var image = PixelImage(width: area.width, height: area.height)
    for column in 0..<area.width {
      let pixel = scale.map.pixel(at: (Double(column) + 0.5) / Double(area.width))
      for row in 0..<area.height { image.pixels[row * area.width + column] = pixel }
    }
    try canvas.clipped(to: Path(bar)) { try canvas.draw(image, atPixel: area.x, area.y) }
    // A single outline around the bar and its arrows.
    var corners = [SIMD2(bar.minX, bar.maxY), SIMD2(bar.maxX, bar.maxY)]
    if scale.hasHigher {
      let tip = SIMD2(bar.maxX + 0.8 * bar.height, bar.centre.y)
      let arrow = [SIMD2(bar.maxX, bar.maxY), tip, SIMD2(bar.maxX, bar.minY)]
      canvas.fill(Path(polygon: arrow), with: scale.map.colour(at: 1))
      corners.append(tip)
    }
    corners += [SIMD2(bar.maxX, bar.minY), SIMD2(bar.minX, bar.minY)]
    if scale.hasLower {
      let tip = SIMD2(bar.minX - 0.8 * bar.height, bar.centre.y)
      let arrow = [SIMD2(bar.minX, bar.maxY), tip, SIMD2(bar.minX, bar.minY)]
      canvas.fill(Path(polygon: arrow), with: scale.map.colour(at: 0))
      corners.append(tip)
    }
    canvas.stroke(Path(polygon: corners), with: .ink, width: 0.7)
  }

  private func drawMissingBox(on canvas: Canvas, at origin: SIMD2<Double>, text: String) throws {
    let box = Rectangle(x: origin.x, y: origin.y, width: 1.8 * textSize, height: barHeight)
    if let missingColour {
      canvas.fill(Path(box), with: missingColour)
    } else {
      let area = canvas.pixels(covering: box)
      let image = MissingHatch.image(
        x: area.x, y: area.y, width: area.width, height: area.height, resolution: canvas.resolution)
      try canvas.clipped(to: Path(box)) { try canvas.draw(image, atPixel: area.x, area.y) }
    }
    canvas.stroke(Path(box), with: .ink, width: 0.7)
    canvas.draw(
      text, at: SIMD2(box.maxX + 0.5 * textSize, box.centre.y), style: TextStyle(size: textSize),
      anchor: .init(.left, .middle))
  }
}
