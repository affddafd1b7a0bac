// ARPACK's eigenpairs of operators whose spectrum is known.

import SextantArrays
import Testing

@Suite struct LargestEigenpairsTests {
  @Test func aDiagonalGivesItsLargestEntries() throws {
    // Falling by threes: 100, 100, 100, 99, 99, 99, …
    let diagonal = (0..<300).map { 100 - Double($0 / 3) }
    let pairs = try LargestEigenpairs(size: 300, count: 10, random: RandomStream(seed: 1)) {
      $0.scalingColumns(by: diagonal)
    }
    for (found, expected) in zip(pairs.values, diagonal) { #expect(abs(found - expected) < 1e-8) }
    for k in 0..<10 {
      let vector = pairs.vectors.rows(k..<k + 1)
      let residual = vector.scalingColumns(by: diagonal) - vector * pairs.values[k]
      #expect(residual.dot(residual).squareRoot() < 1e-7)
    }
    let again = try LargestEigenpairs(size: 300, count: 10, random: RandomStream(seed: 1)) {
      $0.scalingColumns(by: diagonal)
    }
    #expect(again.values == pairs.values && again.vectors == pairs.vectors)
  }

  @Test func imagesThatAreNotFiniteAreToldOf() {
    #expect(throws: LinearAlgebraError.self) {
      _ = try LargestEigenpairs(size: 50, count: 3, random: RandomStream(seed: 1)) { $0 * .nan }
    }
  }
}
