// Modes: exact by either Gram matrix, streamed by the randomised range finder, truncated.

import SextantArrays
import Testing

@testable import SextantPriors

@Suite struct EmpiricalOrthogonalFunctionsTests {
  /// Anomalies with a spectrum that falls by a factor of two a mode.
  static func anomalies(fields: Int, states: Int) throws -> Tensor<Float> {
    var random = RandomStream(seed: 21)
    let rank = 12
    let left = try orthonormalised(random.normals([fields, rank]))
    let right = try orthonormalised(random.normals([states, rank]))
    let spectrum = (0..<rank).map { 10 / Double(1 << $0) }
    let product = matrixProduct(left.scalingColumns(by: spectrum), right, transposingSecond: true)
    return product.converted(to: Float.self) * Float(Double(fields).squareRoot())
  }

  @Test(arguments: [(30, 80), (80, 30)])
  func exactModesHaveTheSpectrum(fields: Int, states: Int) throws {
    let functions = try EmpiricalOrthogonalFunctions(
      of: Self.anomalies(fields: fields, states: states), modeCount: 8)
    for i in 0..<8 { #expect(abs(functions.standardDeviations[i] - Float(10 / Double(1 << i))) < 1e-3) }
    let gram = gramMatrix(functions.scaledModes)
    for i in 0..<8 {
      for j in 0..<8 {
        let expected = i == j ? functions.standardDeviations[i] * functions.standardDeviations[i] : 0
        #expect(abs(gram[i, j] - expected) < 2e-3)
      }
    }
  }

  @Test func streamedModesAgreeWithExactOnes() throws {
    let anomalies = try Self.anomalies(fields: 60, states: 200)
    let exact = try EmpiricalOrthogonalFunctions(of: anomalies, modeCount: 6)
    var random = RandomStream(seed: 2)
    let streamed = try EmpiricalOrthogonalFunctions(
      streaming: { piece in
        for start in stride(from: 0, to: 60, by: 25) { try piece(anomalies.rows(start..<min(60, start + 25))) }
      }, fieldCount: 60, stateCount: 200, modeCount: 6, random: &random)
    for i in 0..<6 {
      #expect(
        abs(exact.standardDeviations[i] - streamed.standardDeviations[i]) < 1e-3 * exact.standardDeviations[i] + 1e-4)
      // Modes agree up to their sign.
      let overlap = exact.scaledModes.row(i).dot(streamed.scaledModes.row(i))
      let size = Double(exact.standardDeviations[i]) * Double(exact.standardDeviations[i])
      #expect(abs(abs(overlap) - size) < 2e-3 * size)
    }
    for j in 0..<200 { #expect(abs(exact.residualVariance[j] - streamed.residualVariance[j]) < 1e-3) }
  }

  @Test func truncationMovesVarianceToTheRest() throws {
    let functions = try EmpiricalOrthogonalFunctions(of: Self.anomalies(fields: 40, states: 50), modeCount: 10)
    let fewer = functions.truncated(to: 3)
    for j in 0..<50 {
      let whole = functions.scaledModes.columnSquaredNorms()[j] + Double(functions.residualVariance[j])
      let part = fewer.scaledModes.columnSquaredNorms()[j] + Double(fewer.residualVariance[j])
      #expect(abs(whole - part) < 1e-4)
    }
  }

  /// Products and decomposition take minutes of a large archive: a wish to stop is heard between them.
  @Test func itIsInterruptedBetweenItsSteps() throws {
    struct Stop: Error {}
    let anomalies = try Self.anomalies(fields: 30, states: 40)
    for last in 1...2 {
      var (calls, isStopped) = (0, false)
      do {
        _ = try EmpiricalOrthogonalFunctions(of: anomalies, modeCount: 4) {
          calls += 1
          if calls == last { throw Stop() }
        }
      } catch is Stop { isStopped = true }
      #expect(isStopped && calls == last)
    }
  }

  @Test func gapsCountAsNoAnomaly() throws {
    var anomalies = try Self.anomalies(fields: 30, states: 40)
    anomalies[3, 7] = .nan
    let functions = try EmpiricalOrthogonalFunctions(of: anomalies, modeCount: 4)
    #expect(functions.scaledModes.scalars.allSatisfy { $0.isFinite })
  }
}
