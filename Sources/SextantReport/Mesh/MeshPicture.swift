// A picture of a painted surface: several views side by side under a title, with a colour bar. It is the counterpart of
// FieldMap for surfaces.

import SextantGeometry
import SextantStorage

/// A picture of a signal on a surface of V vertices.
///
///     try MeshPicture(surface.mesh, signal: .values(field), title: "truth", units: "1").write(to: "bunny.png")
public struct MeshPicture: Sendable {
  /// A title in large letters; may be empty.
  public var title: String
  /// An explanatory line below the title; may be empty.
  public var subtitle: String
  /// The units of the values, for the colour bar.
  public var units: String
  /// The range and colours of the values; nil if there are none.
  public let scale: ColourScale?
  private let shape: MeshShape
  private let signal: MeshSignal
  private let views: [MeshView]
  private let axes: MeshAxes

  /// A picture of `signal` on the triangles of `mesh`; vertices without triangles are not visible. A mesh without any
  /// triangle is a cloud, and is shown by a disc at each point.
  ///
  /// Throws ``ReportError`` if the signal does not have V entries, if no triangle has an area, if there are no views,
  /// or if the scale is empty.
  public init(
    _ mesh: TriangleMesh, signal: MeshSignal = .none, title: String = "", subtitle: String = "", units: String = "",
    scale: FieldScale = .automatic, colours: ColourMap? = nil, views: [MeshView] = MeshView.standard,
    axes: MeshAxes = .yUp
  ) throws {
    try Self.check(mesh, signal, views)
    shape = try MeshShape(mesh)
    self.signal = signal
    self.title = title
    self.subtitle = subtitle
    self.units = units
    self.views = views
    self.axes = axes
    if case .values(let values) = signal {
      self.scale = try ColourScale(scale, for: values, map: colours)
    } else {
      self.scale = nil
    }
  }

  static func check(_ mesh: TriangleMesh, _ signal: MeshSignal, _ views: [MeshView]) throws {
    if let count = signal.count, count != mesh.positions.count {
      throw ReportError.mismatch(
        "A surface of \(mesh.positions.count) vertices needs one value for each; there are \(count).")
    }
    guard !views.isEmpty else { throw ReportError.unusable("A picture of a surface needs at least one view.") }
    guard views.allSatisfy({ $0.azimuth.isFinite && $0.elevation.isFinite }) else {
      throw ReportError.unusable("A view's azimuth and elevation must be finite numbers of degrees.")
    }
  }

  /// Writes the picture as a complete PNG file or not at all.
  ///
  /// `width` is in points; a point has `resolution` pixels. Throws `FileError` if the file exists and `overwrite` is
  /// false, or if it cannot be written.
  public func write(to path: String, width: Double = 900, resolution: Double = 2, overwrite: Bool = false) throws {
    try WholeFile.checkIsFree(path, overwrite: overwrite)
    try canvas(width: width, resolution: resolution).writePNG(to: path, overwrite: overwrite)
  }

  /// The picture on a separate page.
  public func canvas(width: Double = 900, resolution: Double = 2) throws -> Canvas {
    let (margin, textSize) = (16.0, 11.0)
    let titleY = title.isEmpty ? 0 : 1.3 * textSize
    let subtitleY = subtitle.isEmpty ? titleY : titleY + 1.6 * textSize
    let top = subtitleY + (subtitleY == 0 ? 0 : 1.2 * textSize)
    let row = MeshRow(
      shape, views: views, axes: axes, width: width - 2 * margin, maximumHeight: 0.6 * width, textSize: textSize,
      showsNames: views.count > 1)
    let barY = top + row.height + 1.2 * textSize
    let height = scale == nil ? barY : barY + 3.2 * textSize
    let canvas = try Canvas(width: width, height: (height + 2 * margin).rounded(.up), resolution: resolution)
    canvas.draw(title, at: SIMD2(margin, margin + titleY), style: TextStyle(size: 1.35 * textSize, isBold: true))
    canvas.draw(
      subtitle, at: SIMD2(margin, margin + subtitleY), style: TextStyle(size: 1.05 * textSize, colour: .softInk))
    try row.draw(MeshPaint(signal, scale: scale), on: canvas, at: SIMD2(margin, margin + top))
    if let scale {
      let barWidth = min(width - 2 * margin, 56 * textSize)
      try ColourBar(scale: scale, units: units, signal: signal, textSize: textSize)
        .draw(on: canvas, at: SIMD2((width - barWidth) / 2, margin + barY), width: barWidth)
    }
    try canvas.checkStatus()
    return canvas
  }
}

extension ColourBar {
  /// The legend of a signal on a surface.
  init(scale: ColourScale, units: String, signal: MeshSignal, textSize: Double) {
    self.init(
      scale: scale, units: units, hasMissing: signal.hasMissing,
      hasValues: signal.scaledValues.contains(where: \.isFinite), textSize: textSize, missingColour: MeshPaint.missing)
  }
}
