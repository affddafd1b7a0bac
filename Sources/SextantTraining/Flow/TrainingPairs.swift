// Simulated measurements of archive fields: what flows learn from. Each is a function of its number and the seed alone, so
// that it does not matter in which order they are made, or whether some were made before.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// How measurements are simulated.
struct TrainingPairs: Sendable {
  var count: Int
  var foldCount: Int
  var folds: Folds
  /// The share of the fields that is held out for validation.
  var validationShare: Double
  var masks: [AnyMeasurementDesign]
  var inputs: MeasurementInputs
  /// The standard deviation of the noise in each channel (C).
  var noise: [Float]
  var seed: UInt64
  /// How the error at measured values is estimated, which makes the views of a field that is a measurement.
  var estimate = RiskEstimate.recorrupted

  /// One simulated measurement.
  struct Plan: Sendable, Equatable {
    /// Its number, 0…count − 1.
    var number: Int
    /// The part of the archive that its field lies in.
    var fold: Int
    /// The position of its field in the archive's list.
    var field: Int
    /// Whether it is of a field that training is not to see.
    var isHeldOut: Bool
  }

  /// The parts of the archive (positions in its list of fields).
  ///
  /// - Parameter copyCount: how many fields in succession are copies of one, which are in one part.
  func parts(of fieldCount: Int, copyCount: Int = 1) -> [[Int]] {
    let n = max(2, min(foldCount, fieldCount / copyCount))
    return (0..<n).map { fold in
      (0..<fieldCount).filter {
        let (field, all) = ($0 / copyCount, fieldCount / copyCount)
        return folds == .blocks ? field * n / all == fold : field % n == fold
      }
    }
  }

  /// All measurements, fold by fold. A field is held out with all its measurements, and with its copies.
  func plans(fieldCount: Int, copyCount: Int = 1) -> [Plan] {
    let parts = parts(of: fieldCount, copyCount: copyCount)
    return parts.enumerated().flatMap { fold, part in
      // Of the fields that are used at all, and as few copies of each as there are pairs for.
      let used = min(part.count, (count - fold + parts.count - 1) / parts.count)
      let each = max(1, (used * copyCount + part.count - 1) / part.count)
      let groups = (used + each - 1) / each
      // Number p belongs to fold p mod n, so that every fold has as many, and takes its fields in turn.
      return stride(from: fold, to: count, by: parts.count).map { number in
        let turn = number / parts.count % used
        return Plan(
          number: number, fold: fold, field: part[turn / each * copyCount + turn % each],
          isHeldOut: turn / each >= groups - max(1, Int(validationShare * Double(groups))))
      }
    }
  }

  /// The measurement of `field` with mask and noise of `number`; `purpose` tells streams of random numbers apart.
  func measurement(of field: Signal, number: Int, purpose: String = "pairs") throws -> FieldMeasurement {
    let random = RandomStream(seed: seed).split(purpose).split(number)
    var (maskStream, noiseStream) = (random.split("mask"), random.split("noise"))
    let mask = masks[number / max(2, foldCount) % masks.count]
    let context = try MeasurementContext(domain: field.domain, isValid: field.isValid, inputs: inputs)
    let operation = try mask.draw(in: context, using: &maskStream)
    // Values are those of the channels in turn, whatever the operator measures of them.
    let deviations = (0..<operation.outputEntries.count).map { noise[$0 % noise.count] }
    return try Simulation.measure(field, by: operation, noise: deviations, using: &noiseStream).measurement
  }
}
