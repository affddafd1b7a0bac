// The pool of memory: a loop that makes the same tensors every step asks the system for nothing after its first step.

import Testing

@testable import SextantArrays

@Suite struct StoragePoolTests {
  @Test func blocksGoRoundInALoop() {
    let pool = StoragePool(unquestionedByteCount: 1 << 20)
    for _ in 0..<50 {
      let blocks = [1000, 1000, 70_000].map { pool.takeBlock(ofClass: StoragePool.sizeClass(for: $0)) }
      for (block, size) in zip(blocks, [1000, 1000, 70_000]) {
        pool.giveBack(block, ofClass: StoragePool.sizeClass(for: size))
      }
    }
    #expect(pool.statistics.allocations == 3)
    #expect(pool.statistics.reuses == 147)
    pool.drain()
    #expect(pool.statistics.retainedBytes == 0)
  }

  @Test func whatWasUsedAtOnceIsKeptHoweverMuchItIs() {
    let pool = StoragePool(unquestionedByteCount: 0)
    for _ in 0..<5 {
      for block in (0..<30).map({ _ in pool.takeBlock(ofClass: 2048) }) { pool.giveBack(block, ofClass: 2048) }
    }
    #expect(pool.statistics.allocations == 30)
    #expect(pool.statistics.peakBytes == 30 * 2048 && pool.statistics.liveBytes == 0)
    pool.drain()
  }

  @Test func whatWasNotAskedForLongestGoesBackWhenAnotherSizeIsWanted() {
    let pool = StoragePool(unquestionedByteCount: 4096)
    for block in (0..<4).map({ _ in pool.takeBlock(ofClass: 1024) }) { pool.giveBack(block, ofClass: 1024) }
    // 5120 bytes, a quarter above the 4096 of use, are allowed: the block of 2048 takes the place of one of 1024.
    let other = pool.takeBlock(ofClass: 2048)
    #expect(pool.statistics.retainedBytes == 3072)
    pool.giveBack(other, ofClass: 2048)
    #expect(pool.statistics.retainedBytes == 5120)
    // What was used last stays: of the two sizes, 1024 was asked for longer ago.
    let third = pool.takeBlock(ofClass: 1280)
    #expect(pool.statistics.retainedBytes == 3072)
    #expect(pool.takeBlock(ofClass: 2048) == other)
    for (block, size) in [(third, 1280), (other, 2048)] { pool.giveBack(block, ofClass: size) }
    pool.drain()
  }

  @Test func blocksAreAlignedToCacheLines() {
    let pool = StoragePool(unquestionedByteCount: 0)
    let block = pool.takeBlock(ofClass: 320)
    #expect(UInt(bitPattern: block) % 64 == 0)
    pool.giveBack(block, ofClass: 320)
  }

  @Test(arguments: [1, 255, 256, 257, 1000, 65_536, 65_537, 123_456_789])
  func sizeClassesHoldTheirContentAndWasteAtMostAQuarter(byteCount: Int) {
    let size = StoragePool.sizeClass(for: byteCount)
    #expect(size >= byteCount)
    #expect(size == 256 || Double(size) <= 1.25 * Double(byteCount) + 64)
    #expect(StoragePool.sizeClass(for: size) == size)
  }

  @Test func tensorsOfALoopReuseTheirMemory() {
    // Other tests use the shared pool at the same time: reuses of this size class are only ours.
    let shape = [317, 1009]
    var sum = Tensor<Float>.zeros(shape)
    for _ in 0..<3 { sum = sum + sum }
    let before = StoragePool.shared.statistics
    for _ in 0..<40 { sum = sum + sum }
    #expect(StoragePool.shared.statistics.reuses - before.reuses >= 40)
  }
}
