// The description of a checkpoint in addition to its tensors, as texts that any safetensors reader can show.

import Foundation
import SextantArrays

/// What the tensors of a checkpoint represent, and their provenance.
public struct CheckpointMetadata: Sendable, Equatable, Codable {
  /// The kind of network: "diffusion prior", "flow".
  public var kind: String
  /// The configuration from which the network is rebuilt, as JSON.
  public var configuration: String
  /// The number of training steps taken.
  public var step: Int
  /// The stream of random numbers from which the next step draws.
  public var randomStream: RandomStream?
  /// The fingerprint of the domain on which the network was trained.
  public var domainFingerprint: String
  /// The hash of the training data.
  public var dataHash: String
  /// Additional entries, such as the best loss so far; JSON values are stored as text.
  public var notes: [String: String]

  public init(
    kind: String, configuration: String, step: Int = 0, randomStream: RandomStream? = nil,
    domainFingerprint: String = "", dataHash: String = "", notes: [String: String] = [:]
  ) {
    (self.kind, self.configuration, self.step, self.randomStream) = (kind, configuration, step, randomStream)
    (self.domainFingerprint, self.dataHash, self.notes) = (domainFingerprint, dataHash, notes)
  }
}

/// The scalar part of an optimiser's state.
struct OptimiserState: Codable {
  var settings: AdamSettings
  var step: Int
}

/// The scalar part of a moving average's state.
struct AverageState: Codable {
  var decay: Double
  var startsFast: Bool
  var step: Int
}

/// The error for a checkpoint that cannot be used.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The file contains another kind of network.
  case otherKind(path: String, expected: String, found: String)
  /// An entry of the metadata cannot be read.
  case unreadable(path: String, key: String, reason: String)
  /// The file contains parameters that the network does not have.
  case unknownParameters(path: String, names: [String])

  public var description: String {
    switch self {
    case .otherKind(let path, let expected, let found):
      "\(path) contains a \(found), but a \(expected) is required. Pass the file of a \(expected)."
    case .unreadable(let path, let key, let reason):
      "\(path): cannot read the metadata '\(key)': \(reason) The file was written by another program or version; train again."
    case .unknownParameters(let path, let names):
      "\(path) contains parameters that the network does not have: \(names.prefix(5).joined(separator: ", ")). Its configuration belongs to another network."
    }
  }
}
