// What a comparison looks like: maps of one measurement and the answers to it, rank histograms, calibration,
// error by latitude, and the methods side by side. PNG files in a folder.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantReport
import SextantSignals
import SextantSolvers
import SextantStorage

/// Draws the pictures of a comparison.
public struct ComparisonPictures: Sendable {
  /// The folder that the pictures go to.
  public var folder: String
  /// Whether pictures that exist are replaced.
  public var overwrite: Bool
  /// The land of a planet that is not the Earth, at each vertex (V); nil: the Earth's coastlines are drawn where they are installed.
  public var land: [Bool]?
  /// The number of samples that a strip of an image has.
  private static let stripSamples = 3

  public init(folder: String, overwrite: Bool, land: [Bool]? = nil) {
    self.folder = folder
    self.overwrite = overwrite
    self.land = land
  }

  /// Sheets of pictures for one measurement: one for each method with an ensemble and each variable. They are maps for a
  /// domain with a geography and pictures of the surface for a mesh; of an image there is a strip for each method, with all bands where
  /// they are colours. For other domains there are none.
  ///
  /// - Returns: the files written.
  @discardableResult
  public func drawFields(of field: ComparedField, number: Int) throws -> [String] {
    let domain = field.truth.domain
    let surface = domain.geography == nil ? domain.surface : nil
    guard domain.geography != nil || surface != nil else {
      return try domain.raster.map { try drawStrips(of: field, on: $0, number: number) } ?? []
    }
    var written: [String] = []
    for (method, posterior) in field.answers {
      guard let spread = posterior.spread ?? posterior.samples?.columnDeviations(from: posterior.mean) else { continue }
      for (channel, variable) in field.truth.variables.enumerated() {
        let sheet = Sheet(field, method: method.title, posterior: posterior, spread: spread, channel: channel)
        let path = place("\(surface == nil ? "map" : "surface")-\(number)-\(variable.name)-\(method.name)")
        if let surface {
          try sheet.panels(on: surface).write(to: path, overwrite: overwrite)
        } else {
          try sheet.maps(on: domain, land: land).write(to: path, overwrite: overwrite)
        }
        written.append(path)
      }
    }
    return written
  }

  /// An image, what was measured of it, and the answer of each method with its error, and its spread and some samples where it has them.
  private func drawStrips(of field: ComparedField, on raster: Raster, number: Int) throws -> [String] {
    let shown = ShownBands(field.truth.variables)
    let (truth, isValid) = (field.truth.values.scalars, field.truth.isValid)
    func valid(_ numbers: [Float]) -> [Float] { zip(numbers, isValid).map { $1 ? $0 : .nan } }
    // Noise would make the scale of the measured values wider than the image's.
    let ends = zip(truth, isValid).filter(\.1).map(\.0)
    let peak = (ends.min() ?? -1) >= 0 ? ends.max().map { $0 > 0 ? Double($0) : 1 } : nil
    var written: [String] = []
    for (method, posterior) in field.answers {
      // A method without an uncertainty has a picture all the same.
      let spread = posterior.spread ?? posterior.samples?.columnDeviations(from: posterior.mean)
      var panels = [ImagePanels.Panel("truth", values: shown(valid(truth)))]
      // What was measured is drawn where it lies on the places of the field.
      if field.measured.values.count == truth.count {
        let measured = zip(field.measured.values, field.measured.isMeasured).map { $1 ? $0 : .nan }
        panels.append(.init("measured", values: shown(measured)))
      }
      panels.append(.init("mean", values: shown(valid(posterior.mean))))
      panels.append(.init("error", role: .error, values: shown(valid(zip(posterior.mean, truth).map { $0 - $1 }))))
      if let spread { panels.append(.init("spread", role: .spread, values: shown(valid(spread)))) }
      for sample in 0..<min(Self.stripSamples, posterior.samples?.rowCount ?? 0) {
        panels.append(.init("sample \(sample + 1)", values: shown(valid(posterior.samples?.row(sample).scalars ?? []))))
      }
      let path = place("strip-\(number)-\(method.name)")
      try ImagePanels(
        rows: raster.rows, columns: raster.columns, panels: panels, peak: peak,
        title: ([method.title, field.mask.description] + shown.names).joined(separator: ", ")
      ).write(to: path, overwrite: overwrite)
      written.append(path)
    }
    return written
  }

  /// Plots of all scores of one variable under one kind of measurement.
  ///
  /// - Parameters:
  ///   - summaries: the scores of each method.
  ///   - titles: the title of each method, by the name that the summaries have.
  ///   - name: what the names of the files begin with.
  @discardableResult
  public func drawPlots(of summaries: [ScoreSummary], titles: [String: String] = [:], name: String) throws -> [String] {
    guard let first = summaries.first else { return [] }
    var written: [String] = []
    func title(_ summary: ScoreSummary) -> String { titles[summary.method] ?? summary.method }
    func write(_ plot: Plot, _ kind: String) throws {
      let path = place("\(name)-\(kind)")
      try plot.write(to: path, overwrite: overwrite)
      written.append(path)
    }
    let sampling = summaries.filter { $0[.coverage90] != nil }
    for summary in sampling {
      guard let histogram = summary.rankHistograms[.all] else { continue }
      // Neighbouring vertices are not independent: one case for each field and hundred vertices is an honest guess.
      let cases = max(Double(summary.fieldCount), Double(histogram.total) / 100)
      try write(
        Plot.rankHistogram(
          counts: histogram.counts, independentCases: cases, title: "Rank histogram, \(title(summary))"),
        "ranks-\(summary.method)")
    }
    if !sampling.isEmpty {
      let levels: [(Double, Score)] = [
        (0.5, .coverage50), (0.8, .coverage80), (0.9, .coverage90), (0.95, .coverage95),
      ]
      let series = sampling.map { summary in
        let points = levels.compactMap { level, score in summary[score].map { (level, $0.mean) } }
        return PlotSeries(title(summary), x: points.map(\.0), y: points.map(\.1))
      }
      try write(Plot.calibration(series), "calibration")
    }
    let bands = summaries.filter { !$0.latitudeBands.isEmpty }
    if !bands.isEmpty {
      let series = bands.map { summary in
        PlotSeries(
          title(summary), x: summary.latitudeBands.map { ($0.from + $0.to) / 2 },
          y: summary.latitudeBands.map(\.rootMeanSquareError))
      }
      try write(
        Plot.errorByLatitude(series, units: first.units, subtitle: "\(first.variable), posterior mean"), "latitude")
    }
    return written
  }

  /// Removes the pictures in the folder that an earlier evaluation has drawn, and that are not among those of this one. Files whose names no
  /// evaluation gives are left alone.
  ///
  /// - Parameter drawn: the paths of the pictures of this evaluation.
  func removeEarlier(except drawn: [String]) throws {
    let kept = Set(drawn.map { URL(fileURLWithPath: $0).lastPathComponent })
    let pattern = #/(?:(?:map|surface|strip)-[0-9]+-.+|film-.+-.+|plot-.+-(?:ranks-.+|calibration|latitude)|amortisation)\.png/#
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where !kept.contains(name) && name.wholeMatch(of: pattern) != nil {
      try WholeFile.remove(folder + "/" + name)
    }
  }

  private func place(_ name: String) -> String {
    let plain = name.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" }
    return folder + "/" + String(plain).lowercased() + ".png"
  }
}

/// One variable of one answer, V values each, ready to be drawn.
private struct Sheet {
  /// Samples that a surface is shown with.
  private static let sampleCount = 4

  let truth: [Float]
  let isValid: [Bool]
  let observation: [Float]
  let isObserved: [Bool]
  let mean: [Float]
  let spread: [Float]
  let samples: [[Float]]
  let title: String
  let subtitle: String
  let units: String

  init(_ field: ComparedField, method: String, posterior: Posterior, spread: [Float], channel: Int) {
    let (channels, variable) = (field.truth.variables.count, field.truth.variables[channel])
    func slice<T>(_ array: [T]) -> [T] { stride(from: channel, to: array.count, by: channels).map { array[$0] } }
    truth = slice(field.truth.values.scalars)
    isValid = slice(field.truth.isValid)
    // What was measured is drawn where it lies on the places of the field.
    let hasPlaces = field.measured.values.count == field.truth.isValid.count
    observation = hasPlaces ? slice(field.measured.values) : truth.map { _ in 0 }
    isObserved = hasPlaces ? slice(field.measured.isMeasured) : truth.map { _ in false }
    mean = slice(posterior.mean)
    self.spread = slice(spread)
    samples = (0..<min(Self.sampleCount, posterior.samples?.rowCount ?? 0)).compactMap { index in
      posterior.samples.map { slice($0.row(index).scalars) }
    }
    title = "\(variable.longName ?? variable.name), \(method)"
    subtitle = [field.truth.label.time, field.mask.description].compactMap { $0 }.joined(separator: ", ")
    units = variable.units
  }

  func maps(on domain: any Domain, land: [Bool]?) throws -> MapPanels {
    try MapPanels.reconstruction(
      domain: domain, truth: truth, observation: observation, isObserved: isObserved, mean: mean, spread: spread,
      sample: samples.first, isValid: isValid, title: title, subtitle: subtitle, units: units,
      shoreline: land.map { .mask($0) } ?? .installed)
  }

  func panels(on mesh: TriangleMesh) throws -> MeshPanels {
    try MeshPanels.reconstruction(
      mesh, truth: .values(truth), observation: .values(observation), isObserved: isObserved, mean: .values(mean),
      spread: spread, samples: samples.map { .values($0) }, title: title, subtitle: subtitle, units: units, columns: 3)
  }
}
