// Pooled, cache-line aligned memory for tensors.
//
// Fresh memory costs about 1.4 s a gigabyte to touch on the machines that we measured; a block that has
// been touched costs nothing. So blocks are kept by size class and handed out again, and a loop that
// makes the same tensors every step allocates nothing after its first step. Not a general allocator.

import Foundation
import Synchronization

/// Recycles tensor memory by size class.
///
/// All tensors draw from ``shared``. Blocks above `retainedByteLimit` in total go back to the system.
public final class StoragePool: Sendable {
  /// The pool that every tensor draws from.
  public static let shared = StoragePool(retainedByteLimit: 2 << 30)

  /// Counters for benchmarks and tests: what the pool did since the process started.
  public struct Statistics: Sendable, Equatable {
    /// Blocks asked of the operating system.
    public var allocations = 0
    /// Blocks handed out again without asking the system.
    public var reuses = 0
    /// Bytes lying in the pool, unused.
    public var retainedBytes = 0
  }

  private struct State: @unchecked Sendable {
    var free: [Int: [UnsafeMutableRawPointer]] = [:]
    var statistics = Statistics()
  }

  private let state = Mutex(State())
  private let retainedByteLimit: Int

  init(retainedByteLimit: Int) { self.retainedByteLimit = retainedByteLimit }

  /// What the pool did so far.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  /// The size of the block that holds `byteCount` bytes: the next of four steps per power of two, so at most a quarter is wasted.
  static func sizeClass(for byteCount: Int) -> Int {
    guard byteCount > 256 else { return 256 }
    let step = max(64, (1 << (Int.bitWidth - (byteCount - 1).leadingZeroBitCount - 1)) / 4)
    return (byteCount + step - 1) / step * step
  }

  func takeBlock(ofClass size: Int) -> UnsafeMutableRawPointer {
    let reused: UnsafeMutableRawPointer? = state.withLock { state in
      guard let block = state.free[size]?.popLast() else {
        state.statistics.allocations += 1
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
    let isKept = state.withLock { state in
      guard state.statistics.retainedBytes + size <= retainedByteLimit else { return false }
      state.free[size, default: []].append(block)
      state.statistics.retainedBytes += size
      return true
    }
    if !isKept { block.deallocate() }
  }

  /// Returns all unused blocks to the system.
  public func drain() {
    state.withLock { state in
      for blocks in state.free.values { for block in blocks { block.deallocate() } }
      state.free = [:]
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
