// The M-step of the factor analysis. Given the factors' moments, the coefficients of a state are a ridge regression of its
// measured values, weighted by 1/(Ψ + R); then its residual variance is found for these coefficients. Each of the two steps
// raises the penalised likelihood, so the whole does (expectation and conditional maximisation, Meng and Rubin 1993).
//
// States are taken in blocks: the memory is that of the factors' moments (N·q²/2), of one block, and of the model.

import Foundation
import SextantArrays

extension FactorModel {
  /// The weight of the prior of a residual variance in values, and its mean: a state that is seldom measured keeps it.
  package static let residualPrior = (count: 2.0, variance: 0.05)
  private static let statesInBlock = 512
  private static let residualSteps = 8

  /// The logarithm of the prior of the parameters, up to a constant.
  package var logPrior: Double {
    let (count, variance) = Self.residualPrior
    var sum = residualVariance.reduce(0.0) { $0 - 0.5 * count * (log($1) + variance / $1) }
    coefficients.withUnsafeScalars { rows in
      for i in rows.indices { sum -= 0.5 * ridge[i % width] * rows[i] * rows[i] }
    }
    return sum
  }

  /// The M-step.
  ///
  /// - Parameters:
  ///   - expectation: what the E-step with these parameters found.
  ///   - fields: the measured fields.
  ///   - usesHidden: whether the hidden values are learned from as well.
  /// - Throws: what reading throws, where the fields are not in memory.
  package mutating func maximise(
    _ expectation: FactorExpectation, over fields: GappyStates, usesHidden: Bool
  ) throws {
    let (n, d, q) = (fields.count, stateCount, width)
    let packed = q * (q + 1) / 2
    let ridge = ridge
    // Fields that are not in memory are read once for each group of blocks.
    let group = fields.areHeld ? Self.statesInBlock : max(Self.statesInBlock, (1 << 26) / max(1, n))
    for start in stride(from: 0, to: d, by: group) {
      let columns = try MeasuredColumns(start..<min(d, start + group), of: fields, usesHidden: usesHidden)
      for block in stride(from: columns.range.lowerBound, to: columns.range.upperBound, by: Self.statesInBlock) {
        let range = block..<min(columns.range.upperBound, block + Self.statesInBlock)
        let values = columns.rows(range)
        let weights = values.weights(residualVariance: residualVariance)
        let grams = matrixProduct(weights, expectation.moments)
        let rights = matrixProduct(weights * values.anomalies, expectation.means)
        // The new coefficients (rows × q), and their outer products in the order of the moments (rows × p).
        var solved = Tensor<Double>.zeros([range.count, q])
        var outer = Tensor<Double>.zeros([range.count, packed])
        solved.withUnsafeMutableScalars { solved in
          outer.withUnsafeMutableScalars { outer in
            // Sound: each row is written by one thread.
            nonisolated(unsafe) let (solved, outer) = (solved, outer)
            Parallel.forEach(range.count) { row in
              var gram = Tensor<Double>.zeros([q, q])
              gram.withUnsafeMutableScalars { gram in
                grams.withUnsafeScalars { grams in
                  var slot = row * packed
                  for a in 0..<q {
                    for b in 0...a {
                      gram[a * q + b] = grams[slot]
                      slot += 1
                    }
                    gram[a * q + a] += ridge[a]
                  }
                }
              }
              // The ridge keeps the matrix positive definite; without a value at the state the answer is 0.
              guard let factor = try? CholeskyFactor(gram) else { return }
              let right = rights.withUnsafeScalars { Array($0[row * q..<(row + 1) * q]) }
              let solution = factor.solve(Tensor(right)).scalars
              var slot = row * packed
              for a in 0..<q {
                solved[row * q + a] = solution[a]
                for b in 0...a {
                  outer[slot] = (a == b ? 1 : 2) * solution[a] * solution[b]
                  slot += 1
                }
              }
            }
          }
        }
        // E[(y − u·β)²] of each value.
        let fits = matrixProduct(solved, expectation.means, transposingSecond: true)
        let squares = matrixProduct(outer, expectation.moments, transposingSecond: true)
        let variances = values.residualVariances(
          from: range.map { residualVariance[$0] }, fits: fits, squares: squares, steps: Self.residualSteps)
        for (row, state) in range.enumerated() { residualVariance[state] = variances[row] }
        coefficients.replaceRows(from: range.lowerBound, with: solved)
      }
    }
  }
}

/// The values of a range of states in all fields, as rows.
private struct MeasuredColumns {
  let range: Range<Int>
  private let fieldCount: Int
  /// Anomalies and variances of the noise (states × N); the variance is infinite where nothing was measured.
  private var anomalies: [Double]
  private var noiseVariance: [Double]

  init(_ range: Range<Int>, of fields: GappyStates, usesHidden: Bool) throws {
    self.range = range
    let n = fields.count
    fieldCount = n
    anomalies = [Double](repeating: 0, count: range.count * n)
    noiseVariance = [Double](repeating: .infinity, count: range.count * n)
    for position in 0..<n {
      let field = try fields.field(position)
      let first = partitionPoint(in: field.states.indices) { field.states[$0] < range.lowerBound }
      for i in first..<field.states.count {
        guard field.states[i] < range.upperBound else { break }
        guard usesHidden || !field.isHidden[i] else { continue }
        let slot = (field.states[i] - range.lowerBound) * n + position
        anomalies[slot] = field.anomalies[i]
        noiseVariance[slot] = field.noiseVariance[i]
      }
    }
  }

  /// The rows of a part of the range.
  func rows(_ part: Range<Int>) -> MeasuredRows {
    let slots = (part.lowerBound - range.lowerBound) * fieldCount..<(part.upperBound - range.lowerBound) * fieldCount
    return MeasuredRows(
      states: part, anomalies: Tensor(anomalies[slots], shape: [part.count, fieldCount]),
      noiseVariance: Array(noiseVariance[slots]))
  }
}

/// The values of some states in all fields.
private struct MeasuredRows {
  let states: Range<Int>
  /// 0 where nothing was measured (states × N).
  let anomalies: Tensor<Double>
  /// Infinite where nothing was measured (states × N).
  let noiseVariance: [Double]

  /// 1/(Ψ + R), 0 where nothing was measured (states × N).
  func weights(residualVariance: [Double]) -> Tensor<Double> {
    let n = anomalies.columnCount
    return Tensor(shape: anomalies.shape) { out in
      for i in out.indices { out[i] = 1 / (residualVariance[states.lowerBound + i / max(1, n)] + noiseVariance[i]) }
    }
  }

  /// The residual variance of each state by steps of Ψ ← mean of (Ψ/V)²·e + Ψ·R/V, each of which raises the likelihood.
  ///
  /// - Parameters:
  ///   - current: the variances so far.
  ///   - fits: the expected values (states × N).
  ///   - squares: E[(u·β)²] (states × N).
  func residualVariances(
    from current: [Double], fits: Tensor<Double>, squares: Tensor<Double>, steps: Int
  ) -> [Double] {
    let n = anomalies.columnCount
    let prior = FactorModel.residualPrior
    var result = current
    result.withUnsafeMutableBufferPointer { result in
      anomalies.withUnsafeScalars { y in
        fits.withUnsafeScalars { fits in
          squares.withUnsafeScalars { squares in
            nonisolated(unsafe) let (result, y, fits, squares) = (result, y, fits, squares)
            Parallel.forEach(states.count) { row in
              let measured = (row * n..<(row + 1) * n).filter { noiseVariance[$0].isFinite }
              let errors = measured.map { max(0, y[$0] * y[$0] - 2 * y[$0] * fits[$0] + squares[$0]) }
              var variance = result[row]
              for _ in 0..<steps {
                var sum = prior.count * prior.variance
                for (i, slot) in measured.enumerated() {
                  let share = variance / (variance + noiseVariance[slot])
                  sum += share * share * errors[i] + share * noiseVariance[slot]
                }
                variance = sum / (prior.count + Double(measured.count))
              }
              result[row] = variance
            }
          }
        }
      }
    }
    return result
  }
}
