import Testing

@testable import SextantStorage
