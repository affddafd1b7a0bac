// Values of a file in the units of a model, and answers back in those of the file.

import SextantArrays
import SextantMeasurement
import SextantSignals

/// Affine conversions between the units of a file and those of a model, one for each channel.
package struct UnitConversion: Sendable {
  /// model = factor·file + offset.
  private let conversions: [(factor: Float, offset: Float)]

  /// - Throws: ``UnitsError`` where a conversion is not certain.
  package init(file: [Variable], model: [Variable]) throws {
    conversions = try zip(file, model).map { file, model in
      guard file.units != model.units else { return (1, 0) }
      let line = try Units.line(from: file.units, to: model.units, of: file)
      return (Float(line.factor), Float(line.offset))
    }
  }

  /// Whether nothing changes.
  package var isIdentity: Bool { conversions.allSatisfy { $0.factor == 1 && $0.offset == 0 } }

  /// The number of channels C.
  package var channelCount: Int { conversions.count }

  /// A file's value in the model's units.
  package func toModel(_ value: Float, channel: Int) -> Float {
    conversions[channel].factor * value + conversions[channel].offset
  }

  /// The size of a file's difference, such as a noise level, in the model's units.
  package func differenceToModel(_ value: Float, channel: Int) -> Float { abs(conversions[channel].factor) * value }

  /// A detector of the file's values as one of the model's. Throws ``RunError/invalid(_:)`` for a law that is none in other units.
  package func toModel(_ detector: Detector) throws -> Detector {
    Detector(
      laws: try detector.laws.enumerated().map { (channel, law) -> NoiseLaw? in
        guard let law else { return nil }
        let converted = law.converted(
          value: { Double(toModel(Float($0), channel: channel)) },
          difference: { Double(differenceToModel(Float($0), channel: channel)) })
        guard let converted else {
          throw RunError.invalid(
            "noise \(law): the file and the model have variable \(channel + 1) in different units, between which such noise does not keep its law. Convert the file to the units of the model.")
        }
        return converted
      },
      saturation: detector.saturation.enumerated().map { channel, level in level.map { toModel($0, channel: channel) } })
  }

  /// A model's array (channel fastest) in the file's units, in place.
  package func convertToFile(_ values: inout [Float]) {
    guard !isIdentity else { return }
    let channels = conversions.count
    for i in values.indices {
      let conversion = conversions[i % channels]
      values[i] = (values[i] - conversion.offset) / conversion.factor
    }
  }

  /// An array of spreads (channel fastest) in the file's units, in place.
  package func convertSpreadToFile(_ values: inout [Float]) {
    guard !isIdentity else { return }
    let channels = conversions.count
    for i in values.indices { values[i] /= abs(conversions[i % channels].factor) }
  }

  /// Samples (N×V·C) in the file's units.
  package func convertToFile(_ samples: Tensor<Float>) -> Tensor<Float> {
    guard !isIdentity else { return samples }
    let channels = conversions.count
    var result = samples
    result.withUnsafeMutableScalars { values in
      for i in values.indices {
        let conversion = conversions[i % channels]
        values[i] = (values[i] - conversion.offset) / conversion.factor
      }
    }
    return result
  }
}
