// The fields of an archive of measurements, as values of single standardised states with their noise: what the learning of a
// prior from gappy and noisy fields reads. A part of the values is hidden under a mask that is fixed once, to judge by what
// was learned from the others.

import SextantArrays
import SextantMeasurement
import SextantSignals

/// The measured values of one field in terms of states.
package struct MeasuredField: Sendable {
  /// The states that were measured, ascending (m).
  package let states: [Int]
  /// Value minus climatology of each, standardised (m).
  package let anomalies: [Double]
  /// The variance of the noise of each, standardised (m).
  package let noiseVariance: [Double]
  /// Whether each is hidden from learning (m).
  package let isHidden: [Bool]
  /// The regressors of the climatology at the season of the field.
  package let terms: [Double]

  /// The values that are hidden, or those that are not.
  package func values(hidden: Bool) -> ObservedStates { values(at: states.indices.filter { isHidden[$0] == hidden }) }

  /// The values of some states.
  func values(_ isKept: (_ state: Int) -> Bool) -> ObservedStates {
    values(at: states.indices.filter { isKept(states[$0]) })
  }

  private func values(at kept: [Int]) -> ObservedStates {
    ObservedStates(
      states: kept.map { states[$0] }, anomalies: kept.map { anomalies[$0] },
      noiseVariance: kept.map { noiseVariance[$0] })
  }

  /// All values.
  package var values: ObservedStates {
    ObservedStates(states: states, anomalies: anomalies, noiseVariance: noiseVariance)
  }
}

/// Values of single states with noise.
package struct ObservedStates: Sendable {
  /// The states (m).
  package var states: [Int]
  /// The standardised anomaly of each (m).
  package var anomalies: [Double]
  /// The variance of the noise of each, standardised (m).
  package var noiseVariance: [Double]

  /// m.
  package var count: Int { states.count }
}

/// Measured fields, held in memory or read anew whenever they are asked for.
package struct GappyStates: Sendable {
  /// The number of fields N.
  package let count: Int
  /// d.
  package let stateCount: Int
  /// The number of regressors of the climatology.
  package let termCount: Int
  private let fields: [MeasuredField]?
  private let read: @Sendable (Int) throws -> MeasuredField

  /// The share of the values that is hidden.
  package static let hiddenShare = 0.1
  /// Noise below this share of a variable's standard deviation counts as this much: no inverse becomes infinite.
  private static let smallestNoise: Float = 1e-3

  /// Measured fields of an archive.
  ///
  /// - Parameters:
  ///   - indices: which fields of the source.
  ///   - source: the fields in the units of the states' climatology.
  ///   - space: the states.
  ///   - noise: the standard deviation of the noise of each entry of a field (V·C).
  ///   - valueCount: how many values there are in all fields together.
  ///   - memoryLimit: the number of bytes up to which they are held in memory.
  ///   - random: the stream that hides values.
  ///   - progress: called after each field is read; may throw to interrupt.
  package init(
    _ indices: [Int], of source: any SignalSource, space: StateSpace,
    noise: @escaping @Sendable (_ index: Int, _ field: Signal) throws -> [Float], valueCount: Int,
    memoryLimit: Int = 2 << 30, random: RandomStream, progress: () throws -> Void
  ) throws {
    let channels = space.layout.channelCount
    let stream = random.split("hidden")
    @Sendable func read(_ position: Int) throws -> MeasuredField {
      let field = try source.read([indices[position]])[0]
      let levels = try noise(indices[position], field)
      let kept = field.isValid.indices.filter { field.isValid[$0] && space.layout.stateOfEntry[$0] >= 0 }
      let measurement = FieldMeasurement(
        values: kept.map { field.values.scalars[$0] },
        noise: kept.map { max(levels[$0], Self.smallestNoise * space.scales[$0 % channels]) },
        operation: SelectionOperator(inputCount: field.isValid.count, indices: kept), label: field.label)
      let observation = try space.observe(measurement)
      var stream = stream.split(position)
      let states = observation.selectedStates ?? []
      return MeasuredField(
        states: states, anomalies: observation.anomalies, noiseVariance: observation.noiseVariance,
        isHidden: states.map { _ in stream.uniform() < Self.hiddenShare },
        terms: space.climatology.kind.terms(of: field.label))
    }
    let bytesPerValue = 4 * MemoryLayout<Double>.stride
    var fields: [MeasuredField] = []
    if valueCount * bytesPerValue <= memoryLimit {
      for position in indices.indices {
        fields.append(try read(position))
        try progress()
      }
    }
    self.init(
      count: indices.count, stateCount: space.count, termCount: space.climatology.kind.termCount,
      fields: fields.isEmpty ? nil : fields, read: read)
  }

  /// Fields that are known already.
  package init(_ fields: [MeasuredField], stateCount: Int) {
    self.init(
      count: fields.count, stateCount: stateCount, termCount: fields.first?.terms.count ?? 1, fields: fields,
      read: { fields[$0] })
  }

  private init(
    count: Int, stateCount: Int, termCount: Int, fields: [MeasuredField]?,
    read: @escaping @Sendable (Int) throws -> MeasuredField
  ) {
    (self.count, self.stateCount, self.termCount, self.fields, self.read) = (count, stateCount, termCount, fields, read)
  }

  /// The field at a position. Throws what reading throws.
  package func field(_ position: Int) throws -> MeasuredField { try fields?[position] ?? read(position) }

  /// The fields at some positions.
  package func part(_ positions: [Int]) -> GappyStates {
    let (held, read) = (fields, read)
    return GappyStates(
      count: positions.count, stateCount: stateCount, termCount: termCount,
      fields: held.map { held in positions.map { held[$0] } }, read: { try read(positions[$0]) })
  }

  /// Whether all fields are in memory.
  var areHeld: Bool { fields != nil }
}
