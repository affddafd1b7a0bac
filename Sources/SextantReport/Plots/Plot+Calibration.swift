// Plots that tell whether stated uncertainties are true: rank histograms, coverage, spread against error
// (T. M. Hamill, 2001; V. Fortin et al., 2014). They draw numbers that SextantEvaluation works out.

/// A named list of points.
public struct PlotSeries: Sendable, Equatable {
  /// The name in the legend.
  public var name: String
  /// The horizontal values.
  public var x: [Double]
  /// The vertical values, as many.
  public var y: [Double]

  public init(_ name: String, x: [Double], y: [Double]) {
    self.name = name
    self.x = x
    self.y = y
  }
}

extension Plot {
  /// How often the truth had each rank among N samples (`counts`: N + 1 entries), relative to equal frequencies.
  ///
  /// The band holds 95 % of the bars of a calibrated ensemble if `independentCases` of the counted cases were
  /// independent (by default all; neighbouring vertices of one field are not, and fewer make it wider). Throws
  /// ``ReportError/unusable(_:)`` without counts.
  public static func rankHistogram(
    counts: [Int], independentCases: Double? = nil, title: String = "Rank histogram", subtitle: String? = nil
  ) throws -> Plot {
    let total = counts.reduce(0, +)
    guard counts.count >= 2, total > 0, counts.allSatisfy({ $0 >= 0 }) else {
      throw ReportError.unusable(
        "A rank histogram needs at least 2 ranks and 1 case; there are \(counts.count) ranks and \(total) cases.")
    }
    let bins = Double(counts.count)
    let cases = independentCases ?? Double(total)
    // Of a binomial count: its standard deviation relative to its mean, 1.96 of them on both sides.
    let halfWidth = 1.96 * ((1 - 1 / bins) * bins / cases).squareRoot()
    let ends = [-0.5, bins - 0.5]
    let ranks = counts.indices.map(Double.init)
    return Plot(
      title: title,
      subtitle: subtitle ?? "a hump: spread too wide; a bowl: too narrow; a slope: bias",
      xAxis: Axis("rank of the truth among \(counts.count - 1) samples", range: ends[0]...ends[1]),
      yAxis: Axis("frequency relative to uniform", includesZero: true),
      layers: [
        .bars(
          "observed", x: ranks, y: counts.map { Double($0) * bins / Double(total) }, width: 1,
          style: Style(colour: Colour.lines[5])),
        .band(
          "95 % of bars, if calibrated", x: ends, lower: Array(repeating: max(0, 1 - halfWidth), count: 2),
          upper: Array(repeating: 1 + halfWidth, count: 2), style: Style(colour: Colour(grey: 0.1))),
        .line("uniform", x: ends, y: [1, 1], style: .reference),
      ])
  }

  /// The part of true values inside central intervals (`y`, 0…1) against the part promised (`x`, 0…1), a line a method.
  public static func calibration(
    _ series: [PlotSeries], title: String = "Calibration",
    subtitle: String = "below the diagonal: intervals too narrow (overconfident); above: too wide"
  ) -> Plot {
    let ticks = Ticks(values: [0, 0.2, 0.4, 0.6, 0.8, 1], labels: ["0", "20 %", "40 %", "60 %", "80 %", "100 %"])
    return Plot(
      title: title, subtitle: subtitle, xAxis: Axis("nominal coverage", range: 0...1, ticks: ticks),
      yAxis: Axis("actual coverage", range: 0...1, ticks: ticks),
      layers: [.line("ideal", x: [0, 1], y: [0, 1], style: .reference)] + lines(series, areMarked: true), aspect: 1)
  }

  /// Errors (`y`, root mean square) of cases grouped by their spread (`x`), in `units`.
  ///
  /// On the diagonal the spread is true.
  public static func spreadSkill(
    _ series: [PlotSeries], units: String, title: String = "Spread and error",
    subtitle: String = "above the diagonal: errors larger than the spread says (overconfident)"
  ) -> Plot {
    let greatest = series.flatMap { $0.x + $0.y }.filter(\.isFinite).max() ?? 1
    let limit = greatest > 0 ? greatest * 1.06 : 1
    let suffix = units.isEmpty ? "" : " (\(units))"
    let points = series.enumerated().map { index, series in
      Layer.points(
        series.name, x: series.x, y: series.y,
        style: Style(marker: Marker.allCases[index % Marker.allCases.count]))
    }
    return Plot(
      title: title, subtitle: subtitle, xAxis: Axis("spread" + suffix, range: 0...limit),
      yAxis: Axis("root-mean-square error" + suffix, range: 0...limit),
      layers: [.line("ideal", x: [0, limit], y: [0, limit], style: .reference)] + points, aspect: 1)
  }

  /// Errors (`y`, in `units`) against latitude (`x`, degrees north), a line a method.
  public static func errorByLatitude(
    _ series: [PlotSeries], units: String, quantity: String = "root-mean-square error",
    title: String = "Error by latitude", subtitle: String = ""
  ) -> Plot {
    let values = stride(from: -90.0, through: 90, by: 30).map { $0 }
    let labels = values.map { value in
      value == 0 ? "0°" : "\(Int(abs(value)))° " + (value < 0 ? "S" : "N")
    }
    let latitudes = series.flatMap(\.x).filter(\.isFinite)
    let isGlobal = (latitudes.max() ?? 90) - (latitudes.min() ?? -90) > 90
    return Plot(
      title: title, subtitle: subtitle,
      xAxis: isGlobal
        ? Axis("latitude", range: -90...90, ticks: Ticks(values: values, labels: labels)) : Axis("latitude (° N)"),
      yAxis: Axis(units.isEmpty ? quantity : "\(quantity) (\(units))", includesZero: true),
      layers: lines(series, areMarked: false))
  }

  /// A line a series; the palette's colours, and dashes after the last of them.
  public static func lines(_ series: [PlotSeries], areMarked: Bool = false) -> [Layer] {
    series.enumerated().map { index, series in
      Layer.line(
        series.name, x: series.x, y: series.y,
        style: Style(marker: areMarked ? Marker.allCases[index % Marker.allCases.count] : nil))
    }
  }
}
