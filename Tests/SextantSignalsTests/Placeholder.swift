import Testing

@testable import SextantSignals
