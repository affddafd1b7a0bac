// Rasterises a surface: a depth buffer with several samples per pixel in each direction, smooth shading, and averaging
// in linear light. It runs on the processor alone, without a display or a graphics library.
//
// Bands of rows are drawn in parallel, each with all triangles that overlap it in their order, so the picture has the
// same bytes with any number of threads.

import Foundation
import SextantArrays

/// Draws a shape from one view.
struct MeshRaster: Sendable {
  let shape: MeshShape
  let paint: MeshPaint
  let basis: ViewBasis
  /// Pixels per unit of length of the mesh.
  let scale: Double
  /// The point of the view at the centre of the picture, in the view's axes.
  let centre: SIMD2<Double>

  /// The number of samples per pixel in each direction.
  private static let sampling = 3
  /// The number of pixel rows in a band.
  private static let bandHeight = 16

  /// The surface on a transparent background.
  func image(width: Int, height: Int) -> PixelImage {
    let samples = Double(Self.sampling)
    let corners = shape.positions.map { position -> SIMD3<Float> in
      let seen = basis.seen(position)
      return SIMD3(
        Float(samples * ((seen.x - centre.x) * scale + Double(width) / 2)),
        Float(samples * ((centre.y - seen.y) * scale + Double(height) / 2)), Float(seen.z * scale * samples))
    }
    let bands = (height + Self.bandHeight - 1) / Self.bandHeight
    let reach = trianglesByBand(corners, bands: bands)
    var image = PixelImage(width: width, height: height)
    image.pixels.withUnsafeMutableBufferPointer { pixels in
      guard let base = pixels.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEach(bands) { band in
        let rows = band * Self.bandHeight..<min(height, (band + 1) * Self.bandHeight)
        draw(rows, width: width, corners, reach[band], into: target)
      }
    }
    return image
  }

  /// The triangles that overlap each band, in their order.
  private func trianglesByBand(_ corners: [SIMD3<Float>], bands: Int) -> [[Int32]] {
    var result = [[Int32]](repeating: [], count: bands)
    let bandHeight = Float(Self.bandHeight * Self.sampling)
    for (f, t) in shape.triangles.enumerated() {
      let (a, b, c) = (corners[Int(t.x)].y, corners[Int(t.y)].y, corners[Int(t.z)].y)
      let first = max(0, Int((min(a, b, c) / bandHeight).rounded(.down)))
      let last = min(bands - 1, Int((max(a, b, c) / bandHeight).rounded(.down)))
      guard first <= last else { continue }
      for band in first...last { result[band].append(Int32(f)) }
    }
    return result
  }

  private func draw(
    _ rows: Range<Int>, width: Int, _ corners: [SIMD3<Float>], _ triangles: [Int32],
    into pixels: UncheckedPointer<UInt32>
  ) {
    let sampling = Self.sampling
    let (columns, firstRow, lines) = (width * sampling, rows.lowerBound * sampling, rows.count * sampling)
    var depths = [Float](repeating: -.infinity, count: columns * lines)
    var light = [SIMD3<Float>](repeating: SIMD3(), count: columns * lines)
    let axes = [basis.right, basis.up, basis.toward].map { SIMD3<Float>($0) }
    for index in triangles {
      let t = shape.triangles[Int(index)]
      let (a, b, c) = (corners[Int(t.x)], corners[Int(t.y)], corners[Int(t.z)])
      let doubleArea = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)
      guard doubleArea != 0 else { continue }
      let (left, right) = (max(0, Int(min(a.x, b.x, c.x) - 0.5)), min(columns - 1, Int(max(a.x, b.x, c.x))))
      let (top, bottom) = (
        max(firstRow, Int(min(a.y, b.y, c.y) - 0.5)), min(firstRow + lines - 1, Int(max(a.y, b.y, c.y)))
      )
      guard left <= right, top <= bottom else { continue }
      // Both sides of a surface are visible. Rows run downwards, so a counter-clockwise triangle has a negative area.
      let side: Float = doubleArea < 0 ? 1 : -1
      let normals = (0..<3).map { corner -> SIMD3<Float> in
        let normal = shape.cornerNormals[3 * Int(index) + corner]
        return side * SIMD3((normal * axes[0]).sum(), (normal * axes[1]).sum(), (normal * axes[2]).sum())
      }
      for y in top...bottom {
        for x in left...right {
          let (px, py) = (Float(x) + 0.5, Float(y) + 0.5)
          let u = ((b.x - px) * (c.y - py) - (c.x - px) * (b.y - py)) / doubleArea
          let v = ((c.x - px) * (a.y - py) - (a.x - px) * (c.y - py)) / doubleArea
          let w = 1 - u - v
          guard u >= 0, v >= 0, w >= 0 else { continue }
          let depth = u * a.z + v * b.z + w * c.z
          let place = (y - firstRow) * columns + x
          guard depth > depths[place] else { continue }
          depths[place] = depth
          light[place] =
            paint.light(shape.painted[Int(index)], SIMD3(u, v, w)) * Lighting.brightness(u * normals[0] + v * normals[1] + w * normals[2])
        }
      }
    }
    for row in rows {
      for column in 0..<width {
        var (sum, covered) = (SIMD3<Float>(), 0)
        for line in 0..<sampling {
          let start = ((row - rows.lowerBound) * sampling + line) * columns + column * sampling
          for place in start..<start + sampling where depths[place] > -.infinity {
            sum += light[place]
            covered += 1
          }
        }
        guard covered > 0 else { continue }
        pixels[row * width + column] = Self.pixel(
          sum / Float(covered), alpha: Float(covered) / Float(sampling * sampling))
      }
    }
  }

  /// A packed pixel with colours premultiplied by alpha.
  private static func pixel(_ light: SIMD3<Float>, alpha: Float) -> UInt32 {
    func byte(_ part: Float) -> UInt32 {
      let part = min(1, max(0, part))
      let encoded = part <= 0.0031308 ? part * 12.92 : 1.055 * pow(part, 1 / 2.4) - 0.055
      return UInt32((encoded * alpha * 255).rounded())
    }
    return UInt32((alpha * 255).rounded()) << 24 | byte(light.x) << 16 | byte(light.y) << 8 | byte(light.z)
  }
}

/// The lighting of a surface: ambient light, a lamp over the viewer's left shoulder, and slightly darker edges where
/// the surface turns away from the viewer, so that the shape is visible even under a single colour. Lighting changes
/// only the lightness of a colour, so hues remain those of the colour bar.
enum Lighting {
  private static let lamp: SIMD3<Float> = {
    let direction = SIMD3<Float>(-0.45, 0.6, 0.66)
    return direction / (direction * direction).sum().squareRoot()
  }()

  /// The factor on a colour's light for a surface with the given normal, in the picture's axes and of any length.
  static func brightness(_ normal: SIMD3<Float>) -> Float {
    let length = (normal * normal).sum().squareRoot()
    guard length > 0 else { return 0.6 }
    let n = normal / length
    let facing = (n * lamp).sum()
    // Half-Lambert shading: the side away from the lamp is shaded, too.
    let half = 0.5 + 0.5 * facing
    let away = 1 - max(0, n.z)
    let rim = away * away * away
    return (0.36 + 0.74 * half * half) * (1 - 0.35 * rim)
  }
}
