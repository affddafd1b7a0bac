// A plot with two axes: lines, bands and bars in layers, with a legend above the frame, where it does not cover
// data. Plot+Calibration.swift and its neighbours define the plots of Sextant's results.

import SextantStorage

/// A plot of numbers against numbers.
public struct Plot: Sendable {
  /// The marker of a layer's points.
  public enum Marker: Sendable, Equatable, CaseIterable { case circle, square, triangle, diamond }

  /// The style of a layer; values left nil are chosen so that layers differ.
  public struct Style: Sendable, Equatable {
    /// The colour, or nil for the next of ``Colour/lines``.
    public var colour: Colour?
    /// The width of lines in points; 0 for markers alone.
    public var width: Double
    /// Lengths of dashes and gaps in turn; empty for a solid line.
    public var dashes: [Double]
    /// The marker at each point, if any.
    public var marker: Marker?

    public init(colour: Colour? = nil, width: Double = 1.8, dashes: [Double] = [], marker: Marker? = nil) {
      self.colour = colour
      self.width = width
      self.dashes = dashes
      self.marker = marker
    }

    /// A thin dashed grey line for references.
    public static let reference = Style(colour: .softInk, width: 1.2, dashes: [5, 3.5])
  }

  /// One layer of a plot.
  public struct Layer: Sendable {
    enum Shape: Sendable {
      /// A line through the points, interrupted at non-finite values.
      case line
      /// The area between `y` and `upper`.
      case band(upper: [Double])
      /// Bars from 0 to `y`, each `width` wide in data units.
      case bars(width: Double)
    }

    var name: String
    var shape: Shape
    var x: [Double]
    var y: [Double]
    var style: Style

    /// A line through (x, y); a layer without a name does not appear in the legend.
    public static func line(_ name: String = "", x: [Double], y: [Double], style: Style = Style()) -> Layer {
      Layer(name: name, shape: .line, x: x, y: y, style: style)
    }

    /// The area between two lines over `x`.
    public static func band(
      _ name: String = "", x: [Double], lower: [Double], upper: [Double], style: Style = Style(colour: .softInk)
    ) -> Layer {
      Layer(name: name, shape: .band(upper: upper), x: x, y: lower, style: style)
    }

    /// Bars from 0 up to `y`, centred at `x`, each `width` wide in the units of `x`.
    public static func bars(
      _ name: String = "", x: [Double], y: [Double], width: Double, style: Style = Style()
    ) -> Layer {
      Layer(name: name, shape: .bars(width: width), x: x, y: y, style: style)
    }
  }

  /// A title in large letters; may be empty.
  public var title: String
  /// An explanatory line below the title; may be empty.
  public var subtitle: String
  /// The horizontal axis.
  public var xAxis: Axis
  /// The vertical axis.
  public var yAxis: Axis
  /// The layers, from back to front.
  public var layers: [Layer]
  /// The width of the frame divided by its height, or nil to fill the page.
  public var aspect: Double?

  public init(
    title: String = "", subtitle: String = "", xAxis: Axis = Axis(), yAxis: Axis = Axis(), layers: [Layer],
    aspect: Double? = nil
  ) {
    self.title = title
    self.subtitle = subtitle
    self.xAxis = xAxis
    self.yAxis = yAxis
    self.layers = layers
    self.aspect = aspect
  }

  /// Writes the plot as a complete PNG file or not at all; `width` and `height` are in points.
  ///
  /// Throws `FileError` if the file exists and `overwrite` is false, or if it cannot be written, and ``ReportError``
  /// for lists of different lengths or an impossible axis.
  public func write(
    to path: String, width: Double = 640, height: Double = 440, resolution: Double = 2, overwrite: Bool = false
  ) throws {
    try WholeFile.checkIsFree(path, overwrite: overwrite)
    try canvas(width: width, height: height, resolution: resolution).writePNG(to: path, overwrite: overwrite)
  }

  /// The plot on a separate page.
  public func canvas(width: Double = 640, height: Double = 440, resolution: Double = 2) throws -> Canvas {
    for layer in layers {
      var counts = [layer.x.count, layer.y.count]
      if case .band(let upper) = layer.shape { counts.append(upper.count) }
      guard Set(counts).count == 1 else {
        throw ReportError.mismatch(
          "The layer “\(layer.name)” of the plot “\(title)” has lists of "
            + counts.map(String.init).joined(separator: " and ") + " values; they must have the same length."
        )
      }
    }
    let styled = styledLayers
    let canvas = try Canvas(width: width, height: height, resolution: resolution)
    var frame = PlotFrame(title: title, subtitle: subtitle, legend: styled.compactMap(\.legendEntry), on: canvas)
    try frame.setAxes(
      xAxis, xRange: xAxis.resolvedRange(for: styled.flatMap(\.xExtent)), yAxis,
      yRange: yAxis.resolvedRange(for: styled.flatMap(\.yExtent)), aspect: aspect, on: canvas)
    frame.drawGrid(on: canvas)
    canvas.clipped(to: Path(frame.area.inset(left: -4, right: -4, top: -4, bottom: -4))) {
      for layer in styled { layer.draw(on: canvas, in: frame) }
    }
    frame.drawAxes(on: canvas)
    try canvas.checkStatus()
    return canvas
  }

  /// The layers, each with a colour; after the last colour, the colours repeat with dashed lines.
  private var styledLayers: [Layer] {
    var next = 0
    return layers.map { layer in
      guard layer.style.colour == nil else { return layer }
      var layer = layer
      layer.style.colour = Colour.lines[next % Colour.lines.count]
      let round = next / Colour.lines.count
      if round > 0 && layer.style.dashes.isEmpty { layer.style.dashes = round % 2 == 1 ? [6, 3] : [2, 2.5] }
      next += 1
      return layer
    }
  }
}
