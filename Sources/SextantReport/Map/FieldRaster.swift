// The pixels of a field on a map. The inverse projection gives the position of each pixel on the sphere, and the pixel
// has the colour of the vertex there. Missing cells are hatched in grey, which no colour map contains; pixels without a
// cell are transparent.

import SextantArrays
import SextantGeometry

/// The hatching of missing values: light grey with darker diagonal lines.
enum MissingHatch {
  static let background = Colour(grey: 0.91)
  static let line = Colour(grey: 0.66)
  /// The distance between lines, measured along the x axis, in points.
  static let spacing = 6.0
  /// The width of a line, measured along the x axis, in points.
  static let lineWidth = 1.3

  /// The pixel at a position on the page, chosen so that the lines of neighbouring cells meet.
  static func pixel(x: Int, y: Int, resolution: Double) -> UInt32 {
    let place = (Double(x + y) / resolution).truncatingRemainder(dividingBy: spacing)
    return place < lineWidth ? lines : ground
  }

  private static let lines = line.packed
  private static let ground = background.packed

  /// A hatched raster for a legend.
  static func image(x: Int, y: Int, width: Int, height: Int, resolution: Double) -> PixelImage {
    var image = PixelImage(width: width, height: height)
    for row in 0..<height {
      for column in 0..<width {
        image.pixels[row * width + column] = pixel(x: x + column, y: y + row, resolution: resolution)
      }
    }
    return image
  }
}

/// The pixels of one field.
struct FieldRaster {
  let cells: SphereCells
  /// V values; non-finite values are missing.
  let values: [Float]
  let scale: ColourScale

  /// The image of the field in `frame`, and its position in the pixels of `canvas`.
  func image(in frame: MapFrame, on canvas: Canvas) -> (image: PixelImage, x: Int, y: Int) {
    let area = canvas.pixels(covering: frame.rectangle)
    let resolution = canvas.resolution
    var image = PixelImage(width: area.width, height: area.height)
    image.pixels.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let pixels = UncheckedPointer(base)
      Parallel.forEach(area.height) { row in
        let y = (Double(area.y + row) + 0.5) / resolution
        for column in 0..<area.width {
          let x = (Double(area.x + column) + 0.5) / resolution
          guard let point = nearestShown(SIMD2(x, y), in: frame, step: 1 / resolution),
            let vertex = cells.vertex(at: point)
          else { continue }
          let value = values[vertex]
          pixels[row * area.width + column] =
            value.isFinite
            ? scale.pixel(of: Double(value))
            : MissingHatch.pixel(x: area.x + column, y: area.y + row, resolution: resolution)
        }
      }
    }
    return (image, area.x, area.y)
  }

  /// The point on the sphere at a position on the page.
  ///
  /// A position up to one pixel outside the map is moved to its edge, so that no white shows inside the outline.
  private func nearestShown(_ place: SIMD2<Double>, in frame: MapFrame, step: Double) -> GeographicPoint? {
    if let point = frame.point(at: place) { return point }
    let middle = frame.rectangle.centre
    let inwards = SIMD2(place.x < middle.x ? step : -step, place.y < middle.y ? step : -step)
    return frame.point(at: place + SIMD2(inwards.x, 0)) ?? frame.point(at: place + SIMD2(0, inwards.y))
      ?? frame.point(at: place + inwards)
  }

  /// The pixels at which a mask of vertices changes, in `colour`: coastlines from a land mask.
  static func boundary(
    of mask: [Bool], cells: SphereCells, in frame: MapFrame, on canvas: Canvas, colour: Colour
  ) -> (image: PixelImage, x: Int, y: Int) {
    let area = canvas.pixels(covering: frame.rectangle)
    let resolution = canvas.resolution
    // 0 outside, 1 sea, 2 land.
    var kinds = [UInt8](repeating: 0, count: area.width * area.height)
    kinds.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let kinds = UncheckedPointer(base)
      Parallel.forEach(area.height) { row in
        for column in 0..<area.width {
          let place = SIMD2(Double(area.x + column) + 0.5, Double(area.y + row) + 0.5) / resolution
          guard let point = frame.point(at: place), let vertex = cells.vertex(at: point) else { continue }
          kinds[row * area.width + column] = mask[vertex] ? 2 : 1
        }
      }
    }
    var image = PixelImage(width: area.width, height: area.height)
    let ink = colour.packed
    for row in 0..<area.height {
      for column in 0..<area.width {
        let here = row * area.width + column
        for (other, isInside) in [(here + 1, column + 1 < area.width), (here + area.width, row + 1 < area.height)]
        where isInside && kinds[here] + kinds[other] == 3 {
          image.pixels[here] = ink
          image.pixels[other] = ink
        }
      }
    }
    return (image, area.x, area.y)
  }
}
