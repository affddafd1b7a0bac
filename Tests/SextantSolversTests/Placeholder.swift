import Testing

@testable import SextantSolvers
