// Structural similarity of two rasters (Wang, Bovik, Sheikh and Simoncelli 2004): Gaussian window of 11×11 with σ 1.5,
// K₁ 0.01, K₂ 0.03, variances with divisor 1 — what scikit-image gives for gaussian_weights=True,
// use_sample_covariance=False. On a grid that closes round the globe, windows continue across the seam, unless a
// repeated column would count twice there. Windows that do not fit, or that touch an invalid value, are left out. SSIM
// is not indifferent to the origin of the scale: 280 K ± 1 K and 0 ± 1 K score differently.

import Foundation
import SextantGeometry

/// Local structural similarity of two rasters.
enum StructuralSimilarity {
  private static let radius = 5

  private static let window: [Double] = {
    let weights = (-radius...radius).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }()

  /// The similarity of the windows around each pixel (rows·columns), in −1…1; NaN if the window is incomplete or
  /// contains an invalid pixel.
  ///
  /// - Parameters:
  ///   - truth: one raster (rows·columns), relative to the origin of the scale.
  ///   - estimate: the other raster.
  ///   - isValid: which pixels are valid.
  ///   - peak: the size of the scale (the "data range").
  static func map(
    truth: [Double], estimate: [Double], isValid: [Bool], raster: Raster, peak: Double
  ) -> [Double] {
    let count = raster.rows * raster.columns
    precondition(
      truth.count == count && estimate.count == count && isValid.count == count,
      "Rasters of \(truth.count), \(estimate.count) and \(isValid.count) pixels for \(count)")
    // Values at invalid pixels must not spread NaN; windows that contain one are removed below.
    let x = zip(truth, isValid).map { $1 ? $0 : 0 }
    let y = zip(estimate, isValid).map { $1 ? $0 : 0 }
    func smoothed(_ image: [Double]) -> [Double] { filtered(image, raster: raster, with: window) }
    let (meanX, meanY) = (smoothed(x), smoothed(y))
    let meanXX = smoothed(x.map { $0 * $0 })
    let meanYY = smoothed(y.map { $0 * $0 })
    let meanXY = smoothed(zip(x, y).map { $0 * $1 })
    let ones = [Double](repeating: 1, count: window.count)
    let invalidCounts = filtered(isValid.map { $0 ? 0 : 1 }, raster: raster, with: ones)
    let (c1, c2) = ((0.01 * peak) * (0.01 * peak), (0.03 * peak) * (0.03 * peak))
    return (0..<count).map { i in
      guard invalidCounts[i] == 0 else { return .nan }
      let (mx, my) = (meanX[i], meanY[i])
      let (vx, vy, vxy) = (meanXX[i] - mx * mx, meanYY[i] - my * my, meanXY[i] - mx * my)
      return (2 * mx * my + c1) * (2 * vxy + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    }
  }

  /// Filters along columns, then along rows; NaN where the window does not fit.
  private static func filtered(_ image: [Double], raster: Raster, with window: [Double]) -> [Double] {
    let (rows, columns) = (raster.rows, raster.columns)
    let wraps = raster.wraps && !raster.repeatsColumn
    let inner = wraps && columns > 2 * radius ? 0..<columns : radius..<max(radius, columns - radius)
    var along = [Double](repeating: .nan, count: image.count)
    for row in 0..<rows {
      for column in inner {
        var sum = 0.0
        for k in 0..<window.count {
          let neighbour = (column + k - radius + columns) % columns
          sum += window[k] * image[row * columns + neighbour]
        }
        along[row * columns + column] = sum
      }
    }
    var result = [Double](repeating: .nan, count: image.count)
    for row in radius..<max(radius, rows - radius) {
      for column in inner {
        var sum = 0.0
        for k in 0..<window.count { sum += window[k] * along[(row + k - radius) * columns + column] }
        result[row * columns + column] = sum
      }
    }
    return result
  }
}
