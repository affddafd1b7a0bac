// Pooled, cache-line aligned memory for tensors.
//
// Fresh memory costs about 1.4 s a gigabyte to touch on the machines that we measured; a block that has
// been touched costs nothing. So blocks are kept by size class and handed out again, and a loop that
// makes the same tensors every step allocates nothing after its first step. Not a general allocator.

import Foundation
import Synchronization

/// Recycles tensor memory by size class.
///
/// All tensors draw from ``shared``. Used and unused blocks together are never more than a quarter above the most that tensors
/// used at once so far, or two gibibytes: beyond that the unused blocks of the sizes that were asked for longest ago go back
/// to the system.
public final class StoragePool: Sendable {
  /// The pool that every tensor draws from.
  public static let shared = StoragePool(unquestionedByteCount: 2 << 30)

  /// Counters for benchmarks and tests: what the pool did since the process started.
  public struct Statistics: Sendable, Equatable {
    /// Blocks asked of the operating system.
    public var allocations = 0
    /// Blocks handed out again without asking the system.
    public var reuses = 0
    /// Bytes in blocks that tensors use.
    public var liveBytes = 0
    /// The most of those at once.
    public var peakBytes = 0
    /// Bytes lying in the pool, unused.
    public var retainedBytes = 0
  }

  /// The unused blocks of one size.
  private struct Shelf {
    var blocks: [UnsafeMutableRawPointer] = []
    /// When a block of this size was last asked for, by the count of all that were.
    var lastUse = 0
  }

  private struct State: @unchecked Sendable {
    var shelves: [Int: Shelf] = [:]
    var statistics = Statistics()
  }

  private let state = Mutex(State())
  /// What used and unused blocks may come to however little was used at once.
  private let unquestionedByteCount: Int

  init(unquestionedByteCount: Int) { self.unquestionedByteCount = unquestionedByteCount }

  /// What the pool did so far.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  /// Counts the most bytes used at once from now on.
  public func restartPeak() {
    state.withLock { $0.statistics.peakBytes = $0.statistics.liveBytes }
  }

  /// The size of the block that holds `byteCount` bytes: the next of four steps per power of two, so at most a quarter is wasted.
  static func sizeClass(for byteCount: Int) -> Int {
    guard byteCount > 256 else { return 256 }
    let step = max(64, (1 << (Int.bitWidth - (byteCount - 1).leadingZeroBitCount - 1)) / 4)
    return (byteCount + step - 1) / step * step
  }

  func takeBlock(ofClass size: Int) -> UnsafeMutableRawPointer {
    let reused: UnsafeMutableRawPointer? = state.withLock { state in
      state.statistics.liveBytes += size
      state.statistics.peakBytes = max(state.statistics.peakBytes, state.statistics.liveBytes)
      state.shelves[size, default: Shelf()].lastUse = state.statistics.allocations + state.statistics.reuses
      guard let block = state.shelves[size]?.blocks.popLast() else {
        state.statistics.allocations += 1
        makeRoom(&state)
        return nil
      }
      state.statistics.reuses += 1
      state.statistics.retainedBytes -= size
      return block
    }
    return reused ?? UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
  }

  func giveBack(_ block: UnsafeMutableRawPointer, ofClass size: Int) {
    nonisolated(unsafe) let block = block
    state.withLock { state in
      state.statistics.liveBytes -= size
      state.statistics.retainedBytes += size
      state.shelves[size, default: Shelf()].blocks.append(block)
    }
  }

  /// Returns unused blocks to the system while there are too many bytes, those first whose size was asked for longest ago.
  private func makeRoom(_ state: inout State) {
    let limit = max(unquestionedByteCount, state.statistics.peakBytes / 4 * 5)
    while state.statistics.liveBytes + state.statistics.retainedBytes > limit {
      let filled = state.shelves.filter { !$0.value.blocks.isEmpty }
      guard let size = filled.min(by: { $0.value.lastUse < $1.value.lastUse })?.key else { return }
      state.shelves[size]?.blocks.popLast()?.deallocate()
      state.statistics.retainedBytes -= size
    }
  }

  /// Returns all unused blocks to the system.
  public func drain() {
    state.withLock { state in
      for shelf in state.shelves.values { for block in shelf.blocks { block.deallocate() } }
      state.shelves = [:]
      state.statistics.retainedBytes = 0
    }
  }
}

/// One block of pooled memory, owned by the tensors that share it.
@usableFromInline
final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  // Sendable is sound: `Tensor` copies the block before writing unless it is the only owner.
  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  private let sizeClass: Int

  init(count: Int) {
    sizeClass = StoragePool.sizeClass(for: max(1, count) * MemoryLayout<Scalar>.stride)
    base = StoragePool.shared.takeBlock(ofClass: sizeClass).bindMemory(
      to: Scalar.self, capacity: count)
  }

  deinit { StoragePool.shared.giveBack(UnsafeMutableRawPointer(base), ofClass: sizeClass) }
}
