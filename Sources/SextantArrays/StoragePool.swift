// Pooled, cache-line aligned memory for tensors.
//
// The first access to new memory takes about 1.4 s per gigabyte on the machines that we measured; reusing memory takes
// no time. Blocks are therefore kept by size class and reused, and a loop that creates the same tensors in every step
// allocates nothing after its first step. This is not a general-purpose allocator.

import Foundation
import Synchronization

/// Recycles tensor memory by size class.
///
/// All tensors draw from ``shared``. Used and unused blocks together are at most the larger of two gibibytes and 1.25
/// times the peak of the memory in use. Beyond that, unused blocks are returned to the system, least recently requested
/// sizes first.
public final class StoragePool: Sendable {
  /// The pool of all tensors.
  public static let shared = StoragePool(unquestionedByteCount: 2 << 30)

  /// Counters for benchmarks and tests since the process started.
  public struct Statistics: Sendable, Equatable {
    /// Blocks requested from the operating system.
    public var allocations = 0
    /// Blocks reused without a request to the system.
    public var reuses = 0
    /// Bytes in blocks that are in use.
    public var liveBytes = 0
    /// The peak of ``liveBytes``.
    public var peakBytes = 0
    /// Bytes in unused blocks in the pool.
    public var retainedBytes = 0
  }

  /// The unused blocks of one size.
  private struct Shelf {
    var blocks: [UnsafeMutableRawPointer] = []
    /// When a block of this size was last requested, as a count of all requests.
    var lastUse = 0
  }

  private struct State: @unchecked Sendable {
    var shelves: [Int: Shelf] = [:]
    var statistics = Statistics()
  }

  private let state = Mutex(State())
  /// The total size that is always allowed, however little memory is in use.
  private let unquestionedByteCount: Int

  init(unquestionedByteCount: Int) { self.unquestionedByteCount = unquestionedByteCount }

  /// The counters so far.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  /// Restarts the peak at the bytes now in use.
  public func restartPeak() {
    state.withLock { $0.statistics.peakBytes = $0.statistics.liveBytes }
  }

  /// The size of the block for `byteCount` bytes: the next of four steps per power of two, so at most a quarter is
  /// wasted.
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

  /// Returns unused blocks to the system as long as the total is too large, least recently requested sizes first.
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
  // Sendable is sound, because `Tensor` copies the block before writing unless it is the only owner.
  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  private let sizeClass: Int

  init(count: Int) {
    sizeClass = StoragePool.sizeClass(for: max(1, count) * MemoryLayout<Scalar>.stride)
    base = StoragePool.shared.takeBlock(ofClass: sizeClass).bindMemory(
      to: Scalar.self, capacity: count)
  }

  deinit { StoragePool.shared.giveBack(UnsafeMutableRawPointer(base), ofClass: sizeClass) }
}
