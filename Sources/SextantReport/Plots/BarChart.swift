// Scores of named methods side by side: horizontal bars from 0, or dots where a score's zero means nothing
// (decibels), since a bar that does not start at 0 lies about ratios.

import SextantStorage

/// A chart of one score of several methods in one or several groups.
public struct BarChart: Sendable {
  /// How values are shown.
  public enum Mark: Sendable { case bars, dots }

  /// The values of one colour: a task, a data set, a mask level.
  public struct Group: Sendable, Equatable {
    /// The name in the legend; may be empty if there is one group only.
    public var name: String
    /// One value a method; NaN where there is none.
    public var values: [Double]
    /// Half the length of each error bar, if known.
    public var errors: [Double]?

    public init(_ name: String = "", values: [Double], errors: [Double]? = nil) {
      self.name = name
      self.values = values
      self.errors = errors
    }
  }

  /// A heading in large letters; may be empty.
  public var title: String
  /// A line of explanation below it; may be empty.
  public var subtitle: String
  /// The name of the score with its units.
  public var axis: Axis
  /// The methods, from the top.
  public var methods: [String]
  /// The values.
  public var groups: [Group]
  /// Bars or dots.
  public var mark: Mark
  /// Decimals of the numbers beside the marks.
  public var decimals: Int

  public init(
    title: String = "", subtitle: String = "", axis: Axis, methods: [String], groups: [Group], mark: Mark = .bars,
    decimals: Int = 2
  ) {
    self.title = title
    self.subtitle = subtitle
    self.axis = axis
    self.methods = methods
    self.groups = groups
    self.mark = mark
    self.decimals = decimals
  }

  /// Writes the chart as PNG, whole or not at all; the height follows from the number of marks.
  ///
  /// Throws ``FileError`` if the file is there already (unless `overwrite`) or cannot be written, and
  /// ``ReportError/mismatch(_:)`` unless every group has one value a method.
  public func write(to path: String, width: Double = 640, resolution: Double = 2, overwrite: Bool = false) throws {
    try WholeFile.checkIsFree(path, overwrite: overwrite)
    try canvas(width: width, resolution: resolution).writePNG(to: path, overwrite: overwrite)
  }

  /// The chart on a page of its own.
  public func canvas(width: Double = 640, resolution: Double = 2) throws -> Canvas {
    for group in groups {
      let counts = [group.values.count, group.errors?.count ?? methods.count]
      guard counts.allSatisfy({ $0 == methods.count }) else {
        throw ReportError.mismatch(
          "The group “\(group.name)” of the chart “\(title)” has "
            + "\(counts[0]) values and \(counts[1]) errors for \(methods.count) methods."
        )
      }
    }
    // Every group has a lane of its own in a method's row.
    let laneHeight = 15.0
    let rowHeight = max(26, laneHeight * Double(max(1, groups.count)) + 9)
    let height = 150 + rowHeight * Double(max(1, methods.count)) + (groups.count > 1 ? 26 : 0)
    let canvas = try Canvas(width: width, height: height, resolution: resolution)
    let rowRange = -0.5...Double(max(1, methods.count)) - 0.5
    let rows = Ticks(values: methods.indices.map { Double(methods.count - 1 - $0) }, labels: methods)
    var frame = PlotFrame(title: title, subtitle: subtitle, legend: legend, on: canvas)
    try frame.setAxes(
      usedAxis, xRange: usedAxis.resolvedRange(for: extent), Axis(range: rowRange, ticks: rows), yRange: rowRange,
      aspect: nil, on: canvas)
    frame.drawGrid(on: canvas, hasRows: false)
    for (index, group) in groups.enumerated() {
      for row in methods.indices {
        let middle = frame.yAxis.place(Double(methods.count - 1 - row))
        let y = middle + (Double(index) - Double(groups.count - 1) / 2) * laneHeight
        draw(
          group.values[row], error: group.errors?[row], colour: colour(of: index), at: y, thickness: laneHeight - 3,
          on: canvas, in: frame)
      }
    }
    frame.drawAxes(on: canvas)
    try canvas.checkStatus()
    return canvas
  }

  private var usedAxis: Axis {
    var axis = axis
    axis.includesZero = axis.includesZero || mark == .bars
    return axis
  }

  /// The values with room for the numbers beside them.
  private var extent: [Double] {
    let values = groups.flatMap(\.values).filter(usedAxis.canShow)
    guard let low = values.min(), let high = values.max() else { return [] }
    let ends = groups.flatMap { group in
      zip(group.values, group.errors ?? []).flatMap { [$0 - $1, $0 + $1] }
    }
    guard axis.kind == .linear else { return values + ends }
    let room = 0.12 * ((mark == .bars ? max(high, 0) - min(low, 0) : high - low))
    return values + ends + [high + room] + (low < 0 && mark == .bars ? [low - room] : [])
  }

  private var legend: [PlotFrame.LegendEntry] {
    groups.enumerated().filter { !$0.element.name.isEmpty }.map { index, group in
      PlotFrame.LegendEntry(
        name: group.name, kind: mark == .bars ? .area(opacity: 1) : .points,
        style: Plot.Style(colour: colour(of: index), marker: .circle))
    }
  }

  private func colour(of group: Int) -> Colour { Colour.lines[group % Colour.lines.count] }

  private func draw(
    _ value: Double, error: Double?, colour: Colour, at y: Double, thickness: Double, on canvas: Canvas,
    in frame: PlotFrame
  ) {
    let x = frame.xAxis.place(value)
    let start = axis.kind == .linear ? frame.xAxis.place(0) : frame.area.minX
    guard x.isFinite else {
      canvas.draw(
        "not available", at: SIMD2(frame.area.minX + 6, y), style: TextStyle(size: 9.5, colour: .softInk),
        anchor: .init(.left, .middle))
      return
    }
    switch mark {
    case .bars:
      canvas.fill(
        Path(Rectangle(x: min(x, start), y: y - thickness / 2, width: abs(x - start), height: thickness)), with: colour)
    case .dots:
      canvas.stroke(Path(lines: [SIMD2(frame.area.minX, y), SIMD2(x, y)]), with: colour.withAlpha(0.35), width: 1)
      canvas.fill(Path(circleAt: SIMD2(x, y), radius: 4.4), with: colour)
    }
    var textX = mark == .dots ? x + 5 : x
    if let error, error > 0 {
      let (low, high) = (frame.xAxis.place(value - error), frame.xAxis.place(value + error))
      if low.isFinite && high.isFinite {
        canvas.stroke(Path(lines: [SIMD2(low, y), SIMD2(high, y)]), with: .ink, width: 1.1)
        for end in [low, high] {
          canvas.stroke(Path(lines: [SIMD2(end, y - 3), SIMD2(end, y + 3)]), with: .ink, width: 1.1)
        }
        textX = max(textX, high)
      }
    }
    let isNegative = mark == .bars && value < 0
    canvas.draw(
      Ticks.number(value, decimals: decimals), at: SIMD2(isNegative ? x - 5 : textX + 5, y),
      style: TextStyle(size: 9.5), anchor: .init(isNegative ? .right : .left, .middle))
  }
}
