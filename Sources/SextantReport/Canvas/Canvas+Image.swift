// Raster images on a canvas: placed pixel by pixel, never resampled, so that a cell of a field has exactly the colour
// of its value.

import CCairo

/// A raster of packed colours: alpha, red, green, blue from the highest byte, with colours premultiplied by alpha.
public struct PixelImage: Sendable, Equatable {
  /// The number of pixels per row.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// The pixels, row by row from the top (width · height entries); 0 is transparent.
  public var pixels: [UInt32]

  /// A raster of `pixels`, or of transparent pixels by default.
  public init(width: Int, height: Int, pixels: [UInt32]? = nil) {
    let pixels = pixels ?? [UInt32](repeating: 0, count: width * height)
    precondition(pixels.count == width * height, "\(pixels.count) pixels for \(width) × \(height)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

extension Canvas {
  /// The range of whole pixels of the page that covers a rectangle given in points.
  public func pixels(covering rectangle: Rectangle) -> (x: Int, y: Int, width: Int, height: Int) {
    let corners = (
      x: (rectangle.minX * resolution).rounded(.down), y: (rectangle.minY * resolution).rounded(.down),
      maxX: (rectangle.maxX * resolution).rounded(.up), maxY: (rectangle.maxY * resolution).rounded(.up)
    )
    return (Int(corners.x), Int(corners.y), Int(corners.maxX - corners.x), Int(corners.maxY - corners.y))
  }

  /// Draws an image with its upper left corner at a pixel of the page, without scaling.
  ///
  /// Clipping applies.
  public func draw(_ image: PixelImage, atPixel x: Int, _ y: Int) throws {
    guard image.width > 0, image.height > 0 else { return }
    var pixels = image.pixels
    try pixels.withUnsafeMutableBytes { bytes in
      let data = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      guard
        let source = cairo_image_surface_create_for_data(
          data, CAIRO_FORMAT_ARGB32, Int32(image.width), Int32(image.height), Int32(4 * image.width))
      else { throw ReportError.drawing("the image could not be created") }
      // The page must release the image before its memory is freed.
      defer {
        cairo_surface_finish(source)
        cairo_surface_destroy(source)
      }
      cairo_save(context)
      cairo_identity_matrix(context)
      cairo_set_source_surface(context, source, Double(x), Double(y))
      cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
      cairo_paint(context)
      cairo_restore(context)
      cairo_surface_flush(surface)
    }
    try checkStatus()
  }
}
