// The Kalman filter of a series: what the steps so far say of the state, exactly, one step at a time. It conditions a
// mean and any number of perturbed members with the same gains (Doucet 2010, "A note on efficient conditional
// simulation of Gaussian distributions"), so that members are whole series.

import Foundation
import SextantArrays

/// What is known after some steps of a series.
package struct SeriesFilterState<Scalar: TensorScalar>: Sendable {
  /// The time of the last step; nil before the first.
  package var time: Double?
  /// The size of the local part at the last step.
  package var localScale: Double
  /// The mean of the state in the first row, and the corrections of the members (1+N × D).
  package var vectors: Tensor<Scalar>
  /// The covariance of the state (D×D).
  package var covariance: Tensor<Scalar>
  /// The members' draws from the prior (N×D).
  package var draws: Tensor<Scalar>
  /// log p of all observations so far.
  package var logEvidence: Double

  package init(
    time: Double?, localScale: Double = 1, vectors: Tensor<Scalar>, covariance: Tensor<Scalar>, draws: Tensor<Scalar>,
    logEvidence: Double
  ) {
    (self.time, self.localScale, self.vectors, self.covariance) = (time, localScale, vectors, covariance)
    (self.draws, self.logEvidence) = (draws, logEvidence)
  }
}

/// One step of a series as a filter takes it.
package struct SeriesStep: Sendable {
  package var time: Double
  /// nil where nothing was observed.
  package var observation: StateObservation?
  /// The stream of the members at this step.
  package var random: RandomStream
  /// The size of the local part, relative to that of the prior.
  package var localScale: Double

  package init(time: Double, observation: StateObservation?, random: RandomStream, localScale: Double = 1) {
    (self.time, self.observation, self.random, self.localScale) = (time, observation, random, localScale)
  }
}

/// The answer for one step, in standardised states.
package struct SeriesEstimate: Sendable {
  package var mean: [Float]
  package var spread: [Float]
  /// N×d; nil without members.
  package var samples: Tensor<Float>?
}

/// What a step of the filter leaves for the smoother.
struct FilteredStep<Scalar: TensorScalar>: Sendable {
  /// From the step before to this one.
  var transition: SeriesTransition
  /// The mean and the members' corrections before the step's observations (1+N × D).
  var predicted: Tensor<Scalar>
  /// The covariance before the step's observations (D×D).
  var covariance: Tensor<Scalar>
  /// The fields of the members' draws (N×d).
  var drawnFields: Tensor<Scalar>
  /// What the observations change; nil without any.
  var update: Update?

  struct Update: Sendable {
    var operation: SeriesObservationOperator<Scalar>
    /// L with L·Lᵀ = S = F·P·Fᵀ + R.
    var factor: CholeskyFactor<Scalar>
    /// L⁻¹·F·P (m×D).
    var whitenedGain: Tensor<Scalar>
    /// L⁻¹·(y − F·x) of the mean and of the members (1+N × m).
    var innovations: Tensor<Scalar>
  }
}

/// Takes a series step by step.
package struct SeriesFilter<Scalar: TensorScalar>: Sendable {
  package let dynamics: SeriesDynamics<Scalar>
  /// N.
  package let memberCount: Int
  package private(set) var state: SeriesFilterState<Scalar>

  package init(_ dynamics: SeriesDynamics<Scalar>, memberCount: Int) {
    (self.dynamics, self.memberCount) = (dynamics, memberCount)
    state = SeriesFilterState(
      time: nil, vectors: .zeros([1 + memberCount, dynamics.size]), covariance: dynamics.stationaryCovariance(),
      draws: .zeros([memberCount, dynamics.size]), logEvidence: 0)
  }

  /// Goes on from a state with the same or with other parameters.
  package init(_ dynamics: SeriesDynamics<Scalar>, memberCount: Int, from state: SeriesFilterState<Scalar>) {
    (self.dynamics, self.memberCount, self.state) = (dynamics, memberCount, state)
  }

  /// Takes the next step, which must not be earlier than the last.
  mutating func advance(to step: SeriesStep) throws -> FilteredStep<Scalar> {
    let elapsed = state.time.map { step.time - $0 } ?? 0
    precondition(elapsed >= 0, "The steps of a series must not go back in time")
    let transition = SeriesTransition(time: elapsed, fromScale: state.localScale, toScale: step.localScale)
    var random = step.random
    if memberCount > 0 {
      let earlier = state.time == nil ? nil : state.draws
      state.draws = dynamics.draws(memberCount, after: earlier, over: transition, using: &random)
    }
    dynamics.advance(&state.covariance, over: transition)
    dynamics.decay(&state.vectors, over: transition)
    (state.time, state.localScale) = (step.time, step.localScale)
    var filtered = FilteredStep(
      transition: transition, predicted: state.vectors, covariance: state.covariance,
      drawnFields: memberCount > 0 ? dynamics.fields(of: state.draws) : .zeros([0, dynamics.stateCount]))
    guard let observation = step.observation, observation.count > 0 else { return filtered }
    let operation = SeriesObservationOperator(observation.operation, dynamics: dynamics)
    let m = observation.count
    let gain = operation.rows(of: state.covariance)
    var innovation = operation.apply(gain)
    innovation.withUnsafeMutableScalars { s in
      for i in 0..<m { s[i * m + i] += Scalar(observation.noiseVariance[i]) }
    }
    let factor = try CholeskyFactor(innovation)
    let whitened = factor.solveLower(gain)
    // What is observed of the mean, and of each member what its own draw and noise leave of it.
    var differences = operation.apply(state.vectors)
    let drawn = memberCount > 0 ? operation.apply(state.draws) : nil
    let noise: Tensor<Scalar>? = memberCount > 0 ? random.normals([memberCount, m]) : nil
    let deviations = observation.noiseVariance.map { Scalar($0.squareRoot()) }
    differences.withUnsafeMutableScalars { out in
      for i in 0..<m { out[i] = Scalar(observation.anomalies[i]) - out[i] }
      drawn?.withUnsafeScalars { drawn in
        noise?.withUnsafeScalars { noise in
          for row in 0..<memberCount {
            for i in 0..<m {
              let place = (row + 1) * m + i
              out[place] =
                Scalar(observation.anomalies[i]) - drawn[row * m + i] - deviations[i] * noise[row * m + i] - out[place]
            }
          }
        }
      }
    }
    let innovations = factor.solveLower(rows: differences)
    state.vectors.add(matrixProduct(innovations, whitened))
    state.covariance.add(gramMatrix(whitened, transposeFirst: true), scaledBy: -1)
    let own = innovations.rows(0..<1)
    state.logEvidence -= 0.5 * (own.dot(own) + factor.logDeterminant + Double(m) * log(2 * Double.pi))
    filtered.update = .init(operation: operation, factor: factor, whitenedGain: whitened, innovations: innovations)
    return filtered
  }

  /// Takes the next step and gives the answer that it and all earlier steps lead to.
  package mutating func estimate(at step: SeriesStep) throws -> SeriesEstimate {
    let filtered = try advance(to: step)
    return dynamics.estimate(
      vectors: state.vectors, drawnFields: filtered.drawnFields, variances: dynamics.fieldVariances(state.covariance).variances)
  }

  /// Takes the next step for what later steps need.
  package mutating func skip(_ step: SeriesStep) throws { _ = try advance(to: step) }
}

extension SeriesDynamics {
  /// F·P with F = (Φᵀ, 1) (d×D) and the diagonal of F·P·Fᵀ (d), at some of the states or at all.
  func fieldVariances(_ covariance: Tensor<Scalar>, at states: [Int]? = nil) -> (rows: Tensor<Scalar>, variances: [Double]) {
    let (k, n) = (modeCount, size)
    let states = states ?? Array(0..<stateCount)
    var rows = covariance.gatheringRows(states.map { $0 + k })
    let modes = states.count == stateCount ? modes : modes.gatheringColumns(states)
    if k > 0 { rows.add(matrixProduct(modes, covariance.rows(0..<k), transposingFirst: true)) }
    let variances = rows.withUnsafeScalars { rows in
      modes.withUnsafeScalars { modes in
        states.indices.map { place in
          var sum = Double(rows[place * n + k + states[place]])
          for j in 0..<k { sum += Double(rows[place * n + j]) * Double(modes[j * states.count + place]) }
          return sum
        }
      }
    }
    return (rows, variances)
  }

  /// The answer from the state of the mean and the members' corrections (1+N × D).
  func estimate(vectors: Tensor<Scalar>, drawnFields: Tensor<Scalar>, variances: [Double]) -> SeriesEstimate {
    let fields = fields(of: vectors)
    var samples: Tensor<Float>?
    if drawnFields.rowCount > 0 {
      var members = fields.rows(1..<fields.rowCount)
      members.add(drawnFields)
      samples = members.converted(to: Float.self)
    }
    return SeriesEstimate(
      mean: fields.row(0).converted(to: Float.self).scalars, spread: variances.map { Float(max(0, $0).squareRoot()) },
      samples: samples)
  }
}
