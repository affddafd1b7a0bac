// A page to draw on: a safe interface to a Cairo image surface. Lengths are in points of `resolution` pixels; y
// increases downwards, as in Cairo. The page is initially opaque white, so the PNG needs no alpha channel.
// Canvas+Text.swift draws text, Canvas+Image.swift draws images.

import CCairo
import SextantStorage

/// An opaque page on which paths, text and images are drawn, to be written as PNG.
///
/// A canvas belongs to one task at a time; it is not Sendable.
public final class Canvas {
  /// The width in points.
  public let width: Double
  /// The height in points.
  public let height: Double
  /// Pixels per point.
  public let resolution: Double

  let context: OpaquePointer
  let surface: OpaquePointer

  /// A white page of `width` × `height` points with `resolution` pixels per point.
  ///
  /// Throws ``ReportError/unusable(_:)`` if a side is not positive and finite or exceeds 32767 pixels, and
  /// ``ReportError/drawing(_:)`` if memory is insufficient.
  public init(width: Double, height: Double, resolution: Double = 2) throws {
    let pixels = (width: (width * resolution).rounded(.up), height: (height * resolution).rounded(.up))
    guard pixels.width >= 1, pixels.height >= 1, pixels.width <= 32767, pixels.height <= 32767, resolution > 0 else {
      throw ReportError.unusable(
        "A picture of \(width) × \(height) points at \(resolution) pixels per point is too small or too large; "
          + "each side must have between 1 and 32767 pixels.")
    }
    guard let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(pixels.width), Int32(pixels.height)) else {
      throw ReportError.drawing("the surface could not be created")
    }
    guard let context = cairo_create(surface) else {
      cairo_surface_destroy(surface)
      throw ReportError.drawing("the drawing context could not be created")
    }
    self.width = width
    self.height = height
    self.resolution = resolution
    self.surface = surface
    self.context = context
    cairo_scale(context, resolution, resolution)
    cairo_set_source_rgb(context, 1, 1, 1)
    cairo_paint(context)
    prepareText()
    try checkStatus()
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  // MARK: Paths

  /// Fills `path`; overlapping parts are filled once (non-zero winding).
  public func fill(_ path: Path, with colour: Colour) {
    trace(path)
    setSource(colour)
    cairo_fill(context)
  }

  /// Strokes `path` with a line `width` points wide; `dashes` are the lengths of dashes and gaps in turn.
  public func stroke(_ path: Path, with colour: Colour, width: Double = 1, dashes: [Double] = []) {
    trace(path)
    setSource(colour)
    cairo_set_line_width(context, width)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    cairo_set_line_cap(context, dashes.isEmpty ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT)
    // A pattern without dashes, or with NaN, would put the context into a permanent error state.
    let usable = dashes.allSatisfy { $0.isFinite && $0 >= 0 } && dashes.contains { $0 > 0 }
    cairo_set_dash(context, dashes, usable ? Int32(dashes.count) : 0, 0)
    cairo_stroke(context)
  }

  /// Runs `body` with drawing clipped to the inside of `path`.
  public func clipped<R>(to path: Path, _ body: () throws -> R) rethrows -> R {
    cairo_save(context)
    defer { cairo_restore(context) }
    trace(path)
    cairo_clip(context)
    return try body()
  }

  // MARK: Result

  /// Writes the page as a complete PNG file or not at all.
  ///
  /// Throws `FileError` if the file exists and must not be replaced, or if it cannot be written, and
  /// ``ReportError/drawing(_:)`` if an earlier call left the page in an error state.
  public func writePNG(to path: String, overwrite: Bool = false) throws {
    try checkStatus()
    cairo_surface_flush(surface)
    try WholeFile.write(to: path, overwrite: overwrite) { temporary in
      let status = cairo_surface_write_to_png(surface, temporary)
      guard status == CAIRO_STATUS_SUCCESS else {
        throw FileError.system(action: "write the picture", path: path, reason: Self.text(of: status))
      }
    }
  }

  /// The colour at a point, as drawn so far; nil outside the page.
  public func colour(at point: SIMD2<Double>) -> Colour? {
    cairo_surface_flush(surface)
    let (x, y) = ((point.x * resolution).rounded(.down), (point.y * resolution).rounded(.down))
    guard x >= 0, y >= 0, x < Double(cairo_image_surface_get_width(surface)),
      y < Double(cairo_image_surface_get_height(surface)), let data = cairo_image_surface_get_data(surface)
    else { return nil }
    let offset = Int(y) * Int(cairo_image_surface_get_stride(surface)) + 4 * Int(x)
    let word = UnsafeRawPointer(data).load(fromByteOffset: offset, as: UInt32.self)
    return Colour(packed: word | 0xFF00_0000)
  }

  /// Throws the drawing library's error, if there is one.
  func checkStatus() throws {
    let status = cairo_status(context)
    guard status == CAIRO_STATUS_SUCCESS else { throw ReportError.drawing(Self.text(of: status)) }
  }

  func setSource(_ colour: Colour) {
    cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, colour.alpha)
  }

  private static func text(of status: cairo_status_t) -> String {
    cairo_status_to_string(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
  }

  private func trace(_ path: Path) {
    cairo_new_path(context)
    for element in path.elements {
      switch element {
      case .move(let point): cairo_move_to(context, point.x, point.y)
      case .line(let point): cairo_line_to(context, point.x, point.y)
      case .circle(let centre, let radius):
        cairo_new_sub_path(context)
        cairo_arc(context, centre.x, centre.y, radius, 0, 2 * .pi)
        cairo_close_path(context)
      case .close: cairo_close_path(context)
      }
    }
  }
}
