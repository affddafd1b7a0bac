// The pinned permutations against NumPy's own (Tests/References/permutations.py).

import Foundation
import SextantFlows
import Testing

@Suite struct PinnedPermutationTests {
  struct Reference: Decodable {
    struct Whole: Decodable {
      let count: Int
      let seed: UInt32
      let order: [Int]
    }
    struct Ends: Decodable {
      let count: Int
      let seed: UInt32
      let first: [Int]
      let last: [Int]
      let weightedSum: Int
    }
    let whole: [Whole]
    let ends: [Ends]
  }

  let reference: Reference

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/permutations.json")
    reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
  }

  @Test func theOneThatTheNotesPin() {
    #expect(PinnedPermutation(count: 8, seed: 0).order == [6, 2, 1, 7, 3, 0, 5, 4])
  }

  @Test func shortOnesInFull() {
    for each in reference.whole {
      let permutation = PinnedPermutation(count: each.count, seed: each.seed)
      #expect(permutation.order == each.order, "count \(each.count), seed \(each.seed)")
      #expect(permutation.order.map { permutation.inverse[$0] } == Array(0..<each.count))
    }
  }

  @Test func longOnesByTheirEnds() {
    for each in reference.ends {
      let order = PinnedPermutation(count: each.count, seed: each.seed).order
      #expect(Array(order.prefix(8)) == each.first)
      #expect(Array(order.suffix(8)) == each.last)
      #expect(order.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element } == each.weightedSum)
    }
  }
}
