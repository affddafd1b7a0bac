// The density of the probability flow as a term of a loss, which Feng et al. (2023, "Score-based diffusion models as
// principled priors for inverse imaging") call exact, in contrast to the bound of DistillationPrior. The gradient has
// to pass through all steps, so there are few, of equal length in u = log(s/α), by the Runge–Kutta method of order four.
//
// The gradient is that of the discretised flow. It is computed step by step in reverse, and each step is evaluated
// again, so the memory is that of one step. The gradient of the divergence vᵀ(∂f/∂x)v would need second derivatives,
// which the tape does not provide. The divergence is therefore a central difference along v over a tenth of the noise's
// standard deviation, which is exact for an affine predictor.

import Foundation
import SextantArrays
import SextantAutodiff

/// −log p(x) of the probability flow, with a gradient.
public struct ProbabilityFlowPrior<Scalar: TensorScalar>: PriorTerm {
  /// The prior.
  public let predictor: any NoisePredictor<Scalar>
  /// The number of Runge–Kutta steps from t₀ to 1.
  public let stepCount: Int
  /// The number of random sign vectors for each field's divergence (Hutchinson 1990); any number is unbiased.
  public let probeCount: Int

  public init(_ predictor: any NoisePredictor<Scalar>, stepCount: Int = 20, probeCount: Int = 1) {
    precondition(stepCount > 0 && probeCount > 0, "\(stepCount) steps, \(probeCount) probes")
    self.predictor = predictor
    self.stepCount = stepCount
    self.probeCount = probeCount
  }

  /// Each step has four stages, each with evaluations at the field and on both sides of it along each probe. The
  /// backward pass repeats all of them.
  public var evaluationsPerField: Int { 2 * gradientsPerField }
  public var gradientsPerField: Int { 4 * stepCount * (1 + 2 * probeCount) }

  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, using random: RandomStream
  ) -> DifferentiableTensor<Scalar> {
    let schedule = predictor.schedule
    let (batch, shape) = (x.shape[0], Array(x.shape.dropFirst()))
    let dimension = x.value.count / max(1, batch)
    let probes = (0..<batch).map { sample in
      var stream = random.split(sample).split("probes")
      return Tensor<Scalar>.signs([probeCount] + shape, using: &stream)
    }
    let signal = Scalar(schedule.signal(at: schedule.startTime))
    var states = [x.value * signal]
    var logDensity = 0.0
    for step in 0..<stepCount {
      let tape = Tape<Scalar>()
      let (next, divergence) = moved(tape.constant(states[step]), step: step, probes: probes)
      logDensity += Double(divergence.value.scalars[0])
      states.append(next.value)
    }
    // The divergence of −s²·x in closed form, and the change of variables from α₀·x, where the flow starts.
    let end = states[stepCount]
    logDensity -= 0.5 * end.dot(end) + Double(batch * dimension) * constant
    let total = Tensor([Scalar(-logDensity / Double(batch))], shape: [])
    let inner = Array(states.dropLast())
    return x.tape.record(total, operation: "probability flow", from: [x]) { gradient, cotangents in
      let weight = -gradient.scalars[0] / Scalar(batch)
      // d(log density)/d(state), from the end of the flow to its start.
      var slope = end * (-weight)
      for step in inner.indices.reversed() {
        let tape = Tape<Scalar>()
        let leaf = tape.leaf(inner[step])
        let (next, divergence) = moved(leaf, step: step, probes: probes)
        let product = (next * tape.constant(slope)).sum() + divergence * weight
        guard let gradient = tape.gradients(of: product)[leaf] else { return }
        slope = gradient
      }
      cotangents.add(slope * signal, to: x)
    }
  }

  /// The terms of the log-density per value apart from the flow's own: the standard normal at the end, the divergence
  /// of −s²·x (∫s² du = ½·log(1 + e^(2u))), and the change of variables.
  private var constant: Double {
    let schedule = predictor.schedule
    let (first, last) = (place(0), place(stepCount))
    let integral = 0.5 * (log1p(exp(2 * last)) - log1p(exp(2 * first)))
    return 0.5 * log(2 * .pi) + integral - log(schedule.signal(at: schedule.startTime))
  }

  /// u at the start of step `step`; fractions are allowed.
  private func place(_ step: Double) -> Double {
    let schedule = predictor.schedule
    let first = log(schedule.noiseToSignal(at: schedule.startTime))
    return first + (log(schedule.noiseToSignal(at: 1)) - first) * step / Double(stepCount)
  }

  private func place(_ step: Int) -> Double { place(Double(step)) }

  /// The state after step `step`, and ∫ s·∇·ε̂ du over the step, summed over the batch.
  private func moved(
    _ x: DifferentiableTensor<Scalar>, step: Int, probes: [Tensor<Scalar>]
  ) -> (next: DifferentiableTensor<Scalar>, divergence: DifferentiableTensor<Scalar>) {
    let length = place(step + 1) - place(step)
    let (first, half, last) = (Double(step), Double(step) + 0.5, Double(step) + 1)
    let one = slope(x, at: place(first), probes: probes)
    let two = slope(x + one.slope * Scalar(length / 2), at: place(half), probes: probes)
    let three = slope(x + two.slope * Scalar(length / 2), at: place(half), probes: probes)
    let four = slope(x + three.slope * Scalar(length), at: place(last), probes: probes)
    let (outer, inner) = (Scalar(length / 6), Scalar(length / 3))
    let change = (one.slope + four.slope) * outer + (two.slope + three.slope) * inner
    let divergence = (one.divergence + four.divergence) * outer + (two.divergence + three.divergence) * inner
    return (x + change, divergence)
  }

  /// dx/du = s·(ε̂ − s·x), and s·∇·ε̂ summed over the batch.
  private func slope(
    _ x: DifferentiableTensor<Scalar>, at place: Double, probes: [Tensor<Scalar>]
  ) -> (slope: DifferentiableTensor<Scalar>, divergence: DifferentiableTensor<Scalar>) {
    let schedule = predictor.schedule
    let time = min(1, max(schedule.startTime, schedule.time(noiseToSignal: exp(place))))
    let noise = schedule.noise(at: time)
    let distance = 0.1 * noise
    let batch = x.shape[0]
    let copies = 1 + 2 * probeCount
    let predicted = predictor.predictedNoise(
      in: besides(x, probes: probes, distance: Scalar(distance)), at: Array(repeating: time, count: batch * copies))
    let centre = firstSamples(of: predicted, count: batch)
    let weight = Scalar(noise / (2 * distance * Double(probeCount)))
    return (centre * Scalar(noise) + x * Scalar(-noise * noise), differences(of: predicted, probes, weight: weight))
  }

  /// x, followed for each probe v by x + h·v and x − h·v: (1 + 2·probes)·B samples.
  private func besides(_ x: DifferentiableTensor<Scalar>, probes: [Tensor<Scalar>], distance: Scalar)
    -> DifferentiableTensor<Scalar>
  {
    let batch = x.shape[0]
    let copies = 1 + 2 * probeCount
    var value = x.value.repeated(copies)
    for (sample, vectors) in probes.enumerated() {
      for probe in 0..<probeCount {
        let vector = vectors.rows(probe..<probe + 1)
        let centre = x.value.rows(sample..<sample + 1)
        for (side, sign) in [(1, distance), (2, -distance)] {
          var moved = centre
          moved.add(vector, scaledBy: sign)
          value.replaceRows(from: (2 * probe + side) * batch + sample, with: moved)
        }
      }
    }
    return x.tape.record(value, operation: "fields beside fields", from: [x]) { gradient, cotangents in
      var sum = gradient.rows(0..<batch)
      for copy in 1..<copies { sum.add(gradient.rows(copy * batch..<(copy + 1) * batch)) }
      cotangents.add(sum, to: x)
    }
  }

  private func firstSamples(of x: DifferentiableTensor<Scalar>, count: Int) -> DifferentiableTensor<Scalar> {
    x.tape.record(x.value.rows(0..<count), operation: "first fields", from: [x]) { gradient, cotangents in
      cotangents.accumulate(to: x) { memory, adds in
        if !adds { memory.update(repeating: 0) }
        gradient.withUnsafeScalars { for i in $0.indices { memory[i] += $0[i] } }
      }
    }
  }

  /// Σ v·(ε̂(x + h·v) − ε̂(x − h·v)), times `weight`.
  private func differences(
    of predicted: DifferentiableTensor<Scalar>, _ probes: [Tensor<Scalar>], weight: Scalar
  ) -> DifferentiableTensor<Scalar> {
    let batch = probes.count
    var signed = Tensor<Scalar>.zeros(predicted.shape)
    for (sample, vectors) in probes.enumerated() {
      for probe in 0..<probeCount {
        let vector = vectors.rows(probe..<probe + 1)
        signed.replaceRows(from: (2 * probe + 1) * batch + sample, with: vector * weight)
        signed.replaceRows(from: (2 * probe + 2) * batch + sample, with: vector * -weight)
      }
    }
    let total = Tensor([Scalar(predicted.value.dot(signed))], shape: [])
    return predicted.tape.record(total, operation: "divergence", from: [predicted]) { gradient, cotangents in
      cotangents.add(signed * gradient.scalars[0], to: predicted)
    }
  }
}
