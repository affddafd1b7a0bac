import Testing

@testable import SextantEvaluation
