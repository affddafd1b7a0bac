// The loss of ambient diffusion: a prior is learned from fields with gaps by hiding a part of what was measured as well (G. Daras and
// others, "Ambient Diffusion", 2023). The predictor sees the noisy values that are left, and answers for all that was measured. It
// cannot know which values it will be asked for, so that the best answer is the mean of every value given what is seen: this needs no
// more than that each value is sometimes hidden and sometimes measured whatever is seen.
//
// Measured values may have noise of a known size themselves (G. Daras, A. G. Dimakis and C. Daskalakis, "Consistent Diffusion Meets Tweedie",
// ICML, 2024). In units of the signal, let σ be the noise of the diffusion and ν that of a value y. If ν < σ, noise z of the size √(σ² − ν²)
// makes y a value with the noise σ, of which the share of variance 1 − r² is known, with r = ν/σ. Given what is seen,
// E[ε] = E[z]/√(1 − r²), so that z/√(1 − r²) is the target for the noise, and no value has to be clean. A value with too much noise is not
// shown. One that is hidden is its own target, because its noise tells nothing of what is seen.

import SextantArrays
import SextantAutodiff

/// Measured fields as states, for learning from what was measured alone.
public struct MaskedStates<Scalar: TensorScalar>: Sendable {
  /// The values (N×d); 0 where nothing was measured.
  public var values: Tensor<Scalar>
  /// The variance of the noise of each value (N×d).
  public var variances: Tensor<Scalar>
  /// 1 where a value was measured, 0 elsewhere (N×d).
  public var isMeasured: Tensor<Scalar>

  public init(values: Tensor<Scalar>, variances: Tensor<Scalar>, isMeasured: Tensor<Scalar>) {
    precondition(values.shape == variances.shape && values.shape == isMeasured.shape, "Values of shape \(values.shape)")
    (self.values, self.variances, self.isMeasured) = (values, variances, isMeasured)
  }

  /// N.
  public var count: Int { values.rowCount }
}

/// One step's fields: what is seen of them, and what is to be answered.
public struct AmbientBatch<Scalar: TensorScalar>: Sendable {
  /// The noisy values (B×d×1); 0 where they are not seen.
  public var noisy: Tensor<Scalar>
  /// 1 for values that are seen (B×d).
  public var mask: Tensor<Scalar>
  /// B.
  public var times: [Double]
  /// The noise of values that are seen, and the value of those that are hidden (B×d×1).
  public var target: Tensor<Scalar>
  /// The weight of each squared error; 0 where nothing was measured (B×d×1).
  public var weights: Tensor<Scalar>

  /// The weighted mean of the squared errors of an answer (B×d×1), of shape [].
  public func loss(of answer: DifferentiableTensor<Scalar>) -> DifferentiableTensor<Scalar> {
    let roots = answer.tape.constant(weights.map { $0.squareRoot() })
    return ((answer - answer.tape.constant(target)) * roots).squared().sum()
  }
}

/// The loss of ambient diffusion on measured fields.
public struct AmbientDiffusionLoss<Scalar: TensorScalar>: Sendable {
  /// A value is shown where its own noise makes no more than this share of the variance of the diffusion's.
  public static var largestShare: Double { 0.8 }

  public let fields: MaskedStates<Scalar>
  /// B.
  public let batchSize: Int
  public let times: TimeDistribution
  /// The schedule, from the smallest noise that can be learned.
  public let schedule: VariancePreservingSchedule
  /// Which values of a field are not hidden (d), by the field's number and a stream of random numbers.
  private let keeps: @Sendable (_ field: Int, _ stream: RandomStream) throws -> [Bool]
  private let order: BatchOrder
  private let random: RandomStream

  /// - Parameters:
  ///   - fields: what was measured.
  ///   - batchSize: the number of fields a step.
  ///   - times: the distribution of the times.
  ///   - schedule: the growth of the noise.
  ///   - random: the stream from which all random numbers of the training are split.
  ///   - keeps: draws which values of a field are not hidden (d).
  public init(
    _ fields: MaskedStates<Scalar>, batchSize: Int, times: TimeDistribution = .uniform, schedule: VariancePreservingSchedule,
    random: RandomStream, keeping keeps: @escaping @Sendable (_ field: Int, _ stream: RandomStream) throws -> [Bool]
  ) {
    (self.fields, self.batchSize, self.times, self.random, self.keeps) = (fields, batchSize, times, random, keeps)
    self.schedule = schedule.starting(atNoiseToSignal: Self.smallestNoise(of: fields))
    order = BatchOrder(count: fields.count, batch: batchSize, random: random.split("order"))
  }

  /// The smallest s/α at which the values with the usual noise, the median, can be shown.
  public static func smallestNoise(of fields: MaskedStates<Scalar>) -> Double {
    let variances = zip(fields.variances.scalars, fields.isMeasured.scalars).filter { $0.1 > 0 }.map { Double($0.0) }.sorted()
    guard !variances.isEmpty else { return 0 }
    return (variances[variances.count / 2] / largestShare).squareRoot()
  }

  /// The fields of a step, which follow from its number alone. Throws what drawing masks throws.
  public func batch(atStep step: Int) throws -> AmbientBatch<Scalar> {
    let count = fields.values.columnCount
    var stream = random.split("times").split(step)
    let offset = stream.uniform()
    let noises = random.split("noise").split(step)
    let masks = random.split("masks").split(step)
    let shape = [batchSize, count, 1]
    var (noisy, mask) = ([Scalar](repeating: 0, count: batchSize * count), [Scalar](repeating: 0, count: batchSize * count))
    var (target, weights) = (noisy, noisy)
    var ownTimes: [Double] = []
    for (sample, field) in order.indices(atStep: step).enumerated() {
      // One time in each of B strata of equal probability.
      let time = times.time(at: (Double(sample) + offset) / Double(batchSize), of: schedule)
      ownTimes.append(time)
      let (signal, ratio) = (schedule.signal(at: time), schedule.noiseToSignal(at: time))
      let weight = times.weight(at: time, of: schedule)
      let kept = try keeps(field, masks.split(sample))
      var noise = noises.split(sample)
      let white: Tensor<Scalar> = noise.normals([count])
      let row = fields.values.rows(field..<field + 1).scalars
      let variances = fields.variances.rows(field..<field + 1).scalars
      let isMeasured = fields.isMeasured.rows(field..<field + 1).scalars
      for state in 0..<count where isMeasured[state] > 0 {
        let (place, variance) = (sample * count + state, Double(variances[state]))
        // 1 − r².
        let rest = 1 - variance / (ratio * ratio)
        if kept[state], rest >= 1 - Self.largestShare - 1e-6 {
          mask[place] = 1
          noisy[place] = Scalar(signal) * (row[state] + Scalar(ratio * rest.squareRoot()) * white.scalars[state])
          target[place] = white.scalars[state] * Scalar(1 / rest.squareRoot())
          // By the variance of the target.
          weights[place] = Scalar(weight * rest)
        } else {
          target[place] = row[state]
          weights[place] = Scalar(1 / (1 + variance))
        }
      }
    }
    let total = Scalar(Double(max(1, weights.count { $0 > 0 })))
    return AmbientBatch(
      noisy: Tensor(noisy, shape: shape), mask: Tensor(mask, shape: [batchSize, count]), times: ownTimes,
      target: Tensor(target, shape: shape), weights: Tensor(weights.map { $0 / total }, shape: shape))
  }
}
