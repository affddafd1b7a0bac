// One step from a time to an earlier one, the arithmetic shared by unconditional and posterior samplers. There are four
// kinds: ancestral (Ho et al. 2020), implicit (DDIM, Song et al. 2021), of second order (DPM-Solver++(2M), Lu et al. 2022), and along the
// flow, of which Heun's method takes two for each step (Karras et al. 2022). The caller supplies the predicted noise and applies the
// guidance of a measurement.

import Foundation
import SextantArrays

/// The spacing of a sampler's times between 1 and t₀.
public enum TimeSpacing: String, Sendable, Codable, CaseIterable {
  /// Evenly spaced in time, as in the published posterior samplers.
  case uniform
  /// Evenly spaced in the log signal-to-noise ratio, with more steps at low noise.
  case logSignalToNoise = "log-snr"
  /// Evenly spaced in the seventh root of s/α (Karras and others 2022), between the other two.
  case seventhRoot = "edm"
}

extension VariancePreservingSchedule {
  /// `count` + 1 times from 1 down to t₀.
  public func descendingTimes(steps count: Int, spacing: TimeSpacing) -> [Double] {
    switch spacing {
    case .logSignalToNoise: return descendingTimes(steps: count)
    case .uniform:
      precondition(count > 0, "\(count) steps")
      return (0...count).map { 1 - (1 - startTime) * Double($0) / Double(count) }
    case .seventhRoot:
      precondition(count > 0, "\(count) steps")
      let (most, least) = (pow(noiseToSignal(at: 1), 1 / 7.0), pow(noiseToSignal(at: startTime), 1 / 7.0))
      let inner = (1..<count).map { step in
        time(noiseToSignal: pow(most + (least - most) * Double(step) / Double(count), 7))
      }
      return [1] + inner + [startTime]
    }
  }
}

/// A step from a time to an earlier one.
public struct ReverseStep: Sendable, Equatable {
  /// The time at which the step starts.
  public let time: Double
  /// The time at which it ends.
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

  /// The factor of the signal in the forward direction, from the end of the step to its start.
  private var ratio: Double { signal / nextSignal }

  /// The variance added in the forward direction, in addition to the damping.
  public var forwardVariance: Double { 1 - ratio * ratio }

  /// The ancestral step: E[x_next | x] = (x − (forward variance/s)·ε̂)/ratio, plus noise of the forward variance.
  ///
  /// - Parameters:
  ///   - x: noisy fields, B×….
  ///   - predicted: ε̂, of the shape of `x`.
  ///   - streams: the random streams for the noise of each sample (B).
  public func ancestral<Scalar: TensorScalar>(
    _ x: Tensor<Scalar>, noise predicted: Tensor<Scalar>, using streams: [RandomStream]
  ) -> Tensor<Scalar> {
    let variance = forwardVariance
    var result = x * Scalar(1 / ratio)
    result.add(predicted, scaledBy: Scalar(-variance / (noise * ratio)))
    result.add(.normals(streams, shape: Array(x.shape.dropFirst())), scaledBy: Scalar(variance.squareRoot()))
    return result
  }

  /// The standard deviations of the part of ε̂ that an implicit step keeps and of the new noise; their squares add up
  /// to s² at the end of the step.
  ///
  /// - Parameter eta: 0 adds no noise; 1 adds the noise of the forward step given the clean field.
  public func implicitStandardDeviations(eta: Double) -> (kept: Double, added: Double) {
    let share = nextNoise / noise
    let variance = eta * eta * share * share * forwardVariance
    return (max(0, nextNoise * nextNoise - variance).squareRoot(), variance.squareRoot())
  }

  /// The implicit step α·x̂₀ + kept·ε̂ + added·z, with α at the end of the step.
  ///
  /// - Parameters:
  ///   - denoised: x̂₀ (B×…).
  ///   - predicted: ε̂, of the same shape.
  ///   - eta: the share of fresh noise, from 0 (none) to 1.
  ///   - streams: the random streams for z of each sample (B).
  public func implicit<Scalar: TensorScalar>(
    denoised: Tensor<Scalar>, noise predicted: Tensor<Scalar>, eta: Double, using streams: [RandomStream]
  ) -> Tensor<Scalar> {
    let (kept, added) = implicitStandardDeviations(eta: eta)
    var result = denoised * Scalar(nextSignal)
    result.add(predicted, scaledBy: Scalar(kept))
    if added > 0 {
      result.add(.normals(streams, shape: Array(denoised.shape.dropFirst())), scaledBy: Scalar(added))
    }
    return result
  }

  /// The step of the probability flow along a predicted noise: x/α moves by ε̂ times the change of s/α. With the mean of ε̂ at both ends, the
  /// second of which is predicted where the step along the first arrives, it is that of Heun's method.
  ///
  /// - Parameters:
  ///   - x: noisy fields, B×….
  ///   - predicted: ε̂, of the shape of `x`.
  public func flow<Scalar: TensorScalar>(_ x: Tensor<Scalar>, noise predicted: Tensor<Scalar>) -> Tensor<Scalar> {
    var result = x * Scalar(1 / signal)
    result.add(predicted, scaledBy: Scalar(nextNoise / nextSignal - noise / signal))
    return result * Scalar(nextSignal)
  }

  /// By how much log(α/s) grows in the step.
  public var logRatioGrowth: Double { log(nextSignal / nextNoise) - log(signal / noise) }

  /// The step of the probability flow by DPM-Solver++(2M) (C. Lu, Y. Zhou, F. Bao, J. Chen, C. Li and J. Zhu, 2022): x̂₀ goes on
  /// changing over the step as it changed over the step before, linearly in log(α/s). The error of a walk falls with the square of the
  /// number of steps; that of implicit steps with the number itself.
  ///
  /// - Parameters:
  ///   - x: noisy fields, B×….
  ///   - denoised: x̂₀, of the same shape.
  ///   - previous: x̂₀ of the step before, and that step; nil in the first step, which is the implicit one.
  public func secondOrder<Scalar: TensorScalar>(
    _ x: Tensor<Scalar>, denoised: Tensor<Scalar>, after previous: (denoised: Tensor<Scalar>, step: ReverseStep)?
  ) -> Tensor<Scalar> {
    let growth = logRatioGrowth
    let weight = nextSignal * -expm1(-growth)
    let share = previous.map { growth / (2 * $0.step.logRatioGrowth) } ?? 0
    var result = x * Scalar(nextNoise / noise)
    result.add(denoised, scaledBy: Scalar(weight * (1 + share)))
    if let previous { result.add(previous.denoised, scaledBy: Scalar(-weight * share)) }
    return result
  }
}
