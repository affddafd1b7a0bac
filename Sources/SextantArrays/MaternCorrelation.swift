// The Matérn correlations with a closed form, by name.

import CVectorKernels

/// The Matérn correlations with a closed form, by their smoothness ν. With t = √(2ν)·distance/range:
public enum MaternCorrelation: String, CaseIterable, Codable, Sendable {
  /// ν = 1/2, the exponential correlation: e⁻ᵗ.
  case half
  /// ν = 3/2: (1 + t)·e⁻ᵗ.
  case threeHalves
  /// ν = 5/2: (1 + t + t²/3)·e⁻ᵗ.
  case fiveHalves

  /// ν.
  package var order: Double {
    switch self {
    case .half: 0.5
    case .threeHalves: 1.5
    case .fiveHalves: 2.5
    }
  }

  var code: vk_correlation {
    switch self {
    case .half: VK_MATERN_1_2
    case .threeHalves: VK_MATERN_3_2
    case .fiveHalves: VK_MATERN_5_2
    }
  }
}
