// Checkpoints: everything comes back, training goes on as if it had not stopped, and what does not fit is refused.

import Foundation
import SextantArrays
import SextantNetworks
import SextantStorage
import Testing

@Suite struct CheckpointTests {
  static func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoint-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  static let metadata = CheckpointMetadata(
    kind: "small", configuration: #"{"width":37}"#, step: 5, randomStream: RandomStream(seed: 3),
    domainFingerprint: "line", dataHash: "none", notes: ["best": "0.5"])

  func checkResumption<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
    try Self.withFolder { folder in
      var training = SmallTraining<Scalar>()
      for _ in 0..<5 { _ = training.step() }
      let path = folder + "/last.safetensors"
      try Checkpoint(
        Self.metadata, parameters: training.parameters, optimiser: training.optimiser, average: training.average
      ).write(to: path, overwrite: false)

      var resumed = SmallTraining<Scalar>()
      let file = try CheckpointFile(path: path, kind: "small")
      #expect(file.metadata == Self.metadata)
      #expect(file.canResume)
      let checkpoint = try file.checkpoint(layout: resumed.parameters)
      resumed.parameters = checkpoint.parameters
      resumed.optimiser = try #require(checkpoint.optimiser)
      resumed.average = try #require(checkpoint.average)
      resumed.random = training.random
      #expect(
        try file.parameters(layout: resumed.parameters, averaged: true).tensors == resumed.average.parameters.tensors)
      for _ in 0..<3 { #expect(training.step() == resumed.step()) }
      #expect(training.parameters.tensors == resumed.parameters.tensors)
      #expect(training.average.parameters.tensors == resumed.average.parameters.tensors)
    }
  }

  @Test func trainingGoesOnAsIfItHadNotStopped() throws {
    try checkResumption(Float.self)
    try checkResumption(Double.self)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    try Self.withFolder { folder in
      let training = SmallTraining<Float>()
      let path = folder + "/model.safetensors"
      try Checkpoint(Self.metadata, parameters: training.parameters).write(to: path, overwrite: false)
      #expect(throws: CheckpointError.otherKind(path: path, expected: "flow", found: "small")) {
        try CheckpointFile(path: path, kind: "flow")
      }
      let file = try CheckpointFile(path: path, kind: "small")
      #expect(!file.canResume)
      #expect(try file.checkpoint(layout: training.parameters).optimiser == nil)
      #expect(throws: SafetensorsError.self) { try file.parameters(layout: SmallTraining<Float>(width: 36).parameters) }
      #expect(throws: SafetensorsError.self) { try file.parameters(layout: training.parameters, averaged: true) }
      var part = ParameterSet<Float>()
      _ = part.add("first.weight", training.parameters.tensors[0])
      #expect(throws: CheckpointError.self) { try file.parameters(layout: part) }
      var writer = SafetensorsWriter(metadata: ["sextant": "{\"kind\": 3}"])
      writer.add("x", Tensor<Float>([1]))
      try writer.write(to: path, overwrite: true)
      #expect(throws: CheckpointError.self) { try CheckpointFile(path: path, kind: "small") }
    }
  }

  @Test func aLayoutIsFilledAsDrawnParametersAre() throws {
    func network(_ builder: inout ParameterBuilder<Float>) {
      builder.scope("block") { builder in
        _ = Dense("dense", inputs: 5, outputs: 7, in: &builder)
        _ = BatchNormalisation("norm", channels: 7, in: &builder)
        _ = builder.uniform("bias", [7], bound: 1)
      }
    }
    var (drawn, layout) = (ParameterBuilder<Float>(random: RandomStream(seed: 1)), ParameterBuilder<Float>.layout)
    network(&drawn)
    network(&layout)
    #expect(layout.parameters.names == drawn.parameters.names)
    #expect(layout.parameters.tensors.map(\.shape) == drawn.parameters.tensors.map(\.shape))
    #expect(layout.parameters.isTrained == drawn.parameters.isTrained)
    try Self.withFolder { folder in
      let path = folder + "/a.safetensors"
      try Checkpoint(Self.metadata, parameters: drawn.parameters).write(to: path, overwrite: false)
      let read = try CheckpointFile(path: path, kind: "small").parameters(layout: layout.parameters)
      #expect(read.tensors == drawn.parameters.tensors)
    }
  }
}
