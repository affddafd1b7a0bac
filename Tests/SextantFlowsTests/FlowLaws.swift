// What must hold for every conditional flow, whatever its settings.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantFlows
import SextantNetworks
import Testing

@Suite struct FlowLaws {
  @Test(arguments: FlowCase.all)
  func invertingASampleGivesItBack(_ each: FlowCase) throws {
    try checkRoundTrip(each, Double.self, tolerance: 1e-9)
    try checkRoundTrip(each, Float.self, tolerance: 1e-5)
  }

  private func checkRoundTrip<Scalar: TensorScalar>(
    _ each: FlowCase, _ type: Scalar.Type, tolerance: Double
  ) throws {
    let (flow, parameters) = try each.buildMoved(Scalar.self, by: 0.05)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    let z: Tensor<Scalar> = FlowCase.normals([5, each.dimension], seed: 1)
    let y = pass.tape.constant(FlowCase.normals([5, each.conditionWidth], seed: 2))
    let x = flow.sample(pass.tape.constant(z), given: y, in: pass)
    let back = flow.invert(x.values, given: y, in: pass)
    #expect(largestDifference(back.values.value, z) < tolerance)
    #expect(largestDifference(back.logDeterminant.value, x.logDeterminant.value * -1) < 10 * tolerance)
  }

  @Test(arguments: FlowCase.all)
  func logDeterminantIsThatOfTheJacobian(_ each: FlowCase) throws {
    let (flow, parameters) = try each.buildMoved(Double.self)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    let (d, step) = (each.dimension, 1e-5)
    let z: Tensor<Double> = FlowCase.normals([1, d], seed: 3)
    let y = pass.tape.constant(FlowCase.normals([1, each.conditionWidth], seed: 4))
    for samples in [true, false] {
      func go(_ point: Tensor<Double>) -> FlowPoints<Double> {
        let point = pass.tape.constant(point)
        return samples ? flow.sample(point, given: y, in: pass) : flow.invert(point, given: y, in: pass)
      }
      // Row j: the derivative of all results with respect to entry j.
      let jacobian = (0..<d).map { j in
        var (up, down) = (z, z)
        up[0, j] += step
        down[0, j] -= step
        return zip(go(up).values.value.scalars, go(down).values.value.scalars).map { ($0 - $1) / (2 * step) }
      }
      #expect(abs(logAbsoluteDeterminant(jacobian) - go(z).logDeterminant.value[0]) < 1e-6)
    }
  }

  @Test(arguments: FlowCase.all)
  func rowsDoNotSeeEachOtherInEvaluation(_ each: FlowCase) throws {
    let (flow, parameters) = try each.buildMoved(Double.self)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    let z: Tensor<Double> = FlowCase.normals([4, each.dimension], seed: 5)
    let y: Tensor<Double> = FlowCase.normals([4, each.conditionWidth], seed: 6)
    let together = flow.sample(pass.tape.constant(z), given: pass.tape.constant(y), in: pass)
    for row in 0..<4 {
      let alone = flow.sample(
        pass.tape.constant(z.rows(row..<row + 1)), given: pass.tape.constant(y.rows(row..<row + 1)), in: pass)
      #expect(largestDifference(alone.values.value, together.values.value.rows(row..<row + 1)) < 1e-11)
      #expect(abs(alone.logDeterminant.value[0] - together.logDeterminant.value[row]) < 1e-11)
    }
  }

  @Test(arguments: FlowCase.all, [1, 2])
  func aConditionServesItsRunOfRows(_ each: FlowCase, conditions: Int) throws {
    let (flow, parameters) = try each.buildMoved(Double.self)
    for isTraining in [true, false] {
      let pass = NetworkPass(parameters, isTraining: isTraining, wantsGradients: false)
      let z = pass.tape.constant(FlowCase.normals([4, each.dimension], seed: 7) as Tensor<Double>)
      let y: Tensor<Double> = FlowCase.normals([conditions, each.conditionWidth], seed: 8)
      let rows = conditions == 1 ? [0, 0, 0, 0] : [0, 0, 1, 1]
      let repeated = flow.sample(z, given: pass.tape.constant(y.gatheringRows(rows)), in: pass)
      let prepared = flow.prepare(pass.tape.constant(y), in: pass)
      let shared = flow.sample(z, given: prepared.detached(to: pass.tape), in: pass)
      #expect(largestDifference(repeated.values.value, shared.values.value) < 1e-11)
      #expect(largestDifference(repeated.logDeterminant.value, shared.logDeterminant.value) < 1e-11)
      let chosen = flow.sample(z, given: prepared.rows(rows), in: pass)
      #expect(largestDifference(repeated.values.value, chosen.values.value) < 1e-11)
    }
  }

  @Test(arguments: FlowCase.all, [true, false])
  func untrainedItMovesNothing(_ each: FlowCase, isTraining: Bool) throws {
    let (flow, parameters) = try each.build(Float.self)
    let pass = NetworkPass(parameters, isTraining: isTraining, wantsGradients: false)
    let z: Tensor<Float> = FlowCase.normals([3, each.dimension], seed: 9)
    let y = pass.tape.constant(FlowCase.normals([3, each.conditionWidth], seed: 10) as Tensor<Float>)
    for points in [
      flow.sample(pass.tape.constant(z), given: y, in: pass), flow.invert(pass.tape.constant(z), given: y, in: pass),
    ] {
      if flow.start != .linear { #expect(points.logDeterminant.value.scalars == [0, 0, 0]) }
      switch flow.start {
      case .linear:
        #expect(Set(points.logDeterminant.value.scalars).count == 1)
        let twice = flow.sample(pass.tape.constant(z * 2), given: y, in: pass)
        let once = flow.sample(pass.tape.constant(z), given: y, in: pass)
        #expect(largestDifference(twice.values.value, once.values.value * 2) < 1e-5)
      case .identity: #expect(points.values.value == z)
      case .permutation:
        for row in 0..<3 {
          #expect(points.values.value.row(row).scalars.sorted() == z.row(row).scalars.sorted())
        }
      }
    }
  }

  @Test(arguments: FlowCase.all)
  func logScalesAreBounded(_ each: FlowCase) throws {
    let (flow, parameters) = try each.buildMoved(Double.self, by: 10)
    var tame = parameters
    for (i, name) in tame.names.enumerated() where name.contains("output.log_scale") {
      tame.tensors[i] = tame.tensors[i] * 0
    }
    // The paper's scalar log-scale has no bound of its own.
    if let configuration = each.configuration, configuration.activationLogScaleBound == nil {
      for (i, name) in tame.names.enumerated() where name.hasSuffix(".log_scale") {
        tame.tensors[i] = tame.tensors[i] * 0
      }
    }
    let pass = NetworkPass(tame, isTraining: true, wantsGradients: false)
    let z: Tensor<Double> = FlowCase.normals([8, each.dimension], seed: 13) * 50
    let y = pass.tape.constant(FlowCase.normals([8, each.conditionWidth], seed: 14) as Tensor<Double>)
    let points = flow.sample(pass.tape.constant(z), given: y, in: pass)
    #expect(points.values.value.isFinite)
    #expect(points.logDeterminant.value.scalars.allSatisfy { abs($0) <= each.logDeterminantBound + 1e-9 })
  }

  @Test(arguments: FlowCase.all, [true, false])
  func gradientsAreThoseOfFiniteDifferences(_ each: FlowCase, isTraining: Bool) throws {
    let (flow, parameters) = try each.buildMoved(Double.self, by: 0.1)
    let z: Tensor<Double> = FlowCase.normals([4, each.dimension], seed: 15)
    let y: Tensor<Double> = FlowCase.normals([4, each.conditionWidth], seed: 16)
    let weights: Tensor<Double> = FlowCase.normals([4, each.dimension], seed: 17)
    for samples in [true, false] {
      func loss(
        _ parameters: ParameterSet<Double>, _ z: Tensor<Double>, _ y: Tensor<Double>
      ) -> (NetworkPass<Double>, loss: DifferentiableTensor<Double>, z: DifferentiableTensor<Double>, y: DifferentiableTensor<Double>) {
        let pass = NetworkPass(parameters, isTraining: isTraining, wantsGradients: true)
        let (z, y) = (pass.tape.leaf(z), pass.tape.leaf(y))
        let points = samples ? flow.sample(z, given: y, in: pass) : flow.invert(z, given: y, in: pass)
        let value = (points.values * pass.tape.constant(weights)).sum()
        return (pass, value + points.logDeterminant.squared().sum(), z, y)
      }
      let here = loss(parameters, z, y)
      let gradients = here.0.tape.gradients(of: here.loss)
      let ofParameters = here.0.parameterGradients(gradients)
      for direction in 0..<3 {
        let random = RandomStream(seed: UInt64(20 + direction))
        func change(_ label: String, _ shape: [Int]) -> Tensor<Double> {
          var random = random.split(label)
          return random.normals(shape)
        }
        var expected = 0.0
        for (i, name) in parameters.names.enumerated() where parameters.isTrained[i] {
          expected += ofParameters[i]?.tensor.dot(change(name, parameters.tensors[i].shape)) ?? 0
        }
        expected += try #require(gradients[here.z]).dot(change("z", z.shape))
        if each.conditionWidth > 0 { expected += try #require(gradients[here.y]).dot(change("y", y.shape)) }
        func moved(by step: Double) -> Double {
          var moved = parameters
          for (i, name) in parameters.names.enumerated() where parameters.isTrained[i] {
            moved.tensors[i].add(change(name, parameters.tensors[i].shape), scaledBy: step)
          }
          return loss(moved, z + change("z", z.shape) * step, y + change("y", y.shape) * step).loss.value.scalars[0]
        }
        // A kink of the leaky ReLU between the two points spoils a difference; a smaller step misses it.
        let errors = [1e-6, 1e-7, 1e-8].map { abs((moved(by: $0) - moved(by: -$0)) / (2 * $0) - expected) }
        #expect((errors.min() ?? .infinity) < 2e-5 * max(1, abs(expected)), "\(errors) of \(expected)")
      }
    }
  }
}

/// log|det| of a square matrix by elimination with pivots.
func logAbsoluteDeterminant(_ rows: [[Double]]) -> Double {
  var (a, total) = (rows, 0.0)
  for column in a.indices {
    let pivot = (column..<a.count).max { abs(a[$0][column]) < abs(a[$1][column]) } ?? column
    a.swapAt(column, pivot)
    total += log(abs(a[column][column]))
    for row in (column + 1)..<max(a.count, column + 1) {
      let factor = a[row][column] / a[column][column]
      for j in column..<a.count { a[row][j] -= factor * a[column][j] }
    }
  }
  return total
}
