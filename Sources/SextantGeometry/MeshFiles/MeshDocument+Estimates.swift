// Adds a solver's estimates to the properties of a file, under names that describe each property.

import Foundation
import SextantArrays

extension MeshDocument {
  /// Adds an estimate of each channel as the properties `NAME_mean`, `NAME_spread`, `NAME_quantile_0.05`, … and
  /// `NAME_sample_000`, `NAME_sample_001`, ….
  ///
  /// - Parameters:
  ///   - channels: the names of the channels (C).
  ///   - mean: the mean, V×C.
  ///   - spread: the standard deviation, V×C, if there is one.
  ///   - quantiles: levels, each with its quantiles, V×C.
  ///   - samples: draws, N×V×C, if there are any.
  /// - Throws: ``GeometryError/wrongValueCount(name:expected:found:)`` if the mesh has another number of vertices.
  public mutating func setEstimate(
    of channels: [String], mean: Tensor<Float>, spread: Tensor<Float>? = nil,
    quantiles: [(level: Double, values: Tensor<Float>)] = [], samples: Tensor<Float>? = nil
  ) throws {
    precondition(
      mean.shape.count == 2 && mean.shape[1] == channels.count, "A mean of shape \(mean.shape) for \(channels)")
    precondition(
      spread?.shape ?? mean.shape == mean.shape, "A spread of shape \(spread?.shape ?? []) for a mean of \(mean.shape)")
    precondition(quantiles.allSatisfy { $0.values.shape == mean.shape }, "Quantiles for a mean of \(mean.shape)")
    precondition(
      samples.map { $0.shape.count == 3 && Array($0.shape.dropFirst()) == mean.shape } ?? true,
      "Samples of shape \(samples?.shape ?? []) for a mean of \(mean.shape)")
    try setChannels(channels.map { $0 + "_mean" }, mean)
    if let spread { try setChannels(channels.map { $0 + "_spread" }, spread) }
    for (level, values) in quantiles { try setChannels(channels.map { "\($0)_quantile_\(level)" }, values) }
    guard let samples else { return }
    for index in 0..<samples.shape[0] {
      let suffix = String(format: "_sample_%03d", index)
      try setChannels(channels.map { $0 + suffix }, samples.rows(index..<index + 1).reshaped(to: mean.shape))
    }
  }

  /// Sets a property for each column of V×C values.
  private mutating func setChannels(_ names: [String], _ values: Tensor<Float>) throws {
    let scalars = values.scalars
    for (channel, name) in names.enumerated() {
      let column = stride(from: channel, to: scalars.count, by: names.count).map { scalars[$0] }
      try setVertexProperty(MeshProperty(name: name, values: column))
    }
  }
}
