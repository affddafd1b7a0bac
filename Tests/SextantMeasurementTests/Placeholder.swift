import Testing

@testable import SextantMeasurement
