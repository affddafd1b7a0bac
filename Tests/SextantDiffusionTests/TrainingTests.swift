// Training a noise network: it learns, repeats to the bit when resumed, allocates nothing once it runs, and stops where
// numbers end.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks
import SextantTestSupport
import Testing

@testable import SextantDiffusion

@Suite struct TrainingTests {
  private static let random = RandomStream(seed: 30)

  /// A small network on 2 numbers that corrects a Gaussian, and fields of a mixture that no Gaussian fits.
  private struct Problem {
    let mixture: MixtureNoisePredictor<Double>
    let base: GaussianNoisePredictor<Double>
    let predictor: NetworkNoisePredictor<FunctionNoiseNetwork<Double>>
    let fields: Tensor<Double>

    init() throws {
      mixture = try ExactPriors.mixture()
      fields = mixture.samples(using: streams(0..<400, of: random))
      let mean = Tensor(fields.reshaped(to: [400, 2]).columnMeans(), shape: [2, 1])
      let centred =
        fields.reshaped(to: [400, 2])
        - matrixProduct(Tensor<Double>(repeating: 1, shape: [400, 1]), mean.reshaped(to: [1, 2]))
      base = try GaussianNoisePredictor(
        SpectralGaussian(mean: mean, covariance: gramMatrix(centred, transposeFirst: true) * (1.0 / 400)))
      var builder = ParameterBuilder<Double>(random: random.split("network"))
      let hidden = Dense<Double>("hidden", inputs: 5, outputs: 48, in: &builder)
      let second = Dense<Double>("second", inputs: 48, outputs: 48, in: &builder)
      let last = Dense<Double>("last", inputs: 48, outputs: 2, in: &builder)
      let network = FunctionNoiseNetwork<Double> { x, times, pass in
        let schedule = VariancePreservingSchedule.standard
        let features = times.flatMap {
          [schedule.noise(at: $0), schedule.signal(at: $0), schedule.logSignalToNoise(at: $0) / 10]
        }
        let time = pass.tape.constant(Tensor(features, shape: [times.count, 3]))
        let input = concatenateColumns([DifferentiableTensor(flattening: x), time])
        let middle = second(hidden(input, in: pass).silu(), in: pass).silu()
        return last(middle, in: pass).shaped(like: x)
      }
      var parameters = builder.parameters
      parameters.setToZero(prefix: "last")
      predictor = NetworkNoisePredictor(network, parameters: parameters, correcting: base)
    }

    func loss(_ times: TimeDistribution = .likelihood) -> NoisePredictionLoss<FunctionNoiseNetwork<Double>> {
      NoisePredictionLoss(predictor, fields: fields, batchSize: 64, times: times, random: random.split("training"))
    }

    func training() -> NetworkTraining<Double> {
      NetworkTraining(
        predictor.parameters, settings: AdamSettings(rate: 3e-3, warmUpSteps: 20, largestNorm: 1), averageDecay: 0.99,
        random: random)
    }
  }

  @Test(arguments: TimeDistribution.allCases)
  func gradientsOfTheLossAgreeWithDifferences(_ times: TimeDistribution) throws {
    let problem = try Problem()
    let loss = problem.loss(times)
    // A last layer of zeros would hide what is before it.
    var parameters = problem.predictor.parameters
    var stream = RandomStream(seed: 31)
    for index in parameters.tensors.indices {
      parameters.tensors[index] = stream.normals(parameters.tensors[index].shape) * 0.3
    }
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true)
    let gradients = pass.parameterGradients(pass.tape.gradients(of: loss.loss(atStep: 5, in: pass)))
    for (index, name) in parameters.names.enumerated() where name != "second.weight" {
      let expected = differences(
        of: { tensor in
          var changed = parameters
          changed.tensors[index] = tensor
          let pass = NetworkPass(changed, isTraining: true, wantsGradients: false)
          return loss.loss(atStep: 5, in: pass).value.scalars[0]
        }, at: parameters.tensors[index])
      let found = try #require(gradients[index], "\(name)").tensor
      #expect(largestDifference(found, expected) < 1e-7 * expected.scalars.reduce(1) { max($0, abs($1)) }, "\(name)")
    }
  }

  @Test func everyFieldIsSeenOnceInAnEpoch() {
    let order = BatchOrder(count: 10, batch: 4, random: RandomStream(seed: 1))
    let seen = (0..<5).flatMap { order.indices(atStep: $0) }
    #expect(seen.prefix(10).sorted() == Array(0..<10) && seen.suffix(10).sorted() == Array(0..<10))
    #expect(Array(seen.prefix(10)) != Array(seen.suffix(10)))
  }

  @Test func aCorrectionLearnsWhatTheGaussianLacks() throws {
    let problem = try Problem()
    let loss = problem.loss()
    var training = problem.training()
    for _ in 0..<1500 { try training.advance(on: loss) }
    var trained = problem.predictor
    trained.parameters = training.average.parameters
    let heldOut = problem.mixture.samples(using: streams(0..<300, of: RandomStream(seed: 32)))
    let predictors: [(String, any NoisePredictor<Double>)] = [
      ("Gaussian", problem.base), ("untrained", problem.predictor), ("trained", trained), ("exact", problem.mixture),
    ]
    let report = DenoisingReport(
      predictors, on: heldOut, noiseLevels: [0.2, 0.5, 1], timeCount: 32, using: RandomStream(seed: 33))
    let gains = try report.rows.map { try #require($0.bound).gain }
    let deviation = try #require(report.rows[2].bound).gainStandardError
    #expect(gains[1] == 0)
    #expect(gains[2] > 3 * deviation)
    #expect(gains[2] > 0.3 * gains[3])
  }

  @Test func aResumedTrainingRepeatsTheSameBits() throws {
    let problem = try Problem()
    let loss = problem.loss(.uniform)
    var straight = problem.training()
    var records: [TrainingStep] = []
    for _ in 0..<12 { records.append(try straight.advance(on: loss)) }
    var first = problem.training()
    for _ in 0..<5 { try first.advance(on: loss) }
    var resumed = NetworkTraining(
      first.parameters, optimiser: first.optimiser, average: first.average, random: Self.random)
    for step in 5..<12 { #expect(try resumed.advance(on: problem.loss(.uniform)) == records[step]) }
    #expect(resumed.parameters.tensors == straight.parameters.tensors)
    #expect(resumed.average.parameters.tensors == straight.average.parameters.tensors)
  }

  @Test func aRunningTrainingAsksForNoMemory() throws {
    let problem = try Problem()
    let loss = problem.loss()
    var training = problem.training()
    for _ in 0..<3 { try training.advance(on: loss) }
    // Other tests use the same pool, so one undisturbed run of steps among several is enough.
    let undisturbed = try (0..<50).contains { _ in
      let before = StoragePool.shared.statistics.allocations
      for _ in 0..<5 { try training.advance(on: loss) }
      return StoragePool.shared.statistics.allocations == before
    }
    #expect(undisturbed)
  }

  @Test func trainingStopsWhereNumbersEnd() throws {
    let problem = try Problem()
    var parameters = problem.predictor.parameters
    let index = try #require(parameters.names.firstIndex(of: "second.bias"))
    parameters.tensors[index] = Tensor(repeating: .infinity, shape: parameters.tensors[index].shape)
    var training = NetworkTraining(parameters, settings: AdamSettings(), random: Self.random)
    let error = #expect(throws: DiffusionError.self) { try training.advance(on: problem.loss()) }
    guard case .notFinite(let what, 0, let place) = try #require(error) else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(what == "The loss" && !place.isEmpty)
    #expect(training.step == 0 && training.parameters.tensors == parameters.tensors)
  }

  @Test func fidelityHasItsValueAndGradient() throws {
    var stream = RandomStream(seed: 34)
    let measured: Tensor<Double> = stream.normals([3, 2, 2])
    let precisions = Tensor((0..<12).map { $0 % 3 == 0 ? 0 : Double($0) }, shape: [3, 2, 2])
    let fidelity = EntryFidelity(values: measured, precisions: precisions)
    let x: Tensor<Double> = stream.normals([4, 2, 2])
    let indices = [2, 0, 0, 1]
    let expected = (0..<16).reduce(0.0) { sum, entry in
      let other = indices[entry / 4] * 4 + entry % 4
      return sum + 0.5 * precisions.scalars[other] * pow(x.scalars[entry] - measured.scalars[other], 2)
    }
    let tape = Tape<Double>()
    let leaf = tape.leaf(x)
    let value = fidelity(leaf, indices)
    #expect(abs(value.value.scalars[0] - expected) < 1e-10)
    let gradient = try #require(tape.gradients(of: value)[leaf])
    let slope = differences(of: { fidelity(Tape<Double>().constant($0), indices).value.scalars[0] }, at: x)
    #expect(largestDifference(gradient, slope) < 1e-6)
  }

  @Test func theDataTermComesInOnAnyBudgetAlike() {
    #expect(DataAnnealing.scorePrior.weight(atStep: 12_000) == 0.5)
    #expect(DataAnnealing.scorePrior.weight(atStep: 0) < 1e-10)
    let scaled = DataAnnealing.scaled(toSteps: 1000, share: 0.2)
    for step in stride(from: 0, through: 1000, by: 50) {
      #expect(abs(scaled.weight(atStep: step) - DataAnnealing.scorePrior.weight(atStep: 60 * step)) < 1e-9)
    }
  }
}
