// A row of the suite: named work, generated from seeds, that our program does and that a peer can do as well. The
// neighbouring files time, compare and print rows.

import Foundation
import Sextant

/// The other programs that do the work of rows.
enum PeerName: String, CaseIterable, Codable, Sendable {
  case torch, jax, numpy
}

/// A row of the table.
struct BenchmarkRow: Sendable {
  /// The name by which it is selected, such as "realnvp-train-1888".
  let name: String
  /// The description in the table.
  let summary: String
  /// The peers that can do it.
  var peers: [PeerName] = []
  /// Builds the work. Memory is allocated here and not before.
  let make: @Sendable () throws -> any Workload
}

/// The work of a row, ready to run.
protocol Workload: AnyObject {
  /// The description of the work for peers, or nil for work that no peer does. It is read before ``run()`` is called
  /// for the first time.
  func task() throws -> PeerTask?
  /// The numbers that are compared with the peers' answers, from the same state as the task.
  func answers() throws -> WorkloadAnswers
  /// Does the work once.
  func run() throws
  /// The parts of its memory without activations; nil if they are not counted.
  func memoryParts() -> MemoryParts?
}

extension Workload {
  func memoryParts() -> MemoryParts? { nil }
}

/// The work for a peer.
struct PeerTask {
  /// The name of the workload.
  let kind: String
  /// Sizes and settings.
  let settings: any Encodable
  /// Weights, and inputs as "input.NAME".
  var tensors: [(name: String, tensor: Tensor<Float>)]

  /// Writes the task as a safetensors file.
  func write(to path: String) throws {
    var writer = SafetensorsWriter(
      metadata: ["settings": String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)])
    for (name, tensor) in tensors { writer.add(name, tensor) }
    try writer.write(to: path, overwrite: true)
  }
}

/// The numbers on which all programs should agree.
struct WorkloadAnswers {
  /// The loss, if there is one.
  var loss: Float?
  /// All other numbers, such as gradients or samples, which are compared together.
  var tensors: [(name: String, tensor: Tensor<Float>)]
}
