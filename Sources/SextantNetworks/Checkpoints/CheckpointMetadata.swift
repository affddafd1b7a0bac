// What a checkpoint says about itself beside its tensors, as texts that any reader of safetensors can see.

import Foundation
import SextantArrays

/// What the tensors of a checkpoint are and come from.
public struct CheckpointMetadata: Sendable, Equatable, Codable {
  /// What the network is: "diffusion prior", "flow".
  public var kind: String
  /// The configuration that the network is rebuilt from, as JSON.
  public var configuration: String
  /// The number of training steps taken.
  public var step: Int
  /// Where the next step's random numbers come from.
  public var randomStream: RandomStream?
  /// The fingerprint of the domain that the network was trained on.
  public var domainFingerprint: String
  /// The hash of the data that it was trained with.
  public var dataHash: String
  /// Anything else, such as the best loss so far; JSON goes in as text.
  public var notes: [String: String]

  public init(
    kind: String, configuration: String, step: Int = 0, randomStream: RandomStream? = nil,
    domainFingerprint: String = "", dataHash: String = "", notes: [String: String] = [:]
  ) {
    (self.kind, self.configuration, self.step, self.randomStream) = (kind, configuration, step, randomStream)
    (self.domainFingerprint, self.dataHash, self.notes) = (domainFingerprint, dataHash, notes)
  }
}

/// The state of an optimiser that is not a tensor.
struct OptimiserState: Codable {
  var settings: AdamSettings
  var step: Int
}

/// The state of an average that is not a tensor.
struct AverageState: Codable {
  var decay: Double
  var startsFast: Bool
  var step: Int
}

/// A checkpoint that cannot be used.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The file holds another kind of network.
  case otherKind(path: String, expected: String, found: String)
  /// A text of the metadata cannot be read.
  case unreadable(path: String, key: String, reason: String)
  /// The file holds parameters that the network does not have.
  case unknownParameters(path: String, names: [String])

  public var description: String {
    switch self {
    case .otherKind(let path, let expected, let found):
      "\(path) holds a \(found), but a \(expected) is needed. Give the file of a \(expected)."
    case .unreadable(let path, let key, let reason):
      "\(path): the metadata '\(key)' cannot be read: \(reason) The file was written by another program or version; train again."
    case .unknownParameters(let path, let names):
      "\(path) holds parameters that the network does not have: \(names.prefix(5).joined(separator: ", ")). Its configuration belongs to another network."
    }
  }
}
