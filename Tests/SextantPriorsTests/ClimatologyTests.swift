// Climatologies against their definition, and archives that have none.

import Foundation
import SextantArrays
import SextantGeometry
import SextantPriors
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct ClimatologyTests {
  private static let count = 24

  /// Fields whose value at vertex v in a month is v + the month's part of a sine; every fifth entry is missing.
  private static func archive(_ label: (Int) -> FieldLabel) throws -> (fields: SignalSet, layout: StateLayout) {
    let grid = try SmallClimate.grid(step: 60)
    let v = grid.vertexCount
    var values: [Float] = []
    for n in 0..<count {
      let season = Float(sin(2 * Double.pi * Double(n % 12) / 12))
      for vertex in 0..<v { values.append(Float(vertex) + season) }
    }
    let fields = SignalSet(
      domain: grid, variables: [Variable(name: "x")], values: Tensor(values, shape: [count, v, 1]),
      isValid: (0..<count * v).map { $0 % 5 != 0 }, labels: (0..<count).map(label))
    return (
      fields, StateLayout(domain: grid, channelCount: 1, isInside: [Bool](repeating: true, count: v))
    )
  }

  @Test(arguments: [ClimatologyKind.monthly, .harmonic(order: 1)])
  func theSeasonIsFound(kind: ClimatologyKind) throws {
    let (fields, layout) = try Self.archive {
      FieldLabel(month: $0 % 12 + 1, yearFraction: Double($0 % 12) / 12)
    }
    let climatology = try Climatology.fit(kind, to: fields, indices: Array(0..<Self.count), layout: layout)
    for month in [0, 4, 9] {
      let mean = climatology.mean(for: FieldLabel(month: month + 1, yearFraction: Double(month) / 12))
      for state in 0..<layout.count where layout.nodeOfState[state] > 0 {
        let vertex = try #require(layout.stateOfEntry.firstIndex(of: Int32(state)))
        guard layout.stateOfEntry.count(where: { $0 == Int32(state) }) == 1 else { continue }
        let expected = Double(vertex) + sin(2 * Double.pi * Double(month) / 12)
        #expect(abs(Double(mean[state]) - expected) < 1e-3)
      }
    }
  }

  /// A failed factorisation was once answered with a climatology of zeros.
  @Test(arguments: [Double.nan, .infinity]) func timesThatAreNoNumbersAreRefused(time: Double) throws {
    let (fields, layout) = try Self.archive { FieldLabel(yearFraction: $0 == 7 ? time : Double($0 % 12) / 12) }
    let error = try #require(throws: PriorError.self) {
      try Climatology.fit(.harmonic(order: 2), to: fields, indices: Array(0..<Self.count), layout: layout)
    }
    guard case .notFinite(let what) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(what.contains("time of year"))
  }
}
