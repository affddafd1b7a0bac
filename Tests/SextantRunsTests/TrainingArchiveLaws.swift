// An archive yields measurements, of which a complete field is a case.

import Sextant
import SextantTestSupport
import Testing

@Suite struct TrainingArchiveLaws {
  /// The first eight fields of the small climate, with a gap wherever `isMissing` says so (field, entry).
  private func fields(missing isMissing: (Int, Int) -> Bool) throws -> SignalSet {
    var set = try SmallClimate.fields().read(Array(0..<8))
    let size = set.vertexCount * set.channelCount
    for entry in set.isValid.indices where isMissing(entry / size, entry % size) { set.isValid[entry] = false }
    return set
  }

  @Test(arguments: [0, 3, 7], [1, 2, 5]) func aMeasurementHoldsTheValidEntries(position: Int, period: Int) throws {
    let set = try fields { field, entry in period > 1 && (entry + field) % period == 0 }
    let size = set.vertexCount * set.channelCount
    let noise = (0..<size).map { Float($0 % 7) / 10 }
    let archive = TrainingArchive(set, indices: [4, 2, 6, 1, 0, 7, 5, 3], noise: noise)
    let field = try set.read([archive.indices[position]])[0]
    let measurement = try archive.measurement(at: position)
    try measurement.check()
    #expect(measurement.label == field.label)
    #expect(measurement.operation.inputCount == size)
    #expect((measurement.count == size) == (period == 1))
    // The operator selects from the field exactly the values that the measurement holds.
    let selected = measurement.operation.selectedEntries
    #expect(selected == field.isValid.indices.filter { field.isValid[$0] })
    #expect(measurement.values == selected?.map { field.values.scalars[$0] })
    #expect(measurement.noise == selected?.map { noise[$0] })
  }

  @Test func aPartKeepsOrderAndNoise() throws {
    let set = try fields { _, entry in entry % 3 == 0 }
    let size = set.vertexCount * set.channelCount
    let archive = TrainingArchive(set, noise: [Float](repeating: 0.5, count: size))
    let part = archive.part([6, 1])
    #expect(archive.count == 8 && part.count == 2)
    for (position, whole) in [6, 1].enumerated() {
      let (measured, expected) = (try part.measurement(at: position), try archive.measurement(at: whole))
      #expect(measured.values == expected.values && measured.noise == expected.noise)
    }
  }
}
