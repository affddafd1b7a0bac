import Testing

@testable import SextantGeometry
