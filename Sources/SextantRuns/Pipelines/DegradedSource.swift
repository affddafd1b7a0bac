// Clean fields as they would have been measured, made while they are read: what `sextant degrade` writes.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// A source of fields with gaps and noise, over a source of clean ones.
public struct DegradedSource: SignalSource {
  private let clean: any SignalSource
  private let mask: MaskSampler
  private let inputs: MaskInputs
  private let noise: [Float]
  private let seed: RandomStream

  public var domain: any Domain { clean.domain }
  public var variables: [Variable] { clean.variables }
  public var labels: [FieldLabel] { clean.labels }

  /// - Parameters:
  ///   - mask: what is observed, drawn anew for each field.
  ///   - noise: the standard deviation of each entry (V·C), in the variables' units; nil for none.
  ///   - seed: field n gets the n-th stream of it.
  public init(
    _ clean: any SignalSource, mask: MaskSampler, inputs: MaskInputs, noise: [Float]?, seed: RandomStream
  ) {
    self.clean = clean
    self.mask = mask
    self.inputs = inputs
    self.noise = noise ?? []
    self.seed = seed
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try clean.read(indices)
    let size = fields.vertexCount * fields.channelCount
    for (slot, index) in indices.enumerated() {
      let stream = seed.split(index)
      var (maskStream, noiseStream) = (stream.split("mask"), stream.split("noise"))
      let field = fields[slot]
      let drawn = try mask.mask(on: domain, isValid: field.isValid, inputs: inputs, using: &maskStream)
        .restricted(to: field.isValid)
      let values =
        noise.isEmpty
        ? field.values.scalars
        : try Degradation.apply(to: field, mask: drawn, noise: noise, using: &noiseStream).values
      fields.values.withUnsafeMutableScalars { out in
        for entry in 0..<size { out[slot * size + entry] = drawn.isObserved[entry] ? values[entry] : 0 }
      }
      for entry in 0..<size { fields.isValid[slot * size + entry] = drawn.isObserved[entry] }
    }
    return fields
  }
}
