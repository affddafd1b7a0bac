// Products from one triangle against whole products, on sizes of several tiles.

import SextantArrays
import Testing

@testable import SextantPriors

@Suite struct SymmetricFormsTests {
  private static func symmetric(_ n: Int, _ random: inout RandomStream) -> Tensor<Double> {
    let half: Tensor<Double> = random.normals([n, n])
    return half + half.transposed()
  }

  @Test(arguments: [(1, 1), (3, 384), (513, 385), (700, 900)]) func formsAreThoseOfTheWholeMatrix(count: Int, size: Int) {
    var random = RandomStream(seed: 3)
    let matrix = Self.symmetric(size, &random)
    let vectors: Tensor<Double> = random.normals([count, size])
    let image = matrixProduct(vectors, matrix)
    let found = quadraticForms(vectors, of: matrix)
    #expect(found.count == count)
    for row in 0..<count {
      let expected = zip(image.row(row).scalars, vectors.row(row).scalars).reduce(0.0) { $0 + $1.0 * $1.1 }
      #expect(abs(found[row] - expected) < 1e-9 * Double(size * size), "row \(row)")
    }
  }

  @Test(arguments: [1, 256, 257, 600]) func productsAreThoseOfBothTriangles(size: Int) {
    var random = RandomStream(seed: 4)
    let gain: Tensor<Double> = random.normals([size, 300])
    let half = matrixProduct(gain, Self.symmetric(300, &random))
    let expected = matrixProduct(half, gain, transposingSecond: true).scalars
    let found = symmetricProduct(half, transposed: gain).scalars
    let scale = expected.reduce(0.0) { max($0, abs($1)) }
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 * scale })
  }
}
