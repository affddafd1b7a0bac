// The arithmetic of mixtures of patches on many rows is that of single ones.

import Foundation
import SextantArrays
import SextantPriors
import Testing

@Suite struct PatchArithmeticTests {
  /// More rows than one part has.
  @Test(arguments: [1, 9, 64]) func squaredDistancesAreThoseOfTheSolutions(size: Int) throws {
    var random = RandomStream(seed: 4)
    let factor = try CholeskyFactor(
      gramMatrix(random.normals([size, size], as: Double.self)).addingDiagonal([Double](repeating: 1, count: size)))
    let rows = random.normals([300, size], as: Double.self)
    let centre = random.normals([size], as: Double.self).scalars
    let white = factor.solveLower(rows: rows.subtractingRow(centre))
    let found = factor.squaredDistances(of: rows, from: centre)
    for (distance, expected) in zip(found, white.rowSquaredNorms()) {
      #expect(abs(distance - expected) < 1e-12 * max(1, expected))
    }
  }

  @Test func exponentialsOfRowsHaveTheSumOne() {
    var random = RandomStream(seed: 5)
    let logs: Tensor<Float> = random.normals([700, 13]) * 30 - Tensor(repeating: 4000, shape: [700, 13])
    var shares = logs
    let sums = shares.normaliseExponentials()
    for row in 0..<700 {
      let own = logs.row(row).scalars.map(Double.init)
      let most = own.max() ?? 0
      let total = own.reduce(0) { $0 + exp($1 - most) }
      #expect(abs(sums[row] - (most + log(total))) < 1e-3)
      for (share, value) in zip(shares.row(row).scalars, own) {
        #expect(abs(Double(share) - exp(value - most) / total) < 1e-5)
      }
    }
    let parts = shares.rowsOfColumns(above: 0.3)
    for k in 0..<13 {
      #expect(parts[k].rows == (0..<700).filter { shares[$0, k] > 0.3 })
      #expect(parts[k].values == parts[k].rows.map { shares[$0, k] })
    }
  }
}
