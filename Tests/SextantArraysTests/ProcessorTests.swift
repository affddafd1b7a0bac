// What is decided from the processor: which OpenBLAS kernels would be better than those that the library chose.

import Testing

@testable import SextantArrays

@Suite struct ProcessorTests {
  @Test(arguments: [
    ("Haswell", "SkylakeX"), ("Zen", "SkylakeX"), ("SkylakeX", nil), ("Cooperlake", nil), ("SapphireRapids", nil),
  ])
  func processorsWithAVX512WantKernelsThatUseIt(core: String, better: String?) {
    #expect(OpenBLAS.betterCoreType(than: core, on: .avx512) == better)
  }

  @Test(arguments: ["Haswell", "Zen", "Nehalem"]) func otherProcessorsWantWhatTheyHave(core: String) {
    #expect(OpenBLAS.betterCoreType(than: core, on: .avx2) == nil)
    #expect(OpenBLAS.betterCoreType(than: core, on: .generic) == nil)
  }

  @Test func openBLASHasAVersion() { #expect(OpenBLAS.version.contains(".")) }
}
