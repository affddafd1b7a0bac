// The complete state of a training in one safetensors file: parameters and running statistics under their own names,
// the optimiser's moments and the moving average under prefixes, and everything else as JSON texts. Reading maps the
// file and copies only the requested tensors.

import Foundation
import SextantArrays
import SextantStorage

/// The parameters of a network and, during training, the state of the training.
public struct Checkpoint<Scalar: TensorScalar>: Sendable {
  public var metadata: CheckpointMetadata
  public var parameters: ParameterSet<Scalar>
  public var optimiser: Adam<Scalar>?
  public var average: ExponentialMovingAverage<Scalar>?

  public init(
    _ metadata: CheckpointMetadata, parameters: ParameterSet<Scalar>, optimiser: Adam<Scalar>? = nil,
    average: ExponentialMovingAverage<Scalar>? = nil
  ) {
    (self.metadata, self.parameters, self.optimiser, self.average) = (metadata, parameters, optimiser, average)
  }

  /// Writes the complete file or nothing. Throws `FileError` and `SafetensorsError`.
  public func write(to path: String, overwrite: Bool) throws {
    var writer = SafetensorsWriter()
    for (index, name) in parameters.names.enumerated() {
      writer.add(name, scalars: parameters.tensors[index])
      guard parameters.isTrained[index] else { continue }
      if let optimiser {
        writer.add(CheckpointNames.moment + name, scalars: optimiser.moments[index])
        writer.add(CheckpointNames.square + name, scalars: optimiser.squares[index])
      }
      if let average { writer.add(CheckpointNames.average + name, scalars: average.parameters.tensors[index]) }
    }
    writer.metadata[CheckpointNames.metadata] = try json(metadata)
    if let optimiser {
      writer.metadata[CheckpointNames.optimiser] = try json(
        OptimiserState(settings: optimiser.settings, step: optimiser.step))
    }
    if let average {
      writer.metadata[CheckpointNames.averageState] = try json(
        AverageState(decay: average.decay, startsFast: average.startsFast, step: average.step))
    }
    try writer.write(to: path, overwrite: overwrite)
  }

  private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

/// The names of tensors and metadata in the file.
enum CheckpointNames {
  static let moment = "optimiser.moment."
  static let square = "optimiser.square."
  static let average = "average."
  static let metadata = "sextant"
  static let optimiser = "optimiser"
  static let averageState = "average"
}

extension SafetensorsWriter {
  /// Adds a tensor in its own precision.
  mutating func add<Scalar: TensorScalar>(_ name: String, scalars tensor: Tensor<Scalar>) {
    if let single = tensor as? Tensor<Float> {
      add(name, single)
    } else {
      add(name, tensor.converted(to: Double.self))
    }
  }
}
