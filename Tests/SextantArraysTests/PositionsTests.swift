// Laws of positions that are told by arithmetic.

import SextantArrays
import Testing

@Suite struct PositionsTests {
  @Test func copiesFollowEachOther() {
    #expect([0, 2, 1].expanded(toCopies: 3) == [0, 1, 2, 6, 7, 8, 3, 4, 5])
    #expect((0..<4).expanded(toCopies: 1) == [0, 1, 2, 3])
  }

  @Test func middlesOfPartsAreSpreadEvenly() {
    #expect((0..<10).middles(ofParts: 5) == [1, 3, 5, 7, 9])
    #expect((0..<7).middles(ofParts: 2) == [1, 5])
    #expect(["a", "b", "c"].middles(ofParts: 1) == ["b"])
    #expect((0..<0).middles(ofParts: 3) == [])
    for count in 1...40 {
      for number in 1...50 {
        let found = (0..<count).middles(ofParts: number)
        #expect(found.count == min(number, count))
        // Neighbours are equally far apart, and the first is as far from the start as the last from the end.
        let gaps = zip(found, found.dropFirst()).map { $1 - $0 }
        #expect((gaps.max() ?? 1) - (gaps.min() ?? 1) <= 1 && (gaps.min() ?? 1) >= 1)
        #expect(abs(found[0] - (count - 1 - found[found.count - 1])) <= 1)
      }
    }
  }
}
