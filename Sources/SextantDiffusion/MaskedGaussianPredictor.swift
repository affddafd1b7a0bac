// The exact masked predictor of an empirical Gaussian: optimal interpolation of a noisy field from a part of its values. It is the start
// of networks that learn from fields with gaps, and the reference of their tests.

import SextantArrays
import SextantAutodiff

/// What is expected of fields from N(0, FᵀF + R) given a part of their noisy values.
public struct MaskedGaussianPredictor<Scalar: TensorScalar>: MaskedPredictor {
  /// The Gaussian.
  public let gaussian: FactorNoisePredictor<Scalar>
  public var schedule: VariancePreservingSchedule { gaussian.schedule }

  public init(_ gaussian: FactorNoisePredictor<Scalar>) { self.gaussian = gaussian }

  /// Fields of one time under one mask, with what their linear systems share.
  private struct Group {
    var members: [Int]
    var time: Double
    var mask: [Scalar]
    var system: FactorNoisePredictor<Scalar>.System
  }

  // With the precision P of the values that are seen, whose rows and columns are zero elsewhere, the noise of these is s·P·x, and the
  // others are α·FᵀF·P·x.
  public func expectation(
    of x: DifferentiableTensor<Scalar>, seeing mask: Tensor<Scalar>, at times: [Double]
  ) -> DifferentiableTensor<Scalar> {
    let groups = groups(mask, times)
    let value = mapped(x.value.sampleRows, by: groups) { rows, group in
      let solved = gaussian.solving(rows, by: group.system)
      let unseen = group.mask.map { (1 - $0) * Scalar(schedule.signal(at: group.time)) }
      return solved.scalingColumns(by: group.mask) * Scalar(schedule.noise(at: group.time))
        + covariance(solved).scalingColumns(by: unseen)
    }
    return x.tape.record(
      value.reshaped(to: x.shape), operation: "masked Gaussian prediction", from: [x]
    ) { gradient, cotangents in
      let result = mapped(gradient.sampleRows, by: groups) { rows, group in
        let unseen = group.mask.map { (1 - $0) * Scalar(schedule.signal(at: group.time)) }
        let seen = rows.scalingColumns(by: group.mask) * Scalar(schedule.noise(at: group.time))
        return gaussian.solving(seen + covariance(rows.scalingColumns(by: unseen)), by: group.system)
      }
      cotangents.add(result.reshaped(to: x.shape), to: x)
    }
  }

  /// FᵀF·r for each row.
  private func covariance(_ rows: Tensor<Scalar>) -> Tensor<Scalar> {
    guard gaussian.factor.rowCount > 0 else { return .zeros(rows.shape) }
    return matrixProduct(matrixProduct(rows, gaussian.factor, transposingSecond: true), gaussian.factor)
  }

  /// Each group of rows as a function gives it.
  private func mapped(
    _ rows: Tensor<Scalar>, by groups: [Group], _ body: (_ rows: Tensor<Scalar>, _ group: Group) -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    var result = Tensor<Scalar>.zeros(rows.shape)
    for group in groups {
      let own = body(rows.gatheringRows(group.members), group)
      for (place, member) in group.members.enumerated() {
        result.replaceRows(from: member, with: own.rows(place..<place + 1))
      }
    }
    return result
  }

  /// Neighbours of one time and one mask together: a sampler has one of each for all fields of a batch.
  private func groups(_ mask: Tensor<Scalar>, _ times: [Double]) -> [Group] {
    var result: [Group] = []
    for (row, time) in times.enumerated() {
      let own = mask.rows(row..<row + 1).scalars
      if let last = result.last, last.time == time, last.mask == own {
        result[result.count - 1].members.append(row)
        continue
      }
      let (signal, noise) = (schedule.signal(at: time), schedule.noise(at: time))
      let weights = zip(own, gaussian.residualVariances).map { $0 * Scalar(1 / (signal * signal * $1 + noise * noise)) }
      result.append(Group(members: [row], time: time, mask: own, system: gaussian.system(weights: weights, signal: signal)))
    }
    return result
  }
}
