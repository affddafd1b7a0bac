import Testing

@testable import SextantArrays
