import Testing

@testable import SextantRuns
