// A map of one field of V values on the sphere, alone or as a panel of a sheet. This file decides what is drawn; the
// neighbouring files draw the pixels, lines and legends.

import SextantGeometry
import SextantStorage

/// A map of V values on a domain on the sphere.
///
///     try FieldMap(domain: grid, values: field, isValid: mask, title: "2 m temperature", units: "K")
///       .write(to: "map.png", projection: .robinson)
public struct FieldMap: Sendable {
  /// The lines drawn between land and water.
  public enum Shoreline: Sendable {
    /// The installed coastlines, if any.
    case installed
    /// The given coastlines.
    case lines(Coastlines)
    /// The boundary between true and false in a land mask (V entries).
    case mask([Bool])
    /// None.
    case none
  }

  /// A title in large letters; may be empty.
  public var title: String
  /// An explanatory line below the title; may be empty.
  public var subtitle: String
  /// The units of the values, for the colour bar.
  public var units: String
  /// The range and colours.
  public var scale: ColourScale
  /// The lines between land and water.
  public var shoreline: Shoreline

  private let cells: SphereCells
  /// V values; NaN is missing.
  private let values: [Float]

  /// A map of `values` (V, in `units`) on `domain`.
  ///
  /// Each vertex's cell has a single colour, which shows the data without interpolation. A value is missing if
  /// `isValid` (V entries, if given) is false or if it is not finite. `colours` overrides the default colour map.
  /// Throws ``ReportError`` if the counts differ or the scale is empty, and `GeometryError` for a domain without a
  /// geography.
  public init(
    domain: any Domain, values: [Float], isValid: [Bool]? = nil, title: String = "", subtitle: String = "",
    units: String = "", scale: FieldScale = .automatic, colours: ColourMap? = nil, shoreline: Shoreline = .installed
  ) throws {
    try self.init(
      cells: SphereCells(domain), values: values, isValid: isValid, title: title, subtitle: subtitle, units: units,
      scale: scale, colours: colours, shoreline: shoreline)
  }

  /// The same with existing cells, as for the panels of a sheet.
  init(
    cells: SphereCells, values: [Float], isValid: [Bool]? = nil, title: String = "", subtitle: String = "",
    units: String = "", scale: FieldScale = .automatic, colours: ColourMap? = nil, shoreline: Shoreline = .installed
  ) throws {
    guard values.count == cells.vertexCount, isValid.map({ $0.count == values.count }) ?? true else {
      throw ReportError.mismatch(
        "A map of \(cells.vertexCount) vertices needs one value and one validity flag for each; "
          + "there are \(values.count) values" + (isValid.map { " and \($0.count) flags." } ?? "."))
    }
    if case .mask(let mask) = shoreline, mask.count != cells.vertexCount {
      throw ReportError.mismatch(
        "The land mask of a map of \(cells.vertexCount) vertices must have one entry for each; it has \(mask.count).")
    }
    self.cells = cells
    self.values = isValid.map { zip(values, $0).map { $1 && $0.isFinite ? $0 : .nan } } ?? values
    self.title = title
    self.subtitle = subtitle
    self.units = units
    self.shoreline = shoreline
    self.scale = try ColourScale(scale, for: self.values, map: colours)
  }

  /// A suitable projection for the domain: Robinson for the whole sphere, otherwise a map of the part that it covers.
  public var fittingProjection: MapProjection { cells.extent.map(MapProjection.fitting) ?? .robinson }

  /// Writes the map as a complete PNG file or not at all.
  ///
  /// `width` is in points; a point has `resolution` pixels. Throws `FileError` if the file exists and `overwrite` is
  /// false, or if it cannot be written.
  public func write(
    to path: String, projection: MapProjection? = nil, width: Double = 900, resolution: Double = 2,
    overwrite: Bool = false
  ) throws {
    try WholeFile.checkIsFree(path, overwrite: overwrite)
    try canvas(projection: projection, width: width, resolution: resolution)
      .writePNG(to: path, overwrite: overwrite)
  }

  /// The map on a separate page.
  public func canvas(projection: MapProjection? = nil, width: Double = 900, resolution: Double = 2) throws -> Canvas {
    let projection = projection ?? fittingProjection
    let margin = 16.0
    let layout = Layout(self, projection, width: width - 2 * margin, textSize: 11)
    let canvas = try Canvas(width: width, height: (layout.height + 2 * margin).rounded(.up), resolution: resolution)
    try draw(on: canvas, at: SIMD2(margin, margin), layout)
    return canvas
  }

  /// The positions of the parts of a map, from the upper left corner of the whole.
  struct Layout {
    let frame: MapFrame
    let textSize: Double
    let width: Double
    let titleY: Double
    let subtitleY: Double
    let barY: Double
    let height: Double

    init(_ map: FieldMap, _ projection: MapProjection, width: Double, textSize: Double) {
      let room = Graticule.labelRoom(for: projection, textSize: textSize)
      self.width = width
      self.textSize = textSize
      titleY = map.title.isEmpty ? 0 : 1.3 * textSize
      subtitleY = map.subtitle.isEmpty ? titleY : titleY + 1.6 * textSize
      let top = subtitleY == 0 ? 0.8 * textSize : (subtitleY + textSize).rounded(.up)
      // Tall regions are narrowed so that the map is not higher than the page is wide. Whole points keep the hatching
      // and the outlines of neighbouring panels alike.
      let mapWidth = width - room.left - textSize
      frame = MapFrame(projection, at: SIMD2(room.left, top), width: mapWidth, height: 0.72 * width)
      barY = (frame.rectangle.maxY + room.below + 1.1 * textSize).rounded(.up)
      height = barY + 3.2 * textSize
    }
  }

  /// Draws the title, the map and the colour bar with their upper left corner at `origin`.
  func draw(on canvas: Canvas, at origin: SIMD2<Double>, _ layout: Layout) throws {
    let textSize = layout.textSize
    let frame = layout.frame.moved(by: origin)
    let left = origin.x + (layout.frame.rectangle.minX > 0.12 * layout.width ? layout.frame.rectangle.minX : 0)
    canvas.draw(
      title, at: SIMD2(left, origin.y + layout.titleY), style: TextStyle(size: 1.35 * textSize, isBold: true))
    canvas.draw(
      subtitle, at: SIMD2(left, origin.y + layout.subtitleY),
      style: TextStyle(size: 1.05 * textSize, colour: .softInk))
    let graticule = Graticule(frame, textSize: 0.88 * textSize)
    try canvas.clipped(to: frame.outline) {
      guard let dots = cells.dots else {
        let raster = FieldRaster(cells: cells, values: values, scale: scale).image(in: frame, on: canvas)
        try canvas.draw(raster.image, atPixel: raster.x, raster.y)
        graticule.drawLines(on: canvas)
        return try drawShoreline(on: canvas, in: frame)
      }
      graticule.drawLines(on: canvas)
      try drawShoreline(on: canvas, in: frame)
      draw(dots, on: canvas, in: frame)
    }
    canvas.stroke(frame.outline, with: .ink, width: 0.9)
    graticule.drawLabels(on: canvas)
    let bar = ColourBar(
      scale: scale, units: units, hasMissing: values.contains { !$0.isFinite },
      hasValues: values.contains(where: \.isFinite), textSize: textSize)
    let middle = frame.rectangle.centre.x
    let barWidth = min(max(frame.rectangle.width, 26 * textSize), 2 * (middle - origin.x), 62 * textSize)
    try bar.draw(on: canvas, at: SIMD2(middle - barWidth / 2, origin.y + layout.barY), width: barWidth)
    try canvas.checkStatus()
  }

  private func drawShoreline(on canvas: Canvas, in frame: MapFrame) throws {
    let colour = Colour(grey: 0.08)
    switch shoreline {
    case .none: return
    case .mask(let mask):
      let edges = FieldRaster.boundary(of: mask, cells: cells, in: frame, on: canvas, colour: colour)
      try canvas.draw(edges.image, atPixel: edges.x, edges.y)
    case .lines(let coastlines): draw(coastlines, on: canvas, in: frame, colour: colour)
    case .installed:
      let detail: Coastlines.Detail = frame.degreesPerPoint < 0.06 ? .intermediate : .low
      if let coastlines = Coastlines.installed(detail) { draw(coastlines, on: canvas, in: frame, colour: colour) }
    }
  }

  /// Places as dots in the colours of their values, those without a value as rings below them.
  ///
  /// Many places have small dots.
  private func draw(_ dots: [GeographicPoint], on canvas: Canvas, in frame: MapFrame) {
    let area = frame.rectangle.width * frame.rectangle.height
    let radius = min(5, max(1.2, 0.25 * (area / Double(max(1, dots.count))).squareRoot()))
    let places = dots.map { frame.onPage($0) }
    for (place, value) in zip(places, values) where !value.isFinite {
      guard let place else { continue }
      canvas.stroke(Path(circleAt: place, radius: 0.7 * radius), with: Colour(grey: 0.55), width: 0.25 * radius)
    }
    for (place, value) in zip(places, values) where value.isFinite {
      guard let place else { continue }
      canvas.fill(Path(circleAt: place, radius: radius + 0.15 * radius), with: Colour(grey: 0.1))
      canvas.fill(Path(circleAt: place, radius: radius), with: scale.colour(of: Double(value)))
    }
  }

  /// Land and lakes with an area of less than a few points would be specks and are omitted.
  private func draw(_ coastlines: Coastlines, on canvas: Canvas, in frame: MapFrame, colour: Colour) {
    let side = frame.degreesPerPoint * 111
    let shown = coastlines.lines.filter { line in
      line.level <= 2 && line.area >= side * side * (line.level == 1 ? 4 : 60)
    }
    let paths = shown.map { (path: frame.path(through: $0.points), width: $0.level == 1 ? 0.7 : 0.5) }
    // A pale border first, so that the lines are visible on dark colours.
    for (path, width) in paths { canvas.stroke(path, with: Colour.white.withAlpha(0.4), width: width + 1) }
    for (path, width) in paths { canvas.stroke(path, with: colour, width: width) }
  }
}
