// The loss on recorrupted pairs: in a Gaussian world its minimum is the exact posterior, mean and spread, although no truth is in it;
// and its gradients are those of its two parts.

import Foundation
import SextantArrays
import SextantAutodiff
import Testing

@testable import SextantSolvers

@Suite struct RecorruptedLossLaws {
  /// Truths of variance 1 measured with noise, in two views each, on a base whose mean is 0 and whose spread is 1.
  private struct World {
    let inputs: Tensor<Float>
    let targets: Tensor<Float>
    let noise: TargetNoise
    let truth: [Float]
    var weights: Tensor<Float> { Tensor(repeating: 1, shape: targets.shape) }

    init(count: Int, noise level: Float) {
      var random = RandomStream(seed: 4)
      let (truth, error): (Tensor<Float>, Tensor<Float>) = (random.normals([count]), random.normals([count]))
      let signs = (0..<count).map { _ -> Float in random.next() & 1 == 0 ? 1 : -1 }
      let values = zip(truth.scalars, error.scalars).map { $0 + level * $1 }
      let steps = signs.map { RecorruptedLoss.recorruption * level * $0 }
      let shape = [2, count, 1]
      inputs = Tensor(zip(values, steps).map { $0 + $1 } + zip(values, steps).map { $0 - $1 }, shape: shape)
      targets = Tensor(values + values, shape: shape)
      self.noise = TargetNoise(
        variances: Tensor(repeating: level * level, shape: shape), signs: Tensor(signs + signs, shape: shape))
      self.truth = truth.scalars
    }

    /// The output of a network that shrinks the input and has one spread.
    func output(factor: Double, logScale: Double) -> Tensor<Float> {
      // The network's raw output is bounded to 2·tanh(raw/2).
      let raw = Float(2 * atanh(logScale / 2))
      return Tensor(inputs.scalars.flatMap { [Float(factor) * $0, raw] }, shape: [2, inputs.shape[1], 2])
    }

    func loss(_ output: Tensor<Float>) -> Float {
      RecorruptedLoss(.likelihood)(Tape<Float>().constant(output), target: targets, weights: weights, noise: noise)
        .value.scalars[0]
    }
  }

  @Test(arguments: [Float(0.3), 0.8, 2]) func theExactPosteriorIsTheBestForecast(level: Float) {
    let world = World(count: 100_000, noise: level)
    // The noise of the inputs, the recorruption's part with it.
    let variance = Double(level * level * (1 + RecorruptedLoss.recorruption * RecorruptedLoss.recorruption))
    let (factor, logScale) = (1 / (1 + variance), 0.5 * log(variance / (1 + variance)))
    let best = world.loss(world.output(factor: factor, logScale: logScale))
    for (g, s) in [(0.06, 0.0), (-0.06, 0), (0, 0.15), (0, -0.15)] {
      let other = world.loss(world.output(factor: factor + g, logScale: logScale + s))
      #expect(other > best, "\(g), \(s): \(other) against \(best)")
    }
    // And the errors at the truth are as large as was estimated and forecast without it.
    let output = world.output(factor: factor, logScale: logScale)
    let found = RecorruptedLoss(.likelihood).risk(output, target: world.targets, weights: world.weights, noise: world.noise)
    let squares = (0..<2 * world.truth.count).reduce(0.0) {
      $0 + pow(Double(output[$1 / world.truth.count, $1 % world.truth.count, 0] - world.truth[$1 % world.truth.count]), 2)
    }
    let actual = 0.5 * squares / Double(level * level)
    #expect(abs(found.estimated / actual - 1) < 0.05 && abs(found.forecast / actual - 1) < 0.02, "\(found), \(actual)")
  }

  /// The shift has the gradient of the estimated risk, and the log-scale that of the likelihood of what the mean implies; values that are
  /// not in the input have those of the plain score.
  @Test func theLossHasItsGradients() {
    var random = RandomStream(seed: 6)
    let shape = [4, 3, 2]
    let count = 24
    let output: Tensor<Float> = random.normals([4, 3, 4])
    let target: Tensor<Float> = random.normals(shape)
    let variances = Tensor((0..<count).map { Float($0 % 6 % 3 + 1) * 0.3 }, shape: shape)
    // The last value of each field is not in the input.
    let signs = Tensor((0..<count).map { [Float(1), -1, 1, 1, -1, 0][$0 % 6] }, shape: shape)
    let weights = Tensor((0..<count).map { Float($0 % 6 == 1 ? 0 : 1) }, shape: shape)
    let noise = TargetNoise(variances: variances, signs: signs)
    let loss = RecorruptedLoss(.likelihood)
    func value(_ output: Tensor<Float>) -> Double {
      Double(loss(Tape<Float>().constant(output), target: target, weights: weights, noise: noise).value.scalars[0])
    }
    func risk(_ output: Tensor<Float>) -> Double {
      loss.risk(output, target: target, weights: weights, noise: noise).estimated / 20
    }
    /// By the implied variances of the means at hand, which do not move with the log-scales.
    func likelihood(_ moved: Tensor<Float>) -> Double {
      var sum = 0.0
      for first in 0..<count where first / 6 % 2 == 0 && weights.scalars[first] > 0 && signs.scalars[first] != 0 {
        let pair = [first, first + 6]
        let (variance, step) = (Double(variances.scalars[first]), Double(RecorruptedLoss.recorruption))
        let means = pair.map { Double(output.scalars[$0 / 2 * 4 + $0 % 2] - target.scalars[$0]) }
        let slope = Double(signs.scalars[first]) * (means[0] - means[1]) / (2 * step * variance.squareRoot())
        for entry in pair {
          let scale = exp(2 * LogScaleBound.bounded(Double(moved.scalars[entry / 2 * 4 + 2 + entry % 2])))
          sum += 0.5 * (log(scale + variance) + variance * (1 + (1 + step * step) * slope) / (scale + variance))
        }
      }
      return sum / 20
    }
    let tape = Tape<Float>()
    let leaf = tape.leaf(output)
    let gradient = tape.gradients(of: loss(leaf, target: target, weights: weights, noise: noise))[leaf]?.scalars ?? []
    for i in 0..<output.count {
      let (entry, isShift) = (i / 4 * 2 + i % 2, i % 4 < 2)
      let measure = signs.scalars[entry] == 0 ? value : isShift ? risk : likelihood
      var (up, down) = (output, output)
      up.withUnsafeMutableScalars { $0[i] += 1e-2 }
      down.withUnsafeMutableScalars { $0[i] -= 1e-2 }
      let expected = (measure(up) - measure(down)) / 2e-2
      #expect(abs(Double(gradient[i]) - expected) < 2e-3 * max(1, abs(expected)), "output \(i): \(gradient[i]), should be \(expected)")
    }
  }
}
