// Plots: round ticks inside their range, lines and bars where the numbers are, refusals that say why.

import Foundation
import Testing

@testable import SextantReport

@Suite struct PlotTests {
  @Test(arguments: [
    -1.0...1, 0...1e-7, 239.2...307.9, -3.9...3.9, 1e6...3e7, 280...280.001, -90...90, 0...0.33, -5e12 ... -1e12,
  ])
  func linearTicksAreRoundAndInside(_ range: ClosedRange<Double>) throws {
    let ticks = Ticks.linear(in: range, count: 5)
    #expect(ticks.values.count >= 3 && ticks.values.count <= 11)
    #expect(ticks.labels.count == ticks.values.count && Set(ticks.labels).count == ticks.labels.count)
    let slack = 1e-6 * (range.upperBound - range.lowerBound)
    #expect(ticks.values.allSatisfy { $0 >= range.lowerBound - slack && $0 <= range.upperBound + slack })
    for (value, label) in zip(ticks.values, ticks.labels) {
      let number = try #require(Double(label.replacingOccurrences(of: "−", with: "-")))
      #expect(abs(number * pow(10, Double(ticks.exponent)) - value) <= slack)
    }
  }

  @Test(arguments: [([0.0, 10, 20, 30], 8.0, 1), ([0, 10, 20, 30], 12, 2), ([0, 5, 10], 12, 3), ([3], 50, 1), ([2, 2], 5, 2)])
  func labelsOfANarrowBarDoNotOverlap(places: [Double], width: Double, stride: Int) {
    #expect(ColourBar.labelStride(places: places, width: width) == stride)
  }

  @Test func impossibleRangesHaveNoTicks() {
    #expect(Ticks.linear(in: 1...1).values.isEmpty)
    #expect(Ticks.linear(in: -.infinity ... .infinity).values.isEmpty)
    #expect(Ticks.linear(in: 1e20...(1e20).nextUp).values.isEmpty)
    #expect(Ticks.logarithmic(in: 0...1).values.isEmpty)
  }

  @Test func logarithmicTicksArePowers() {
    #expect(Ticks.logarithmic(in: 0.01...100).labels == ["0.01", "0.1", "1", "10", "100"])
    #expect(Ticks.logarithmic(in: 1...1e6).labels.suffix(2) == ["10⁵", "10⁶"])
    #expect(Ticks.logarithmic(in: 1...30).values == [1, 2, 5, 10, 20])
    #expect(Ticks.logarithmic(in: 1e-30...1e30).values.count < 12)
  }

  @Test func numbersHaveTrueMinusAndNoNegativeZero() {
    #expect(Ticks.number(-1.25, decimals: 1) == "−1.2" || Ticks.number(-1.25, decimals: 1) == "−1.3")
    #expect(Ticks.number(-0.001, decimals: 1) == "0.0")
    #expect(Ticks.superscript(-12) == "⁻¹²")
  }

  @Test func linesPassThroughTheirPoints() throws {
    let colour = Colour(red: 1, green: 0, blue: 0)
    let plot = Plot(
      xAxis: Axis("x", range: 0...1), yAxis: Axis("y", range: 0...1),
      layers: [
        .line(
          "line", x: [0, 0.4, 0.5, 0.6, 1], y: [0.5, 0.5, .nan, 0.25, 0.25], style: .init(colour: colour, width: 3))
      ])
    let canvas = try plot.canvas(width: 300, height: 220, resolution: 1)
    var frame = PlotFrame(title: "", subtitle: "", legend: plot.layers.compactMap(\.legendEntry), on: canvas)
    try frame.setAxes(plot.xAxis, xRange: 0...1, plot.yAxis, yRange: 0...1, aspect: nil, on: canvas)
    #expect(canvas.colour(at: frame.place(0.2, 0.5)) == colour)
    #expect(canvas.colour(at: frame.place(0.8, 0.25)) == colour)
    #expect(canvas.colour(at: frame.place(0.5, 0.375)) != colour)
  }

  @Test func logarithmicAxesLeaveOutWhatTheyCannotShow() throws {
    let plot = Plot(
      xAxis: Axis(kind: .logarithmic), yAxis: Axis(kind: .logarithmic),
      layers: [.line(x: [0, 1, 10, 100], y: [1, -1, 3, 30]), .bars(x: [10], y: [5], width: 3)])
    #expect(try plot.canvas(width: 300, height: 200, resolution: 1).width == 300)
    #expect(throws: ReportError.self) {
      try Plot(xAxis: Axis("t", kind: .logarithmic, range: 0...1), layers: []).canvas()
    }
  }

  @Test func ranksThatAreUniformLieOnOne() throws {
    let plot = try Plot.rankHistogram(counts: Array(repeating: 50, count: 17))
    #expect(plot.layers[0].y.allSatisfy { abs($0 - 1) < 1e-12 })
    guard case .band(let upper) = plot.layers[1].shape else {
      Issue.record("no band")
      return
    }
    // 850 cases in 17 ranks: 50 each with a standard deviation of 6.86.
    #expect(abs(upper[0] - (1 + 1.96 * 6.86 / 50)) < 1e-3)
    #expect(abs(plot.layers[1].y[0] - (1 - 1.96 * 6.86 / 50)) < 1e-3)
    #expect(throws: ReportError.self) { try Plot.rankHistogram(counts: [0, 0]) }
    #expect(throws: ReportError.self) { try Plot.rankHistogram(counts: []) }
  }

  @Test func plotsOfNothingAreDrawn() throws {
    for plot in [
      Plot(layers: []), Plot.calibration([]), Plot.errorByLatitude([], units: "K"),
      Plot.errorByLatitude([PlotSeries("zero", x: [0], y: [.nan])], units: ""),
    ] { #expect(try plot.canvas(width: 320, height: 320, resolution: 1).height == 320) }
  }

  @Test func unequalListsAndTinyPagesAreRefused() {
    #expect(throws: ReportError.self) { try Plot(layers: [.line(x: [1], y: [1, 2])]).canvas() }
    #expect(throws: ReportError.self) { try Plot(layers: []).canvas(width: 30, height: 30) }
  }
}
