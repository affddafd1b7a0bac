import Testing

@testable import SextantPriors
