// Reading of checkpoints: first the metadata, from which the network is rebuilt, then the tensors in the layout of that
// network.

import Foundation
import SextantArrays
import SextantStorage

/// A checkpoint opened for reading: the file is mapped, and only its header has been copied.
public struct CheckpointFile: Sendable {
  public let metadata: CheckpointMetadata
  /// Whether the file also contains the state of a training.
  public var canResume: Bool { file.metadata[CheckpointNames.optimiser] != nil }
  private let file: SafetensorsFile

  /// Opens the file at `path`, which must hold a network of the given kind. Throws `FileError`, `SafetensorsError` and
  /// ``CheckpointError``.
  public init(path: String, kind: String) throws {
    file = try SafetensorsFile(path: path)
    metadata = try Self.decoded(CheckpointNames.metadata, in: file)
    guard metadata.kind == kind else {
      throw CheckpointError.otherKind(path: path, expected: kind, found: metadata.kind)
    }
  }

  /// The parameters in the names and shapes of `layout`: either the last values of the training or their moving
  /// average.
  ///
  /// Throws `SafetensorsError` and ``CheckpointError``.
  public func parameters<Scalar: TensorScalar>(
    layout: ParameterSet<Scalar>, averaged: Bool = false
  ) throws -> ParameterSet<Scalar> {
    try checkNames(layout)
    return try filled(layout, prefix: averaged ? CheckpointNames.average : "")
  }

  /// The complete checkpoint, to continue a training. The optimiser and the average are nil if the file has none.
  ///
  /// Throws `SafetensorsError` and ``CheckpointError``.
  public func checkpoint<Scalar: TensorScalar>(layout: ParameterSet<Scalar>) throws -> Checkpoint<Scalar> {
    let parameters = try parameters(layout: layout)
    var checkpoint = Checkpoint(metadata, parameters: parameters)
    if file.metadata[CheckpointNames.optimiser] != nil {
      let state: OptimiserState = try Self.decoded(CheckpointNames.optimiser, in: file)
      var optimiser = Adam(state.settings, for: parameters)
      optimiser.step = state.step
      for index in layout.names.indices where layout.isTrained[index] {
        let (name, shape) = (layout.names[index], layout.tensors[index].shape)
        optimiser.moments[index] = try tensor(CheckpointNames.moment + name, shape: shape)
        optimiser.squares[index] = try tensor(CheckpointNames.square + name, shape: shape)
      }
      checkpoint.optimiser = optimiser
    }
    if file.metadata[CheckpointNames.averageState] != nil {
      let state: AverageState = try Self.decoded(CheckpointNames.averageState, in: file)
      guard (0..<1).contains(state.decay) else {
        throw CheckpointError.unreadable(
          path: file.path, key: CheckpointNames.averageState, reason: "its decay \(state.decay) is not in [0, 1).")
      }
      var average = ExponentialMovingAverage(
        of: try filled(layout, prefix: CheckpointNames.average), decay: state.decay, startsFast: state.startsFast)
      average.step = state.step
      checkpoint.average = average
    }
    return checkpoint
  }

  private func filled<Scalar: TensorScalar>(
    _ layout: ParameterSet<Scalar>, prefix: String
  ) throws -> ParameterSet<Scalar> {
    var result = layout
    for (index, name) in layout.names.enumerated() {
      // Running statistics are not averaged.
      let path = layout.isTrained[index] ? prefix + name : name
      result.tensors[index] = try tensor(path, shape: layout.tensors[index].shape)
    }
    return result
  }

  private func tensor<Scalar: TensorScalar>(_ name: String, shape: [Int]) throws -> Tensor<Scalar> {
    if Scalar.self == Float.self, let tensor = try file.floats(name, shape: shape) as? Tensor<Scalar> {
      return tensor
    }
    return try file.doubles(name, shape: shape).converted(to: Scalar.self)
  }

  private func checkNames<Scalar: TensorScalar>(_ layout: ParameterSet<Scalar>) throws {
    let known = Set(layout.names)
    let prefixes = [CheckpointNames.moment, CheckpointNames.square, CheckpointNames.average]
    let unknown = file.names.filter { name in !known.contains(name) && !prefixes.contains { name.hasPrefix($0) } }
    guard unknown.isEmpty else { throw CheckpointError.unknownParameters(path: file.path, names: unknown) }
  }

  private static func decoded<Value: Decodable>(_ key: String, in file: SafetensorsFile) throws -> Value {
    let text = try file.text(for: key)
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      throw CheckpointError.unreadable(path: file.path, key: key, reason: "\(error).")
    }
  }
}
