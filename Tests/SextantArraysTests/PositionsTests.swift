// Laws of positions that are told by arithmetic.

import SextantArrays
import Testing

@Suite struct PositionsTests {
  @Test func copiesFollowEachOther() {
    #expect([0, 2, 1].expanded(toCopies: 3) == [0, 1, 2, 6, 7, 8, 3, 4, 5])
    #expect((0..<4).expanded(toCopies: 1) == [0, 1, 2, 3])
  }
}
