// A picture of one field of a file: what `sextant draw` runs. A domain with latitudes and longitudes is drawn as a map, one with
// triangles from several sides, and one of rows and columns alone as an image, with the spread and samples that stand beside it.

import Foundation
import SextantArrays
import SextantGeometry
import SextantModels
import SextantReport
import SextantSignals
import SextantStorage

/// A field to be drawn, and how.
public struct Drawing: Sendable {
  /// The fields.
  public var input: SignalInput
  /// Which of them, counted from 1.
  public var field: Int
  /// Whether colours diverge from 0, for anomalies and errors.
  public var isDiverging: Bool
  /// The projection of a map; nil for one that fits.
  public var projection: MapProjection?
  /// The sides from which a surface is drawn.
  public var views: [MeshView]
  /// Which way is up on a surface.
  public var axes: MeshAxes
  /// The place whose values are drawn over time; nil for a picture of one field.
  public var timeLine: TimeLinePlace?
  /// Files with the same image, to be drawn before it: the truth, and what was observed of it. Where one has the title "truth", the
  /// difference from it is drawn, too.
  public var companions: [(title: String, path: String)] = []
  /// The size of the scale of an image, from black to white; nil for the largest value that its type can hold, or else the range of the
  /// values.
  public var peak: Double?
  /// The value of an image that is black; nil for 0 beside a peak, and otherwise for the least of the type or of the values.
  public var origin: Double?

  /// The samples that are drawn beside an image, as `evaluate` draws them.
  static let shownSamples = 3
  /// Greys whose values fill less than this share of their type's range are drawn on a scale of their own.
  private static let smallestShare = 0.1

  public init(
    _ input: SignalInput, field: Int = 1, isDiverging: Bool = false, projection: MapProjection? = nil,
    views: [MeshView] = MeshView.standard, axes: MeshAxes = .yUp, timeLine: TimeLinePlace? = nil
  ) {
    self.timeLine = timeLine
    self.input = input
    self.field = field
    self.isDiverging = isDiverging
    self.projection = projection
    self.views = views
    self.axes = axes
  }

  /// Draws the field as PNG. A mesh with several properties of which none is named is drawn without any.
  ///
  /// Throws `RunError`, `SignalFormatError`, and what reading and writing throw.
  public func run(output: String, overwrite: Bool, catalogue: Catalogue = .standard) throws {
    try WholeFile.checkIsNoInput(output, inputs: [input.path] + (input.mesh.map { [$0] } ?? []) + companions.map { $0.path })
    // A PNG under another name is taken for what it is not.
    let ending = URL(fileURLWithPath: output).pathExtension
    guard ending.isEmpty || ending.lowercased() == "png" else {
      throw RunError.invalid("--output \(output): a picture is written as PNG, and this name ends with .\(ending). Give one that ends with .png.")
    }
    let document: any SignalDocument
    var source = input
    do {
      document = try input.open(formats: catalogue.formats)
    } catch SignalFormatError.refused(_, _, "--variables", _) {
      // The bands of an image are read all together, whichever of them are drawn.
      source.variables = nil
      document = try source.open(formats: catalogue.formats)
    } catch SignalFormatError.variablesUnclear where input.variables == nil {
      let mesh = try MeshFile.document(input.mesh ?? input.path).shape()
      return try draw(.none, on: mesh, title: name, subtitle: "").write(to: output, overwrite: overwrite)
    }
    if let timeLine {
      return try TimeLine(input: input, place: timeLine).plot(document, formats: catalogue.formats)
        .write(to: output, width: 900, overwrite: overwrite)
    }
    guard (1...document.count).contains(field) else {
      throw RunError.invalid("--field \(field): the file has fields 1 to \(document.count).")
    }
    let signal = try document.read([field - 1])[0]
    if !companions.isEmpty || peak != nil || origin != nil, !signal.domain.isImage {
      throw RunError.invalid(
        "\(companions.isEmpty ? "\(peak == nil ? "--origin" : "--peak"): it is of images" : "--truth and --observed: they are drawn beside images"), and \(input.path) has \(signal.domain.summaryWithArticle).")
    }
    if signal.domain.geography != nil {
      try map(signal).write(to: output, projection: projection, overwrite: overwrite)
    } else if let surface = signal.domain.surface {
      let isNamed = input.variables != nil
      try draw(
        meshSignal(signal), on: surface, title: isNamed ? signal.variables.map(\.name).joined(separator: ", ") : name,
        subtitle: isNamed ? name : ""
      ).write(to: output, overwrite: overwrite)
    } else if let raster = signal.domain.raster {
      if isDiverging || projection != nil {
        throw RunError.invalid(
          "\(isDiverging ? "--diverging" : "--projection"): it is of maps, and \(input.path) has \(signal.domain.summaryWithArticle), which is drawn in its own colours or in greys. Leave the option out.")
      }
      try image(signal, raster, in: document, of: source, formats: catalogue.formats).write(to: output, overwrite: overwrite)
    } else {
      throw RunError.invalid(
        "\(input.path): \(signal.domain.summaryWithArticle) has neither latitudes and longitudes for a map nor triangles to draw.")
    }
  }

  private var name: String { URL(fileURLWithPath: input.path).lastPathComponent }

  private func map(_ signal: Signal) throws -> FieldMap {
    let channels = signal.variables.count
    func firstChannel<T>(_ entries: [T]) -> [T] { stride(from: 0, to: entries.count, by: channels).map { entries[$0] } }
    let shown = signal.variables[0]
    return try FieldMap(
      domain: signal.domain, values: firstChannel(signal.values.scalars), isValid: firstChannel(signal.isValid),
      title: shown.longName ?? shown.name, subtitle: signal.label.time ?? "", units: shown.units,
      scale: isDiverging ? .diverging : .automatic)
  }

  /// The image, with the truth, the observations, the error, the spread and some samples where they are there.
  ///
  /// - Parameter source: What is read of the file, which is more than what is drawn where bands were chosen.
  private func image(
    _ signal: Signal, _ raster: Raster, in document: any SignalDocument, of source: SignalInput, formats: [any SignalFormat]
  ) throws -> ImagePanels {
    let channels = signal.variables.count
    let shown =
      try input.variables.map { try ShownBands(signal.variables, named: $0, path: input.path) } ?? ShownBands(signal.variables)
    let values = shown(FieldRecord(signal).values)
    var panels: [ImagePanels.Panel] = []
    var truth: [Float]?
    for companion in companions {
      var other = source
      other.path = companion.path
      let opened = try other.open(formats: formats)
      guard opened.domain.fingerprint == signal.domain.fingerprint, opened.variables.count == channels else {
        throw RunError.invalid(
          "\(companion.path): expected an image like \(input.path), \(signal.domain.summaryWithArticle) of \(channels) band\(channels == 1 ? "" : "s"), found \(opened.domain.summaryWithArticle) of \(opened.variables.count).")
      }
      guard opened.count == document.count else {
        throw RunError.invalid("\(companion.path): \(opened.count) field\(opened.count == 1 ? "" : "s"), and \(input.path) has \(document.count).")
      }
      let own = shown(FieldRecord(try opened.read([field - 1])[0]).values)
      if companion.title == "truth" { truth = own }
      panels.append(.init(companion.title, values: own))
    }
    let estimates = try source.open(content: .estimates, formats: formats)
    let spread = try estimates.spread(of: field - 1)
    let members = try estimates.members(of: field - 1)
    let isAlone = panels.isEmpty && spread == nil && members == nil
    panels.append(.init(isAlone ? "" : spread == nil ? name : "mean", values: values))
    if let truth { panels.append(.init("error", role: .error, values: zip(values, truth).map { $0 - $1 })) }
    if let spread { panels.append(.init("spread", role: .spread, values: shown(spread))) }
    for member in 0..<min(Self.shownSamples, members?.rowCount ?? 0) {
      panels.append(.init("sample \(member + 1)", values: shown(members?.row(member).scalars ?? [])))
    }
    let scale = scale(
      of: panels.filter { $0.role == .value }.map(\.values), isGrey: values.count == raster.rows * raster.columns, in: document)
    return try ImagePanels(
      rows: raster.rows, columns: raster.columns, panels: panels, peak: scale?.upperBound, black: scale?.lowerBound ?? 0,
      title: ([name] + label(in: document) + shown.names).joined(separator: ", "))
  }

  /// The number of the field, as the option counts it, and its coordinates, which may count from 0.
  private func label(in document: any SignalDocument) -> [String] {
    let coordinates = document.labels[field - 1].coordinates.sorted { $0.key < $1.key }.map { name, value -> String in
      // The letter for the axis of samples in a stack of images.
      if name == "q", let number = Int(value) { return "sample \(number + 1)" }
      return "\(name) \(value)"
    }
    return (document.count > 1 && !coordinates.isEmpty ? ["field \(field) of \(document.count)"] : []) + coordinates
  }

  /// From the black to the white of an image; nil for the range of the values.
  private func scale(of values: [[Float]], isGrey: Bool, in document: any SignalDocument) -> ClosedRange<Double>? {
    if let peak {
      let black = origin ?? 0
      return black...max(black, black + peak)
    }
    let finite: [Float] = values.flatMap { $0.filter { $0.isFinite } }
    var own: ClosedRange<Double>?
    if let least = finite.min(), let greatest = finite.max() { own = Double(least)...Double(greatest) }
    if let origin { return (document.fullRange ?? own).map { origin...max(origin, $0.upperBound) } }
    guard let full = document.fullRange else { return nil }
    guard isGrey, let own, own.lowerBound < own.upperBound,
      own.upperBound - own.lowerBound < Self.smallestShare * (full.upperBound - full.lowerBound)
    else { return full }
    return own
  }

  /// One variable as values, three as a colour.
  private func meshSignal(_ signal: Signal) throws -> MeshSignal {
    let numbers = FieldRecord(signal).values
    switch signal.variables.count {
    case 1: return .values(numbers)
    case 3:
      return .colours(
        stride(from: 0, to: numbers.count, by: 3).map { SIMD3(numbers[$0], numbers[$0 + 1], numbers[$0 + 2]) })
    default:
      throw RunError.invalid(
        "--variables: one variable is drawn as values, three as red, green and blue; \(signal.variables.count) were found (\(signal.variables.map(\.name).joined(separator: ", ")))."
      )
    }
  }

  private func draw(
    _ signal: MeshSignal, on surface: TriangleMesh, title: String, subtitle: String
  ) throws -> MeshPicture {
    try MeshPicture(
      surface, signal: signal, title: title, subtitle: subtitle, scale: isDiverging ? .diverging : .automatic,
      views: views, axes: axes)
  }
}
