// Plots that show whether stated uncertainties are calibrated: rank histograms (Hamill 2001), coverage, and
// errors by latitude. SextantEvaluation computes the numbers.

/// A named list of points.
public struct PlotSeries: Sendable, Equatable {
  /// The name in the legend.
  public var name: String
  /// The horizontal values.
  public var x: [Double]
  /// The vertical values, one for each horizontal value.
  public var y: [Double]

  public init(_ name: String, x: [Double], y: [Double]) {
    self.name = name
    self.x = x
    self.y = y
  }
}

extension Plot {
  /// A rank histogram: the frequency of each rank of the truth among N samples (`counts`: N + 1 entries), relative to a
  /// uniform distribution.
  ///
  /// The band contains 95 % of the bars of a calibrated ensemble if `independentCases` of the counted cases are
  /// independent. By default all are; the vertices of a field are correlated, and a smaller number widens the band.
  /// Throws ``ReportError/unusable(_:)`` if there are no counts.
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
    // The standard deviation of a binomial count relative to its mean, times 1.96 on both sides.
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

  /// The observed coverage of central intervals (`y`, 0…1) against their nominal coverage (`x`, 0…1), with one line per
  /// method.
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

  /// Errors (`y`, in `units`) against latitude (`x`, degrees north), with one line per method.
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

  /// One line per series, in the palette's colours, then in the same colours dashed.
  public static func lines(_ series: [PlotSeries], areMarked: Bool = false) -> [Layer] {
    series.enumerated().map { index, series in
      Layer.line(
        series.name, x: series.x, y: series.y,
        style: Style(marker: areMarked ? Marker.allCases[index % Marker.allCases.count] : nil))
    }
  }
}
