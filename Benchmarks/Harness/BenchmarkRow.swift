// What a row of the suite is: work with a name, made from seeds, that our program can do and that a peer can be told of.
// How rows are timed, compared and printed stands beside this file.

import Foundation
import Sextant

/// The programs that rows are also done by.
enum PeerName: String, CaseIterable, Codable, Sendable {
  case torch, jax, numpy
}

/// A row of the table.
struct BenchmarkRow: Sendable {
  /// By which it is asked for, such as "realnvp-train-1888".
  let name: String
  /// What is done, for a reader of the table.
  let summary: String
  /// The peers that can do it.
  var peers: [PeerName] = []
  /// Builds the work. Memory is taken here and not before.
  let make: @Sendable () throws -> any Workload
}

/// The work of a row, ready to be done.
protocol Workload: AnyObject {
  /// What peers are told so that they do the same, nil for work that no peer does; asked for before ``run()`` is called for
  /// the first time.
  func task() throws -> PeerTask?
  /// What is compared with the peers' answers, from the same state as the task.
  func answers() throws -> WorkloadAnswers
  /// Does the work once.
  func run() throws
  /// What its memory consists of, activations apart; nil where that is not counted.
  func memoryParts() -> MemoryParts?
}

extension Workload {
  func memoryParts() -> MemoryParts? { nil }
}

/// Work that a peer is asked to do.
struct PeerTask {
  /// Which of its workloads.
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

/// Numbers that all programs should agree on.
struct WorkloadAnswers {
  /// The loss, where there is one.
  var loss: Float?
  /// All other numbers, such as gradients or samples: compared together.
  var tensors: [(name: String, tensor: Tensor<Float>)]
}
