// LPIPS, version 0.1, with the features of AlexNet (R. Zhang, P. Isola, A. A. Efros, E. Shechtman and O. Wang, "The Unreasonable
// Effectiveness of Deep Features as a Perceptual Metric", CVPR, 2018). The weights are the user's: torchvision's AlexNet under its own
// names, and the linear layers under those of the package lpips, in one file.

import Foundation
import SextantArrays
import SextantStorage

/// The perceptual distance of two images.
public struct PerceptualDistance: Sendable {
  private let convolutions: [FeatureConvolution]
  /// The weights of the channels of each layer.
  private let weights: [[Float]]

  private static let shift: [Float] = [-0.030, -0.088, -0.188]
  private static let scale: [Float] = [0.458, 0.448, 0.450]

  /// Reads the weights. Throws `FileError`, and `SafetensorsError` for weights of another network.
  public init(weights path: String) throws {
    let file = try SafetensorsFile(path: path)
    let layers: [(String, FeatureWindow)] = [
      ("features.0", FeatureWindow(11, stride: 4, padding: 2)), ("features.3", FeatureWindow(5, padding: 2)),
      ("features.6", FeatureWindow(3, padding: 1)), ("features.8", FeatureWindow(3, padding: 1)),
      ("features.10", FeatureWindow(3, padding: 1)),
    ]
    var inputs = 3
    var (convolutions, weights): ([FeatureConvolution], [[Float]]) = ([], [])
    for (place, (name, window)) in layers.enumerated() {
      convolutions.append(try FeatureConvolution(name, in: file, window, inputs: inputs))
      inputs = try file.shape(of: "\(name).weight")[0]
      weights.append(try file.floats("lin\(place).model.1.weight", shape: [1, inputs, 1, 1]).scalars)
    }
    (self.convolutions, self.weights) = (convolutions, weights)
  }

  /// The smallest side of an image in pixels: below it nothing is left for the last layers.
  package static let smallestSide = 31

  /// The distance of two images of three colours (rows·columns·3 numbers each, from 0 to 1).
  public func distance(_ one: [Float], _ other: [Float], rows: Int, columns: Int) -> Double {
    precondition(one.count == rows * columns * 3 && other.count == one.count, "Images of \(rows)×\(columns)")
    var x = FeatureMaps(
      values: Tensor(
        (one + other).enumerated().map { (2 * $1 - 1 - Self.shift[$0 % 3]) / Self.scale[$0 % 3] },
        shape: [2, rows * columns, 3]), rows: rows, columns: columns)
    var total = 0.0
    for (place, convolution) in convolutions.enumerated() {
      if place == 1 || place == 2 { x = x.largest(in: FeatureWindow(3, stride: 2)) }
      x = convolution(x)
      total += difference(of: x, weights: weights[place])
    }
    return total
  }

  /// The mean over pixels of the weighted squared difference of two images of features, each divided by its length.
  private func difference(of x: FeatureMaps, weights: [Float]) -> Double {
    let (pixels, channels) = (x.rows * x.columns, x.channels)
    return x.values.withUnsafeScalars { values in
      var sum = 0.0
      for pixel in 0..<pixels {
        let (one, other) = (pixel * channels, (pixels + pixel) * channels)
        func length(_ start: Int) -> Double {
          (0..<channels).reduce(0.0) { $0 + Double(values[start + $1]) * Double(values[start + $1]) }.squareRoot() + 1e-10
        }
        let (first, second) = (length(one), length(other))
        for channel in 0..<channels {
          let difference = Double(values[one + channel]) / first - Double(values[other + channel]) / second
          sum += Double(weights[channel]) * difference * difference
        }
      }
      return sum / Double(pixels)
    }
  }
}
