// An archive as a Gaussian prior should see it: every value transformed as its variable asks. Also how the
// transforms are learned: from the values of a spread of fields and places, pooled over the domain.

import SextantArrays
import SextantGeometry
import SextantSignals

/// Fields of another source, transformed.
public struct TransformedSource: SignalSource {
  private let source: any SignalSource
  /// The transform of each channel (C).
  public let transforms: [MarginalTransform]

  public var domain: any Domain { source.domain }
  public var variables: [Variable] { source.variables }
  public var labels: [FieldLabel] { source.labels }

  /// - Parameter transforms: one for each channel (C).
  public init(_ source: any SignalSource, transforms: [MarginalTransform]) {
    precondition(
      transforms.count == source.variables.count, "\(transforms.count) transforms, \(source.variables.count) channels")
    self.source = source
    self.transforms = transforms
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try source.read(indices)
    let (channels, isValid) = (fields.channelCount, fields.isValid)
    fields.values.withUnsafeMutableScalars { values in
      for entry in values.indices where isValid[entry] {
        let transform = transforms[entry % channels]
        if !transform.isIdentity { values[entry] = Float(transform.transformed(Double(values[entry]))) }
      }
    }
    return fields
  }

  /// Noise in the variables' units (V·C) as noise in transformed units, to first order about a transformed field.
  ///
  /// Where the transform is so flat that a value says next to nothing, the noise is cut off at 1000.
  public func transformed(noise: [Float], about field: Signal) -> [Float] {
    field.values.withUnsafeScalars { values in
      noise.indices.map { entry in
        let transform = transforms[entry % transforms.count]
        guard !transform.isIdentity else { return noise[entry] }
        return Float(min(1000, Double(noise[entry]) / transform.slope(at: Double(values[entry]))))
      }
    }
  }
}

extension MarginalTransform {
  /// At most so many values of a variable are looked at.
  private static let sampleLimit = 400_000

  /// The transform of each channel (C), learned from the fields at `indices` of an archive.
  ///
  /// - Parameters:
  ///   - kinds: what each channel asks for (C).
  ///   - bounds: the range of each channel (C); ``MarginalTransformKind/logit`` needs both ends.
  ///   - progress: called with the number of fields read; may throw to interrupt.
  /// - Throws: ``PriorError/noTransform(variable:reason:)``, and what reading throws.
  public static func learn(
    _ kinds: [MarginalTransformKind], bounds: [(minimum: Double?, maximum: Double?)], from archive: some SignalSource,
    indices: [Int], progress: (Int) throws -> Void = { _ in }
  ) throws -> [MarginalTransform] {
    let channels = kinds.count
    precondition(channels == archive.variables.count && bounds.count == channels, "\(channels) kinds of transforms")
    var samples = [[Double]](repeating: [], count: channels)
    if kinds.contains(.normalScore) {
      let vertices = archive.domain.vertexCount
      let stride = max(1, indices.count * vertices / sampleLimit)
      var next = 0
      try archive.forEachChunk(of: indices) { chunk in
        chunk.values.withUnsafeScalars { values in
          for place in 0..<chunk.count * vertices {
            next += 1
            // A stride that shares no factor with rows and columns of a grid, so that no meridian is favoured.
            guard stride == 1 || (next &* 7919) % stride == 0 else { continue }
            for channel in 0..<channels where kinds[channel] == .normalScore {
              let entry = place * channels + channel
              if chunk.isValid[entry] { samples[channel].append(Double(values[entry])) }
            }
          }
        }
        try progress(chunk.count)
      }
    }
    return try kinds.indices.map { channel in
      let (variable, range) = (archive.variables[channel].name, bounds[channel])
      switch kinds[channel] {
      case .none: return MarginalTransform.none
      case .logit:
        guard let minimum = range.minimum, let maximum = range.maximum, minimum < maximum else {
          throw PriorError.noTransform(
            variable: variable, reason: "a logit needs both bounds. Give bounds.\(variable).min and .max")
        }
        return .logit(minimum: minimum, maximum: maximum)
      case .normalScore:
        guard let score = NormalScore(sample: samples[channel], minimum: range.minimum, maximum: range.maximum) else {
          throw PriorError.noTransform(
            variable: variable, reason: "the archive has fewer than two different values of it. Leave the transform out"
          )
        }
        return .normalScore(score)
      }
    }
  }
}
