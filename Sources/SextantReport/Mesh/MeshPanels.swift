// A sheet of pictures of one surface: what was true, what was seen, what was concluded and how sure that is. Panels of one
// role share one scale and one colour bar at the foot of the sheet, so that colours may be compared between them.

import SextantGeometry
import SextantStorage

/// Pictures of several signals on one surface under one title.
public struct MeshPanels: Sendable {
  /// One signal of the sheet.
  public struct Panel: Sendable {
    /// The heading.
    public var title: String
    /// What it shows; panels of one role share a colour scale.
    public var role: MapPanels.Role
    /// The signal.
    public var signal: MeshSignal

    public init(_ title: String, role: MapPanels.Role = .value, signal: MeshSignal) {
      self.title = title
      self.role = role
      self.signal = signal
    }
  }

  /// A heading for the sheet; may be empty.
  public var title: String
  /// A line of explanation below it; may be empty.
  public var subtitle: String
  /// The units of all values.
  public var units: String
  /// How many panels stand side by side.
  public var columns: Int
  /// The scale of each role that some panel has values of.
  public let scales: [MapPanels.Role: ColourScale]
  private let shape: MeshShape
  private let panels: [Panel]
  private let views: [MeshView]
  private let axes: MeshAxes

  /// Panels of signals on `mesh`, in reading order, each seen from all of `views`.
  ///
  /// `scales` replaces the scale of a role; by default values run from the least to the greatest of all their panels,
  /// spreads from 0, errors symmetric about 0. Throws ``ReportError`` as ``MeshPicture`` does, and without panels.
  public init(
    _ mesh: TriangleMesh, panels: [Panel], title: String = "", subtitle: String = "", units: String = "",
    columns: Int = 4, scales: [MapPanels.Role: FieldScale] = [:], views: [MeshView] = [.front], axes: MeshAxes = .yUp
  ) throws {
    guard !panels.isEmpty else { throw ReportError.unusable("A sheet of surfaces needs at least one panel.") }
    for panel in panels { try MeshPicture.check(mesh, panel.signal, views) }
    shape = try MeshShape(mesh)
    self.panels = panels
    self.title = title
    self.subtitle = subtitle
    self.units = units
    self.columns = max(1, min(columns, panels.count))
    self.views = views
    self.axes = axes
    var shared: [MapPanels.Role: ColourScale] = [:]
    for role in MapPanels.Role.allCases {
      let values = panels.filter { $0.role == role }.map(\.signal.scaledValues)
      guard values.contains(where: { !$0.isEmpty }) else { continue }
      let choice = try scales[role] ?? role.scale(of: values.joined())
      shared[role] = try ColourScale(choice, for: values.joined(), map: role.colours)
    }
    self.scales = shared
  }

  /// The usual sheet: truth, observation, mean, spread and samples, the error of the mean last.
  ///
  /// Truth, mean and samples are of one kind: values, or colours; entries that were not observed are missing in the
  /// observation's panel. Without `truth`, or for colours, there is no error to show.
  public static func reconstruction(
    _ mesh: TriangleMesh, truth: MeshSignal?, observation: MeshSignal, isObserved: [Bool], mean: MeshSignal,
    spread: [Float]?, samples: [MeshSignal] = [], title: String = "", subtitle: String = "", units: String = "",
    columns: Int = 4, views: [MeshView] = [.front], axes: MeshAxes = .yUp
  ) throws -> MeshPanels {
    var panels: [Panel] = []
    if let truth { panels.append(Panel("Truth", signal: truth)) }
    panels.append(Panel("Observation", signal: observation.masked(by: isObserved)))
    panels.append(Panel("Posterior mean", signal: mean))
    if let spread { panels.append(Panel("Posterior spread", role: .spread, signal: .values(spread))) }
    for (place, sample) in samples.enumerated() {
      panels.append(Panel(samples.count > 1 ? "Sample \(place + 1)" : "One posterior sample", signal: sample))
    }
    if case .values(let found) = mean, case .values(let known)? = truth {
      panels.append(Panel("Error: mean − truth", role: .error, signal: .values(zip(found, known).map { $0 - $1 })))
    }
    return try MeshPanels(
      mesh, panels: panels, title: title, subtitle: subtitle, units: units, columns: columns, views: views, axes: axes)
  }

  /// Writes the sheet as PNG, whole or not at all; `width` is that of the whole sheet in points.
  ///
  /// Throws ``FileError`` if the file is there already (unless `overwrite`) or cannot be written.
  public func write(to path: String, width: Double = 1200, resolution: Double = 2, overwrite: Bool = false) throws {
    try WholeFile.checkIsFree(path, overwrite: overwrite)
    try canvas(width: width, resolution: resolution).writePNG(to: path, overwrite: overwrite)
  }

  /// The sheet on a page of its own.
  public func canvas(width: Double = 1200, resolution: Double = 2) throws -> Canvas {
    let (margin, gap, textSize) = (16.0, 18.0, Self.textSize)
    let panelWidth = ((width - 2 * margin - gap * Double(columns - 1)) / Double(columns)).rounded(.down)
    let row = MeshRow(
      shape, views: views, axes: axes, width: panelWidth, maximumHeight: 0.5 * width, textSize: 0.9 * textSize,
      showsNames: views.count > 1)
    let panelHeight = 2 * textSize + row.height + 1.6 * textSize
    let rows = (panels.count + columns - 1) / columns
    let heading = (title.isEmpty ? 0.0 : 24) + (subtitle.isEmpty ? 0 : 19)
    let barY = margin + heading + Double(rows) * panelHeight + 0.4 * textSize
    let barColumns = barsSideBySide(width: width - 2 * margin)
    let barRows = (scales.count + barColumns - 1) / barColumns
    let height = barY + Double(barRows) * Self.barHeight * textSize
    let canvas = try Canvas(width: width, height: (height + margin).rounded(.up), resolution: resolution)
    canvas.draw(title, at: SIMD2(margin, margin + 14), style: TextStyle(size: 16, isBold: true))
    canvas.draw(
      subtitle, at: SIMD2(margin, margin + (title.isEmpty ? 10 : 33)), style: TextStyle(size: 11.5, colour: .softInk))
    for (index, panel) in panels.enumerated() {
      let origin = SIMD2(
        margin + Double(index % columns) * (panelWidth + gap), margin + heading + Double(index / columns) * panelHeight)
      canvas.draw(
        panel.title, at: SIMD2(origin.x + panelWidth / 2, origin.y + 1.2 * textSize),
        style: TextStyle(size: 1.1 * textSize, isBold: true), anchor: TextAnchor(.centre, .baseline))
      try row.draw(
        MeshPaint(panel.signal, scale: scales[panel.role]), on: canvas, at: SIMD2(origin.x, origin.y + 2 * textSize))
    }
    try drawBars(on: canvas, y: barY, margin: margin)
    try canvas.checkStatus()
    return canvas
  }

  /// The height of a colour bar with its labels and what is free below, in text sizes.
  private static let barHeight = 3.2
  private static let textSize = 10.5

  /// How many bars have room beside each other.
  private func barsSideBySide(width: Double) -> Int {
    max(1, min(scales.count, Int(width / (30 * Self.textSize))))
  }

  /// One bar for each role, named where there are several.
  private func drawBars(on canvas: Canvas, y: Double, margin: Double) throws {
    let textSize = Self.textSize
    let roles = MapPanels.Role.allCases.compactMap { role in scales[role].map { (role, $0) } }
    let columns = barsSideBySide(width: canvas.width - 2 * margin)
    let room = (canvas.width - 2 * margin) / Double(columns)
    for (place, (role, scale)) in roles.enumerated() {
      let members = panels.filter { $0.role == role }.map(\.signal)
      let joined = MeshSignal.values(members.flatMap(\.scaledValues))
      var bar = ColourBar(scale: scale, units: units, signal: joined, textSize: textSize)
      if roles.count > 1 { bar.name = role.name }
      let width = min(room - 2 * textSize, 56 * textSize)
      let (row, column) = place.quotientAndRemainder(dividingBy: columns)
      try bar.draw(
        on: canvas,
        at: SIMD2(
          margin + room * (Double(column) + 0.5) - width / 2, y + Double(row) * Self.barHeight * textSize), width: width
      )
    }
  }
}
