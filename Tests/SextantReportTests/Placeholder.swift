import Testing

@testable import SextantReport
