// A sheet of pictures of one surface: truth, observation, estimate and uncertainty. Panels of the same role share a
// scale and a colour bar at the bottom of the sheet, so colours can be compared between them.

import SextantGeometry
import SextantStorage

/// Pictures of several signals on one surface under one title.
public struct MeshPanels: Sendable {
  /// One signal of the sheet.
  public struct Panel: Sendable {
    /// The heading.
    public var title: String
    /// Its role; panels of the same role share a colour scale.
    public var role: MapPanels.Role
    /// The signal.
    public var signal: MeshSignal

    public init(_ title: String, role: MapPanels.Role = .value, signal: MeshSignal) {
      self.title = title
      self.role = role
      self.signal = signal
    }
  }

  /// A title for the sheet; may be empty.
  public var title: String
  /// An explanatory line below the title; may be empty.
  public var subtitle: String
  /// The units of all values.
  public var units: String
  /// The number of panels in a row.
  public var columns: Int
  /// The scale of each role for which a panel has values.
  public let scales: [MapPanels.Role: ColourScale]
  private let shape: MeshShape
  private let panels: [Panel]
  private let views: [MeshView]
  private let axes: MeshAxes

  /// Panels of signals on `mesh`, in reading order, each in all of `views`.
  ///
  /// `scales` overrides the scale of a role. By default values range from the minimum to the maximum over all their
  /// panels, spreads start at 0, and errors are symmetric about 0. Throws ``ReportError`` as ``MeshPicture`` does, and
  /// if there are no panels.
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

  /// The standard sheet: truth, observation, mean, spread, samples and finally the error of the mean.
  ///
  /// Truth, mean and samples are all values or all colours; unobserved entries are missing in the observation's panel.
  /// Without `truth`, or for colours, there is no panel of the error.
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

  /// Writes the sheet as a complete PNG file or not at all; `width` is the width of the whole sheet in points.
  ///
  /// Throws `FileError` if the file exists and `overwrite` is false, or if it cannot be written.
  public func write(to path: String, width: Double = 1200, resolution: Double = 2, overwrite: Bool = false) throws {
    try WholeFile.checkIsFree(path, overwrite: overwrite)
    try canvas(width: width, resolution: resolution).writePNG(to: path, overwrite: overwrite)
  }

  /// The sheet on a separate page.
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

  /// The height of a colour bar with its labels and the space below, in units of the text size.
  private static let barHeight = 3.2
  private static let textSize = 10.5

  /// The number of bars that fit side by side.
  private func barsSideBySide(width: Double) -> Int {
    max(1, min(scales.count, Int(width / (30 * Self.textSize))))
  }

  /// Draws one bar for each role, with a name if there are several.
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
