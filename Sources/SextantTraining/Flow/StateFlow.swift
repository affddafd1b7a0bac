// What `flow` can train, seen as one thing: a conditional distribution over the standardised states of a field, which draws on a
// tape with its log-density. The flow over the whole vector, and the network on a Gaussian posterior.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantFlows
import SextantNetworks
import SextantSolvers

/// A conditional distribution over d states that can be trained on the measurements it was made for.
protocol StateFlow: Sendable {
  /// The parameters before training.
  var initial: ParameterSet<Float> { get }
  /// Draws (B·K×d×1) for B measurements, K consecutive ones for each, every draw from a stream of its own.
  func draw(_ measurements: [Int], using streams: [RandomStream], in pass: NetworkPass<Float>) -> PosteriorDraws<Float>
  /// The parameters as they are used after training.
  func calibrated(_ parameters: ParameterSet<Float>, using random: RandomStream) -> ParameterSet<Float>
}

/// A flow over the vector of states.
struct VectorStateFlow: StateFlow {
  let flow: any ConditionalFlow<Float>
  let initial: ParameterSet<Float>
  /// What the flow is told of each measurement (M×condition).
  let conditions: Tensor<Float>

  func draw(
    _ measurements: [Int], using streams: [RandomStream], in pass: NetworkPass<Float>
  ) -> PosteriorDraws<Float> {
    draw(measurements, from: flow, using: streams, in: pass)
  }

  private func draw(
    _ measurements: [Int], from flow: any ConditionalFlow<Float>, using streams: [RandomStream],
    in pass: NetworkPass<Float>
  ) -> PosteriorDraws<Float> {
    let z = pass.tape.constant(Tensor<Float>.normals(streams, shape: [flow.dimension]))
    let points = flow.sample(z, given: pass.tape.constant(conditions.gatheringRows(measurements)), in: pass)
    return PosteriorDraws(
      fields: points.values.reshaped(to: [streams.count, flow.dimension, 1]),
      logDensity: standardNormalLogDensity(z) - points.logDeterminant)
  }

  /// With batch statistics of 512 draws, where the flow has any: running ones are of the last few steps, and of parameters that
  /// have moved since.
  func calibrated(_ parameters: ParameterSet<Float>, using random: RandomStream) -> ParameterSet<Float> {
    guard let recalibrating = flow.recalibrating else { return parameters }
    var parameters = parameters
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: false)
    let count = 512
    _ = draw(
      (0..<count).map { $0 % conditions.rowCount }, from: recalibrating,
      using: (0..<count).map { random.split($0) }, in: pass)
    pass.applyUpdates(to: &parameters)
    return parameters
  }
}

/// A network that shifts and scales draws of Gaussian posteriors that were made beforehand.
struct BaseStateFlow: StateFlow {
  let network: StencilUNet<Float>
  let initial: ParameterSet<Float>
  let arrangement: StateArrangement
  let posteriors: StoredPosteriors

  func draw(
    _ measurements: [Int], using streams: [RandomStream], in pass: NetworkPass<Float>
  ) -> PosteriorDraws<Float> {
    let (d, share) = (arrangement.stateCount, streams.count / max(1, measurements.count))
    let channels = arrangement.channelCount
    let output = network(pass.tape.constant(posteriors.features(of: measurements)), in: pass)
    let rows = measurements.indices.flatMap { Array(repeating: $0, count: share) }
    func perDraw(_ arrays: DifferentiableTensor<Float>) -> DifferentiableTensor<Float> {
      let states = arrangement.states(from: arrays).reshaped(to: [1, measurements.count, d])
      return gatherRows(states, rows.map { Int32($0) }).reshaped(to: [streams.count, d])
    }
    let shift = perDraw(output.columns(0..<channels))
    let logScale = perDraw(LogScaleBound.bounded(output.columns(channels..<2 * channels)))
    let chosen = rows.map { measurements[$0] }
    let anomalies = pass.tape.constant(posteriors.anomalies(of: chosen, using: streams))
    let spread = pass.tape.constant(posteriors.spreads.gatheringRows(chosen))
    let mean = pass.tape.constant(posteriors.means.gatheringRows(chosen))
    return PosteriorDraws(
      fields: (mean + spread * shift + anomalies * logScale.exponential()).reshaped(to: [streams.count, d, 1]),
      logDensity: logScale.rowSums() * -1)
  }

  func calibrated(_ parameters: ParameterSet<Float>, using random: RandomStream) -> ParameterSet<Float> { parameters }
}

/// Gaussian posteriors of M measurements as standardised states, with K draws of each.
struct StoredPosteriors: Sendable {
  /// What the network is shown (M×V×F).
  var features: Tensor<Float>
  /// M×d.
  var means: Tensor<Float>
  /// M×d.
  var spreads: Tensor<Float>
  /// Draws less their mean (M×K×d).
  var anomalies: Tensor<Float>
  /// What it took to simulate the measurements.
  var seconds = 0.0

  func features(of measurements: [Int]) -> Tensor<Float> {
    let rows = features.reshaped(to: [features.shape[0], features.count / features.shape[0]])
    return rows.gatheringRows(measurements).reshaped(to: [measurements.count] + features.shape.dropFirst())
  }

  /// One stored draw for each stream, chosen by it.
  func anomalies(of measurements: [Int], using streams: [RandomStream]) -> Tensor<Float> {
    let (count, d) = (anomalies.shape[1], anomalies.shape[2])
    let rows = zip(measurements, streams).map { measurement, stream -> Int in
      var stream = stream
      return measurement * count + Int(stream.next() % UInt64(count))
    }
    return anomalies.reshaped(to: [anomalies.shape[0] * count, d]).gatheringRows(rows)
  }
}
