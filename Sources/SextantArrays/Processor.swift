// Properties of the processor that matter to loops and libraries.

import CVectorKernels
import Foundation

/// The processor that the program runs on.
public enum Processor {
  /// The instruction sets for which element-wise loops are compiled; each includes the previous ones.
  public enum InstructionSet: String, CaseIterable, Comparable, Codable, Sendable {
    /// The baseline of the platform.
    case generic
    /// AVX2 with fused multiply-add.
    case avx2
    /// AVX-512 with the F, DQ, BW, VL and CD extensions.
    case avx512

    public static func < (a: Self, b: Self) -> Bool { a.code.rawValue < b.code.rawValue }

    var code: vk_instruction_set {
      switch self {
      case .generic: VK_GENERIC
      case .avx2: VK_AVX2
      case .avx512: VK_AVX512
      }
    }

    init(_ code: vk_instruction_set) {
      switch code {
      case VK_AVX512: self = .avx512
      case VK_AVX2: self = .avx2
      default: self = .generic
      }
    }
  }

  /// The best instruction set of the processor.
  public static var bestInstructionSet: InstructionSet { InstructionSet(vk_best_instruction_set()) }

  /// The instruction set in use: the best one, or the one in the environment variable `SEXTANT_KERNELS` (`generic`,
  /// `avx2` or `avx512`) if the processor supports it.
  public static var chosenInstructionSet: InstructionSet { InstructionSet(vk_chosen_instruction_set()) }

  /// The system's name for the processor, such as "AMD EPYC 9R14".
  public static var name: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last
    return model?.trimmingCharacters(in: .whitespaces) ?? "unknown"
  }

  /// The number of processors available to the program.
  public static var coreCount: Int { ProcessInfo.processInfo.activeProcessorCount }
}
