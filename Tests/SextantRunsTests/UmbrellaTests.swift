// The umbrella can be imported alone: no name that people write is ambiguous.

import Sextant
import Testing

@Suite struct UmbrellaTests {
  @Test func aVariableIsAPhysicalQuantity() {
    let variable = Variable(name: "t2m", units: "K")
    #expect(variable.name == "t2m")
  }
}
