// An archive in the form in which a Gaussian prior uses it, with every variable transformed. Also the fit of the
// transforms to values from a selection of fields and places, pooled over the domain.

import SextantArrays
import SextantGeometry
import SextantSignals

/// The transformed fields of another source.
public struct TransformedSource: SignalSource {
  private let source: any SignalSource
  /// The transform of each channel (C).
  public let transforms: [MarginalTransform]

  public var domain: any Domain { source.domain }
  public var variables: [Variable] { source.variables }
  public var labels: [FieldLabel] { source.labels }

  /// Transforms the fields of `source`; there is one transform for each channel (C).
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

  /// Noise in the variables' units (V·C) converted to transformed units, linearised about a transformed field.
  ///
  /// If the transform is so flat that a value contains almost no information, the noise is limited to 1000.
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
  /// The largest number of values of a variable that are used.
  private static let sampleLimit = 400_000

  /// The transform of each channel (C), fitted to the fields of an archive with the given indices.
  ///
  /// - Parameters:
  ///   - kinds: the kind of transform of each channel (C).
  ///   - bounds: the range of each channel (C); ``MarginalTransformKind/logit`` requires both bounds.
  ///   - archive: the archive of fields, in the variables' units.
  ///   - indices: the fields to which the transforms are fitted.
  ///   - progress: called with the number of fields read so far; may throw to interrupt.
  /// - Throws: ``PriorError/noTransform(variable:reason:)``, and the errors of reading.
  public static func learn(
    _ kinds: [MarginalTransformKind], bounds: [(minimum: Double?, maximum: Double?)], from archive: some SignalSource,
    indices: [Int], progress: (Int) throws -> Void = { _ in }
  ) throws -> [MarginalTransform] {
    let channels = kinds.count
    precondition(channels == archive.variables.count && bounds.count == channels, "\(channels) kinds of transforms")
    var samples = [[Double]](repeating: [], count: channels)
    if kinds.contains(where: \.isFitted) {
      let vertices = archive.domain.vertexCount
      let stride = max(1, indices.count * vertices / sampleLimit)
      var next = 0
      try archive.forEachChunk(of: indices) { chunk in
        chunk.values.withUnsafeScalars { values in
          for place in 0..<chunk.count * vertices {
            next += 1
            // A stride that has no common factor with a grid's rows and columns, so that no meridian is favoured.
            guard stride == 1 || (next &* 7919) % stride == 0 else { continue }
            for channel in 0..<channels where kinds[channel].isFitted {
              let entry = place * channels + channel
              if chunk.isValid[entry] { samples[channel].append(Double(values[entry])) }
            }
          }
        }
        try progress(chunk.count)
      }
    }
    return try kinds.indices.map { channel in
      try fitted(
        kinds[channel], to: samples[channel], minimum: bounds[channel].minimum, maximum: bounds[channel].maximum,
        variable: archive.variables[channel].name, source: "the archive")
    }
  }
}
