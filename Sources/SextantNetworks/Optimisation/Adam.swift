// Adam (Kingma and Ba, 2015) with decoupled decay (Loshchilov and Hutter, 2019), linear warm-up and a limit on the norm of
// the whole gradient. One fused loop for each tensor, in place; sums are split by shape, so threads change no bit.

import SextantArrays

/// What an ``Adam`` optimiser is set to.
public struct AdamSettings: Sendable, Equatable, Codable {
  /// The learning rate after the warm-up.
  public var rate: Double
  /// How much of the mean gradient stays in a step.
  public var beta1: Double
  /// How much of the mean squared gradient stays in a step.
  public var beta2: Double
  /// Added to the root of the mean squared gradient.
  public var epsilon: Double
  /// The part of a parameter, times the rate, that each step takes away: AdamW's decay.
  public var decay: Double
  /// The steps over which the rate grows from 0; step 1 has 1/`warmUpSteps` of it.
  public var warmUpSteps: Int
  /// The largest norm of the whole gradient; longer ones are scaled down to it. Nil for no limit.
  public var largestNorm: Double?

  public init(
    rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, decay: Double = 0,
    warmUpSteps: Int = 0, largestNorm: Double? = nil
  ) {
    (self.rate, self.beta1, self.beta2, self.epsilon) = (rate, beta1, beta2, epsilon)
    (self.decay, self.warmUpSteps, self.largestNorm) = (decay, warmUpSteps, largestNorm)
  }
}

/// An optimiser and its state: two moments for each trained parameter.
public struct Adam<Scalar: TensorScalar>: Sendable {
  /// May be changed between steps, for a schedule.
  public var settings: AdamSettings
  /// The number of steps taken.
  public internal(set) var step = 0
  /// The mean gradients in the order of the set; empty where nothing is trained.
  var moments: [Tensor<Scalar>]
  /// The mean squared gradients.
  var squares: [Tensor<Scalar>]

  /// - Parameter parameters: the set that will be trained.
  public init(_ settings: AdamSettings, for parameters: ParameterSet<Scalar>) {
    self.settings = settings
    moments = zip(parameters.tensors, parameters.isTrained).map { .zeros($1 ? $0.shape : [0]) }
    squares = moments.map { .zeros($0.shape) }
  }

  /// The learning rate of the next step.
  public var nextRate: Double {
    settings.rate * (settings.warmUpSteps > 0 ? min(1, Double(step + 1) / Double(settings.warmUpSteps)) : 1)
  }

  /// Takes one step. Let go of the pass first: parameters that it still holds are copied instead of changed in place.
  ///
  /// - Parameter gradients: in the order of the set, nil for those that stay as they are.
  /// - Returns: the norm of the whole gradient before it was limited. If that is not finite, nothing was changed.
  public mutating func update(
    _ parameters: inout ParameterSet<Scalar>, gradients: [Tensor<Scalar>?]
  ) -> Double {
    precondition(
      gradients.count == parameters.tensors.count && moments.count == gradients.count,
      "\(gradients.count) gradients and \(moments.count) moments for \(parameters.tensors.count) parameters")
    let norm = globalNorm(gradients)
    guard norm.isFinite else { return norm }
    let rate = nextRate
    step += 1
    let factor = settings.largestNorm.map { norm > $0 ? $0 / norm : 1 } ?? 1
    for (index, gradient) in gradients.enumerated() where parameters.isTrained[index] {
      guard let gradient else { continue }
      Self.step(
        &parameters.tensors[index], &moments[index], &squares[index], gradient, factor: factor, rate: rate,
        step: step, settings: settings)
    }
    return norm
  }

  private static func step(
    _ parameter: inout Tensor<Scalar>, _ moment: inout Tensor<Scalar>, _ square: inout Tensor<Scalar>,
    _ gradient: Tensor<Scalar>, factor: Double, rate: Double, step: Int, settings: AdamSettings
  ) {
    precondition(
      gradient.count == parameter.count, "Gradient of shape \(gradient.shape) for parameter of \(parameter.shape)")
    let count = parameter.count
    let correctedRate = Scalar(rate / (1 - power(settings.beta1, step)))
    let rootScale = Scalar(1 / (1 - power(settings.beta2, step)).squareRoot())
    let (beta1, beta2, factor) = (Scalar(settings.beta1), Scalar(settings.beta2), Scalar(factor))
    let (epsilon, decay) = (Scalar(settings.epsilon), Scalar(rate * settings.decay))
    let kernels = Scalar.networkKernels
    parameter.withUnsafeMutableScalars { parameter in
      moment.withUnsafeMutableScalars { moment in
        square.withUnsafeMutableScalars { square in
          gradient.withUnsafeScalars { gradient in
            guard count > 0, let parameter = parameter.baseAddress, let moment = moment.baseAddress,
              let square = square.baseAddress, let gradient = gradient.baseAddress
            else { return }
            // Sound: the ranges do not overlap.
            nonisolated(unsafe) let (x, m, s, g) = (parameter, moment, square, gradient)
            Parallel.forEachRange(of: count, grain: 1 << 16) { range in
              let start = range.lowerBound
              kernels.adam(
                range.count, factor, beta1, beta2, correctedRate, rootScale, epsilon, decay, g + start, m + start,
                s + start, x + start)
            }
          }
        }
      }
    }
  }

  /// βⁿ by repeated squaring, so that a long run does not multiply a million times.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }
}

/// The root of the sum of the squares of all gradients.
public func globalNorm<Scalar: TensorScalar>(_ gradients: [Tensor<Scalar>?]) -> Double {
  let grain = 1 << 16
  var sum = 0.0
  for gradient in gradients.compactMap(\.self) {
    let partial = Tensor<Double>(shape: [(gradient.count + grain - 1) / grain]) { partial in
      gradient.withUnsafeScalars { gradient in
        nonisolated(unsafe) let (partial, gradient) = (partial, gradient)
        Parallel.forEachRange(of: gradient.count, grain: grain) { range in
          let part = UnsafeBufferPointer(rebasing: gradient[range])
          partial[range.lowerBound / grain] = VectorKernels<Scalar>.chosen.dot(part, part)
        }
      }
    }
    sum += partial.withUnsafeScalars { $0.reduce(0, +) }
  }
  return sum.squareRoot()
}
