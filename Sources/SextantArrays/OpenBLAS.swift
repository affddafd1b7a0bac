// The kernels that OpenBLAS selected, and whether the selection is right.
//
// Releases up to at least 0.3.21 mistake some processors with AVX-512 for "Haswell" and run matrix products at half
// speed. The environment variable OPENBLAS_CORETYPE corrects this, but it is read when the library is loaded, so a
// program has to set it and restart. This file detects the problem and advises; only an executable may act on it.

import COpenBLAS
import Foundation
import Synchronization

/// The linear algebra library as loaded into this process.
public enum OpenBLAS {
  /// The environment variable that names the kernels to use.
  public static let coreTypeVariable = "OPENBLAS_CORETYPE"

  private static let adviceWasTaken = Mutex(false)

  /// The library's version, such as "0.3.21".
  public static var version: String {
    let words = String(cString: openblas_get_config()).split(separator: " ")
    return words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown"
  }

  /// The processor family of the library's kernels, such as "SkylakeX".
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// The number of library threads.
  public static var threadCount: Int { Int(openblas_get_num_threads()) }

  /// Limits the library to `count` threads.
  public static func limitThreads(to count: Int) { openblas_set_num_threads(Int32(max(1, count))) }

  private static let singleThreadDepth = Mutex((depth: 0, threadsBefore: 1))

  /// Runs `body` with a single library thread, then restores the previous number.
  ///
  /// For work that is parallel at a higher level, or too small to benefit from the library's threads. The setting is
  /// global to the process: sections may nest and overlap, and the last one to end restores it.
  public static func withSingleThread<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    singleThreadDepth.withLock { state in
      if state.depth == 0 {
        state.threadsBefore = threadCount
        limitThreads(to: 1)
      }
      state.depth += 1
    }
    defer {
      singleThreadDepth.withLock { state in
        state.depth -= 1
        if state.depth == 0 { limitThreads(to: state.threadsBefore) }
      }
    }
    return try body()
  }

  /// The kernels that would be faster; nil if those in use are right.
  public static var betterCoreType: String? {
    betterCoreType(than: coreName, on: Processor.bestInstructionSet)
  }

  /// Whether the environment specifies the kernels, which is then the user's choice, right or wrong.
  public static var isCoreTypeGiven: Bool { ProcessInfo.processInfo.environment[coreTypeVariable] != nil }

  static func betterCoreType(than coreName: String, on processor: Processor.InstructionSet) -> String? {
    let usesAVX512 = ["skylakex", "cooperlake", "sapphirerapids"].contains(coreName.lowercased())
    return processor >= .avx512 && !usesAVX512 ? "SkylakeX" : nil
  }

  /// Advice for the user about the library's speed: a text the first time, if there is any, then nil.
  ///
  /// For programs that use this package; the command line program restarts itself.
  public static func takeAdvice() -> String? {
    guard !isCoreTypeGiven, let better = betterCoreType else { return nil }
    let isFirst = adviceWasTaken.withLock { taken in
      defer { taken = true }
      return !taken
    }
    guard isFirst else { return nil }
    return
      "OpenBLAS \(version) uses its \(coreName) kernels although this processor has AVX-512: matrix products run at "
      + "about half speed. Start the program with \(coreTypeVariable)=\(better) in its environment."
  }
}
