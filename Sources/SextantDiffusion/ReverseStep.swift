// One step from a time to an earlier one: the arithmetic that unconditional samplers and posterior samplers share. Two
// ways, ancestral (Ho et al. 2020) and implicit (Song et al., DDIM, 2021). What the noise is, and what is done to it for
// the sake of a measurement, is decided by those who call.

import SextantArrays

/// How the times of a sampler are placed between 1 and t₀.
public enum TimeSpacing: String, Sendable, Codable, CaseIterable {
  /// Evenly in time: what the published posterior samplers do.
  case uniform
  /// Evenly in the log signal-to-noise ratio: more steps where there is little noise.
  case logSignalToNoise = "log-snr"
}

extension VariancePreservingSchedule {
  /// `count` + 1 times from 1 down to t₀.
  public func descendingTimes(steps count: Int, spacing: TimeSpacing) -> [Double] {
    switch spacing {
    case .logSignalToNoise: return descendingTimes(steps: count)
    case .uniform:
      precondition(count > 0, "\(count) steps")
      return (0...count).map { 1 - (1 - startTime) * Double($0) / Double(count) }
    }
  }
}

/// A step from a time to an earlier one.
public struct ReverseStep: Sendable, Equatable {
  /// Where the step starts.
  public let time: Double
  /// Where it ends.
  public let next: Double
  /// α and s at the start.
  public let signal, noise: Double
  /// α and s at the end.
  public let nextSignal, nextNoise: Double

  public init(_ schedule: VariancePreservingSchedule, from time: Double, to next: Double) {
    (self.time, self.next) = (time, next)
    (signal, noise) = (schedule.signal(at: time), schedule.noise(at: time))
    (nextSignal, nextNoise) = (schedule.signal(at: next), schedule.noise(at: next))
  }

  /// What is left of a field on the way forward, from the end of the step to its start.
  private var ratio: Double { signal / nextSignal }

  /// The variance that a field gains on that way, beside being damped.
  public var forwardVariance: Double { 1 - ratio * ratio }

  /// The ancestral step: E[x_next | x] = (x − (forward variance/s)·ε̂)/ratio, and noise of the forward variance.
  ///
  /// - Parameters:
  ///   - x: Noisy fields, B×….
  ///   - predicted: ε̂, of the shape of `x`.
  ///   - streams: Where the noise of each sample comes from (B).
  public func ancestral<Scalar: TensorScalar>(
    _ x: Tensor<Scalar>, noise predicted: Tensor<Scalar>, using streams: [RandomStream]
  ) -> Tensor<Scalar> {
    let variance = forwardVariance
    var result = x * Scalar(1 / ratio)
    result.add(predicted, scaledBy: Scalar(-variance / (noise * ratio)))
    result.add(.normals(streams, shape: Array(x.shape.dropFirst())), scaledBy: Scalar(variance.squareRoot()))
    return result
  }

  /// The standard deviations of the noise that an implicit step keeps of ε̂ and of the noise that it adds: their squares
  /// add up to s² at the end of the step.
  ///
  /// - Parameter eta: 0 adds no noise, 1 that of the forward step given the clean field.
  public func implicitDeviations(eta: Double) -> (kept: Double, added: Double) {
    let share = nextNoise / noise
    let variance = eta * eta * share * share * forwardVariance
    return (max(0, nextNoise * nextNoise - variance).squareRoot(), variance.squareRoot())
  }

  /// The implicit step α·x̂₀ + kept·ε̂ + added·z, with α at the end of the step.
  ///
  /// - Parameters:
  ///   - denoised: x̂₀ (B×…).
  ///   - predicted: ε̂, of the same shape.
  ///   - streams: Where z of each sample comes from (B).
  public func implicit<Scalar: TensorScalar>(
    denoised: Tensor<Scalar>, noise predicted: Tensor<Scalar>, eta: Double, using streams: [RandomStream]
  ) -> Tensor<Scalar> {
    let (kept, added) = implicitDeviations(eta: eta)
    var result = denoised * Scalar(nextSignal)
    result.add(predicted, scaledBy: Scalar(kept))
    if added > 0 {
      result.add(.normals(streams, shape: Array(denoised.shape.dropFirst())), scaledBy: Scalar(added))
    }
    return result
  }
}
