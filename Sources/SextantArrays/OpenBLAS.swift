// Which of its kernels OpenBLAS chose, and whether it chose well.
//
// Releases up to at least 0.3.21 take some processors with AVX-512 for "Haswell" and run matrix products at half speed. The
// environment variable OPENBLAS_CORETYPE corrects that, but it is read when the library is loaded: a program has
// to set it and restart itself. This file decides and advises; only an executable may act.

import COpenBLAS
import Foundation
import Synchronization

/// The linear algebra library as it was loaded into this process.
public enum OpenBLAS {
  /// The environment variable that names the kernels to use.
  public static let coreTypeVariable = "OPENBLAS_CORETYPE"

  private static let adviceWasTaken = Mutex(false)

  /// The library's version, such as "0.3.21".
  public static var version: String {
    let words = String(cString: openblas_get_config()).split(separator: " ")
    return words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown"
  }

  /// The processor family whose kernels the library uses, such as "SkylakeX".
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// The number of threads that the library uses.
  public static var threadCount: Int { Int(openblas_get_num_threads()) }

  /// Lets the library use at most `count` threads.
  public static func limitThreads(to count: Int) { openblas_set_num_threads(Int32(max(1, count))) }

  private static let singleThreadDepth = Mutex((depth: 0, threadsBefore: 1))

  /// Runs `body` while the library uses one thread, and then lets it use as many as before.
  ///
  /// For work that is parallel above the library, or too small to gain from its threads. The setting is one for the whole
  /// process: sections may nest and overlap, and the last that ends restores it.
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

  /// The kernels that would make the library faster; nil when those in use are right.
  public static var betterCoreType: String? {
    betterCoreType(than: coreName, on: Processor.bestInstructionSet)
  }

  /// True when the environment says which kernels to use: that is then somebody's wish, right or wrong.
  public static var isCoreTypeGiven: Bool { ProcessInfo.processInfo.environment[coreTypeVariable] != nil }

  static func betterCoreType(than coreName: String, on processor: Processor.InstructionSet) -> String? {
    let usesAVX512 = ["skylakex", "cooperlake", "sapphirerapids"].contains(coreName.lowercased())
    return processor >= .avx512 && !usesAVX512 ? "SkylakeX" : nil
  }

  /// What to tell the user about the library's speed: a text the first time that there is something to tell, then nil.
  ///
  /// For programs that use the library; the command line repairs itself.
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
