// What every operation keeps: its pullback is its derivative, single precision follows double, threads change nothing.

import SextantArrays
import SextantAutodiff
import SextantTestSupport
import Testing

@Suite(.serialized) struct OperationLaws {
  /// The derivative of the loss along `direction` for one input, by a central difference of fourth order.
  func difference(
    _ operation: OperationCase, _ inputs: [Tensor<Double>], _ which: Int, along direction: Tensor<Double>,
    step: Double
  ) -> Double {
    func loss(_ distance: Double) -> Double {
      var moved = inputs
      moved[which].add(direction, scaledBy: distance)
      return operation.lossAndGradients(moved).loss
    }
    return (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
  }

  @Test(arguments: OperationCase.allCases) func pullbacksAreDerivatives(operation: OperationCase) {
    let inputs = operation.inputs(rows: 3)
    let gradients = operation.lossAndGradients(inputs).gradients
    for (which, gradient) in gradients.enumerated() {
      #expect(gradient.shape == inputs[which].shape)
      let scale = max(1e-3, gradient.scalars.map(abs).max() ?? 0)
      for i in 0..<gradient.count {
        var direction = Tensor<Double>.zeros(gradient.shape)
        direction.withUnsafeMutableScalars { $0[i] = 1 }
        let expected = difference(operation, inputs, which, along: direction, step: 1e-3)
        let found = gradient.scalars[i]
        #expect(abs(found - expected) < 1e-6 * scale, "input \(which), element \(i): \(found), should be \(expected)")
      }
    }
  }

  @Test(arguments: OperationCase.allCases) func pullbacksOfManyPartsAreDerivatives(operation: OperationCase) {
    let inputs = operation.inputs(rows: 3001)
    let gradients = operation.lossAndGradients(inputs).gradients
    for (which, gradient) in gradients.enumerated() {
      var stream = RandomStream(seed: 3)
      let direction = stream.normals(gradient.shape, as: Double.self)
      let expected = difference(operation, inputs, which, along: direction, step: 2e-5)
      let scale = gradient.dot(gradient).squareRoot() * direction.dot(direction).squareRoot()
      let found = gradient.dot(direction)
      #expect(abs(found - expected) < 1e-6 * scale, "input \(which): \(found), should be \(expected)")
    }
  }

  @Test(arguments: OperationCase.allCases) func singlePrecisionFollowsDouble(operation: OperationCase) {
    let inputs = operation.inputs(rows: 301)
    let double = operation.lossAndGradients(inputs).gradients
    let single = operation.lossAndGradients(inputs.map { $0.converted(to: Float.self) }).gradients
    for (a, b) in zip(double, single) {
      let scale = max(1e-6, a.scalars.map(abs).max() ?? 0)
      let worst = zip(a.scalars, b.scalars).map { abs($0 - Double($1)) }.max() ?? 0
      #expect(worst < 1e-3 * scale, "\(worst) of \(scale)")
    }
  }

  @Test(arguments: OperationCase.allCases) func threadsChangeNoBit(operation: OperationCase) {
    let inputs = operation.inputs(rows: 3001).map { $0.converted(to: Float.self) }
    let results = ThreadCounts.forEach { operation.lossAndGradients(inputs) }
    #expect(results[0].loss == results[1].loss)
    #expect(results[0].gradients == results[1].gradients)
  }

  /// A sample's result, and what goes back to its input, do not depend on the samples beside it; on neither side of the sizes
  /// that kernels are chosen by.
  @Test(arguments: OperationCase.allCases.filter(\.treatsSamplesAlone), [12, 45, 64, 301])
  func aSampleHasTheSameBitsInAnyBatch(operation: OperationCase, rows: Int) throws {
    let inputs = operation.inputs(rows: rows).map { $0.converted(to: Float.self) }
    func result(_ inputs: [Tensor<Float>]) throws -> (value: Tensor<Float>, gradient: Tensor<Float>) {
      let tape = Tape<Float>()
      let leaves = inputs.map { tape.leaf($0) }
      let result = operation.apply(leaves)
      return (result.value, try #require(tape.gradients(of: result, seed: result.value)[leaves[0]]))
    }
    let together = try result(inputs)
    for samples in [0..<1, 1..<3] {
      // What has as many entries as there are samples is one for each; gains and weights have other numbers of them.
      let alone = try result(inputs.map { $0.shape[0] == inputs[0].shape[0] ? $0.samples(samples) : $0 })
      #expect(alone.value == together.value.samples(samples))
      #expect(alone.gradient == together.gradient.samples(samples))
    }
  }

  @Test func theGradientOfAProductIsItsFactors() throws {
    var stream = RandomStream(seed: 6)
    let (x, w, g): (Tensor<Double>, Tensor<Double>, Tensor<Double>) = (
      stream.normals([17, 94]), stream.normals([81, 94]), stream.normals([17, 81])
    )
    let tape = Tape<Double>()
    let weight = tape.leaf(w)
    let gradients = tape.gradients(of: dense(tape.constant(x), weight: weight), seed: g)
    let gradient = try #require(gradients.parameterGradient(of: weight))
    guard case .product = gradient else {
      Issue.record("The gradient of a large layer over a small batch was formed")
      return
    }
    let expected = matrixProduct(g, x, transposingFirst: true)
    let norm = expected.dot(expected).squareRoot()
    #expect((gradient.tensor - expected).scalars.allSatisfy { abs($0) < 1e-12 })
    #expect(abs(globalNorm([gradient]) - norm) < 1e-12 * norm)
    #expect(abs(globalNorm([.whole(expected)]) - norm) < 1e-12 * norm)
  }

  @Test func aRowHasTheSameBitsInAnyBatch() {
    var stream = RandomStream(seed: 7)
    let (x, w): (Tensor<Float>, Tensor<Float>) = (stream.normals([200, 1100]), stream.normals([83, 1100]))
    func evaluate(_ rows: Range<Int>) -> (value: Tensor<Float>, gradient: Tensor<Float>?) {
      let tape = Tape<Float>()
      let input = tape.leaf(x.rows(rows))
      let result = dense(input, weight: tape.constant(w))
      return (result.value, tape.gradients(of: result, seed: result.value)[input])
    }
    let all = evaluate(0..<200)
    for rows in [0..<16, 100..<133, 5..<200] {
      let some = evaluate(rows)
      #expect(some.value == all.value.rows(rows))
      #expect(some.gradient == all.gradient?.rows(rows))
    }
  }

  @Test func gradientsFlowOnlyWhereTheyAreWanted() throws {
    let tape = Tape<Double>()
    let x = tape.constant(Tensor([1, 2, 3, 4], shape: [2, 2]))
    let weight = tape.leaf(Tensor.identity(2))
    let gradients = tape.gradients(of: dense(x, weight: weight).sum())
    #expect(gradients[x] == nil)
    #expect(gradients[weight] == Tensor([4, 6, 4, 6], shape: [2, 2]))
    #expect(!dense(x, weight: weight.detached).wantsGradient)
  }
}

extension Tensor {
  /// Some of the samples, which are what the first index counts.
  fileprivate func samples(_ range: Range<Int>) -> Tensor {
    let size = count / shape[0]
    return Tensor(scalars[range.lowerBound * size..<range.upperBound * size], shape: [range.count] + shape.dropFirst())
  }
}
