// The objective of a study: the loss of amortised posterior sampling on measurements alone, with the exact score of the
// prior. It is validated by the distance from the exact posterior on seen and unseen measurements.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantNetworks
import SextantTraining

/// The unsupervised training of a study's flow.
struct StudyObjective {
  let flow: StudiedFlow
  /// The measurements for training.
  let measurements: PreparedMeasurements
  /// The sets for validation between steps, by name; "unseen" decides which parameters are best.
  let judged: [(name: String, measurements: PreparedMeasurements, judge: AnalyticEvaluator)]
  let samples: Int
  private let amortised: AmortisedPosteriorLoss<Float>
  private let random: RandomStream

  init(
    flow: StudiedFlow, settings: StudyTrainingSettings, prior: AnalyticPrior, measurements: PreparedMeasurements,
    judged: [(name: String, measurements: PreparedMeasurements, judge: AnalyticEvaluator)], samples: Int,
    random: RandomStream
  ) throws {
    (self.flow, self.measurements, self.judged, self.samples) = (flow, measurements, judged, samples)
    self.random = random
    let simulated = measurements.simulated
    let shape = [simulated.count, flow.dimension, 1]
    let fidelity = EntryFidelity(
      values: simulated.values.converted(to: Float.self).reshaped(to: shape),
      precisions: (simulated.masks * (1 / (simulated.noise * simulated.noise))).converted(to: Float.self)
        .reshaped(to: shape))
    amortised = AmortisedPosteriorLoss(
      measurementCount: simulated.count, batchSize: settings.batch, drawsPerMeasurement: settings.draws,
      prior: DistillationPrior(try prior.noisePredictor(settings.schedule.schedule)),
      annealing: settings.annealing > 0 ? .scaled(toSteps: settings.steps, share: settings.annealing) : nil,
      random: random.split("loss")
    ) { streams, indices, pass in
      let z = pass.tape.constant(Tensor<Float>.normals(streams, shape: [flow.dimension]))
      return flow.draw(z, for: measurements, indices, using: pass.random ?? random, in: pass)
    } fidelity: {
      fidelity($0, $1)
    }
  }

  /// The objective as what the loop of trainings minimises.
  var loss: TrainingLoss {
    TrainingLoss(random: { random.split("components").split($0) }) { step, pass in
      try amortised.loss(atStep: step, in: pass)
    } validation: { try validation($0) }
  }

  private func validation(_ parameters: ParameterSet<Float>) throws -> TrainingValidation {
    let calibrated = self.calibrated(parameters)
    var validation = TrainingValidation(loss: .infinity, figures: [:])
    for (name, measurements, judge) in judged {
      let scores = scores(calibrated, of: measurements, by: judge, samples: samples)
      if name == "unseen" { validation.loss = scores.divergence }
      validation.figures?.merge(scores.figures(name)) { $1 }
    }
    return validation
  }

  /// The parameters with batch statistics of 2048 draws, with which the flow is evaluated.
  func calibrated(_ parameters: ParameterSet<Float>) -> ParameterSet<Float> {
    flow.calibrated(parameters, on: measurements, count: 2048, using: random.split("calibration"))
  }

  /// The scores of the flow with calibrated parameters, always from the same draws of z.
  func scores(
    _ parameters: ParameterSet<Float>, of measurements: PreparedMeasurements, by judge: AnalyticEvaluator, samples: Int
  ) -> AnalyticScores {
    let random = self.random.split("validation")
    return judge.scores { index in
      var stream = random.split(index)
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      let z = pass.tape.constant(stream.normals([samples, flow.dimension], as: Float.self))
      let draws = flow.draw(z, for: measurements, [index], using: random.split("components").split(index), in: pass)
      return (
        draws.fields.value.reshaped(to: [samples, flow.dimension]).converted(to: Double.self),
        draws.logDensity.value.scalars.map { Double($0) }
      )
    }
  }
}
