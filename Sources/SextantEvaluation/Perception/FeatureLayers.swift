// The layers of the networks whose features compare images: convolutions with any kernel, pooling and resizing, forwards alone. The
// weights are those of PyTorch's files, outputs × inputs × rows × columns.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantStorage

/// Images of some channels.
struct FeatureMaps: Sendable {
  /// B×(rows·columns)×C.
  var values: Tensor<Float>
  var rows, columns: Int

  var count: Int { values.shape[0] }
  var channels: Int { values.shape[2] }

  /// Maps of the same size, one behind the other in the channels.
  static func joining(_ parts: [FeatureMaps]) -> FeatureMaps {
    let tape = Tape<Float>()
    let joined = concatenateColumns(parts.map { tape.constant($0.values) }).value
    return FeatureMaps(values: joined, rows: parts[0].rows, columns: parts[0].columns)
  }

  /// The mean of each channel over the pixels of each image (B×C).
  func means() -> [[Double]] {
    values.withUnsafeScalars { own in
      (0..<count).map { image in
        var sums = [Double](repeating: 0, count: channels)
        for pixel in 0..<rows * columns {
          for channel in 0..<channels { sums[channel] += Double(own[(image * rows * columns + pixel) * channels + channel]) }
        }
        return sums.map { $0 / Double(rows * columns) }
      }
    }
  }

  /// Images of another size by linear interpolation between the centres of pixels, as PyTorch's `interpolate` without aligned corners
  /// and without a filter.
  func resized(rows height: Int, columns width: Int) -> FeatureMaps {
    func places(_ count: Int, from own: Int) -> [(first: Int, second: Int, share: Float)] {
      (0..<count).map { place in
        let at = max(0, (Double(place) + 0.5) * Double(own) / Double(count) - 0.5)
        let first = min(Int(at), own - 1)
        return (first, min(first + 1, own - 1), Float(at - Double(first)))
      }
    }
    let (down, across) = (places(height, from: rows), places(width, from: columns))
    let (count, channels, columns) = (count, channels, columns)
    let size = rows * columns
    let result = Tensor<Float>(shape: [count, height * width, channels]) { out in
      values.withUnsafeScalars { own in
        for image in 0..<count {
          for (row, r) in down.enumerated() {
            for (column, c) in across.enumerated() {
              for channel in 0..<channels {
                func value(_ row: Int, _ column: Int) -> Float {
                  own[(image * size + row * columns + column) * channels + channel]
                }
                let above = value(r.first, c.first) * (1 - c.share) + value(r.first, c.second) * c.share
                let below = value(r.second, c.first) * (1 - c.share) + value(r.second, c.second) * c.share
                out[((image * height + row) * width + column) * channels + channel] = above * (1 - r.share) + below * r.share
              }
            }
          }
        }
      }
    }
    return FeatureMaps(values: result, rows: height, columns: width)
  }
}

/// The window of a convolution or of pooling.
struct FeatureWindow: Sendable {
  var height, width: Int
  var stride = 1
  var down = 0
  var across = 0

  /// A square window.
  init(_ side: Int, stride: Int = 1, padding: Int = 0) {
    (height, width, self.stride, down, across) = (side, side, stride, padding, padding)
  }

  init(height: Int, width: Int, down: Int, across: Int) {
    (self.height, self.width, self.down, self.across) = (height, width, down, across)
  }

  /// The number of places along rows and columns; below 1 where the image is too small.
  func size(rows: Int, columns: Int) -> (rows: Int, columns: Int) {
    func places(_ count: Int, _ length: Int, _ padding: Int) -> Int {
      count + 2 * padding < length ? 0 : (count + 2 * padding - length) / stride + 1
    }
    return (places(rows, height, down), places(columns, width, across))
  }

  /// The pixels in the window at each place; −1 beyond the frame.
  func stencil(rows: Int, columns: Int) -> Stencil {
    let size = size(rows: rows, columns: columns)
    var neighbours: [Int32] = []
    neighbours.reserveCapacity(size.rows * size.columns * height * width)
    for row in 0..<size.rows {
      for column in 0..<size.columns {
        for y in 0..<height {
          for x in 0..<width {
            let (r, c) = (row * stride + y - down, column * stride + x - across)
            neighbours.append((0..<rows).contains(r) && (0..<columns).contains(c) ? Int32(r * columns + c) : -1)
          }
        }
      }
    }
    return Stencil(inputCount: rows * columns, width: height * width, neighbours: neighbours)
  }
}

/// A convolution followed by a rectifier.
struct FeatureConvolution: Sendable {
  private let weight: Tensor<Float>
  private let bias: Tensor<Float>
  private let window: FeatureWindow

  /// Reads "NAME.weight" and "NAME.bias" or, with `normalised`, "NAME.conv.weight" and the batch normalisation "NAME.bn", which becomes
  /// a part of the weights.
  ///
  /// Throws `SafetensorsError` where a tensor is missing or has another shape.
  init(_ name: String, in file: SafetensorsFile, _ window: FeatureWindow, inputs: Int? = nil, normalised: Bool = false) throws {
    self.window = window
    let key = normalised ? "\(name).conv.weight" : "\(name).weight"
    let found = try file.shape(of: key)
    let (outputs, inputs) = (found.first ?? 0, inputs ?? (found.count > 1 ? found[1] : 0))
    let stored = try file.floats(key, shape: [outputs, inputs, window.height, window.width]).scalars
    var (scales, shifts) = ([Float](repeating: 1, count: outputs), [Float](repeating: 0, count: outputs))
    if normalised {
      let gain = try file.floats("\(name).bn.weight", shape: [outputs]).scalars
      let bias = try file.floats("\(name).bn.bias", shape: [outputs]).scalars
      let mean = try file.floats("\(name).bn.running_mean", shape: [outputs]).scalars
      let variance = try file.floats("\(name).bn.running_var", shape: [outputs]).scalars
      for output in 0..<outputs {
        scales[output] = gain[output] / (variance[output] + 1e-3).squareRoot()
        shifts[output] = bias[output] - mean[output] * scales[output]
      }
    } else {
      shifts = try file.floats("\(name).bias", shape: [outputs]).scalars
    }
    let size = window.height * window.width
    weight = Tensor(
      (0..<outputs * size * inputs).map { place in
        let (output, rest) = place.quotientAndRemainder(dividingBy: size * inputs)
        let (pixel, input) = rest.quotientAndRemainder(dividingBy: inputs)
        return stored[(output * inputs + input) * size + pixel] * scales[output]
      }, shape: [outputs, size, inputs])
    bias = Tensor(shifts)
  }

  func callAsFunction(_ x: FeatureMaps) -> FeatureMaps {
    let size = window.size(rows: x.rows, columns: x.columns)
    let tape = Tape<Float>()
    let output = stencilConvolution(
      tape.constant(x.values), weight: tape.constant(weight), bias: tape.constant(bias),
      stencil: window.stencil(rows: x.rows, columns: x.columns))
    return FeatureMaps(values: output.relu().value, rows: size.rows, columns: size.columns)
  }
}

extension FeatureMaps {
  /// The largest value in each window; what lies beyond the frame is left out.
  func largest(in window: FeatureWindow) -> FeatureMaps {
    pooled(window) { values in values.reduce(-.infinity) { max($0, $1) } }
  }

  /// The mean in each window, of the pixels within the frame.
  func mean(in window: FeatureWindow) -> FeatureMaps {
    pooled(window) { values in values.reduce(0, +) / Float(values.count) }
  }

  private func pooled(_ window: FeatureWindow, _ value: ([Float]) -> Float) -> FeatureMaps {
    let size = window.size(rows: rows, columns: columns)
    let stencil = window.stencil(rows: rows, columns: columns)
    let (count, channels, pixels, outputs, width) = (count, channels, rows * columns, size.rows * size.columns, stencil.width)
    var inside: [Float] = []
    let result = Tensor<Float>(shape: [count, outputs, channels]) { out in
      values.withUnsafeScalars { own in
        for image in 0..<count {
          for output in 0..<outputs {
            let pixelsInside = stencil.neighbours[output * width..<(output + 1) * width].filter { $0 >= 0 }
            for channel in 0..<channels {
              inside.removeAll(keepingCapacity: true)
              for pixel in pixelsInside { inside.append(own[(image * pixels + Int(pixel)) * channels + channel]) }
              out[(image * outputs + output) * channels + channel] = value(inside)
            }
          }
        }
      }
    }
    return FeatureMaps(values: result, rows: size.rows, columns: size.columns)
  }
}
