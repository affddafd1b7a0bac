// The fields of an archive of measurements, as values of single standardised states with their noise: what the learning of a
// prior from gappy and noisy fields reads. A part of the values is hidden under a mask that is fixed once, to judge by what
// was learned from the others.

import SextantArrays
import SextantMeasurement
import SextantSignals

/// The measured values of one field in terms of states.
package struct GappyField: Sendable {
  /// The states that were measured, ascending (m); of values that combine states, the state with the largest weight in each.
  package let states: [Int]
  /// Value minus climatology of each, standardised (m).
  package let anomalies: [Double]
  /// The variance of the noise of each, standardised (m).
  package let noiseVariance: [Double]
  /// Whether each is hidden from learning (m).
  package let isHidden: [Bool]
  /// The regressors of the climatology at the season of the field.
  package let terms: [Double]
  /// The combination of states that each value measures (m×d); nil where each measures its own state.
  package var matrix: SparseMatrix? = nil

  /// The values that are hidden, or those that are not.
  package func values(hidden: Bool) -> ObservedStates { values(at: states.indices.filter { isHidden[$0] == hidden }) }

  /// The values of some states.
  func values(_ isKept: (_ state: Int) -> Bool) -> ObservedStates {
    values(at: states.indices.filter { isKept(states[$0]) })
  }

  private func values(at kept: [Int]) -> ObservedStates {
    ObservedStates(
      states: kept.map { states[$0] }, anomalies: kept.map { anomalies[$0] },
      noiseVariance: kept.map { noiseVariance[$0] }, matrix: matrix?.rows(kept))
  }

  /// All values.
  package var values: ObservedStates {
    ObservedStates(states: states, anomalies: anomalies, noiseVariance: noiseVariance, matrix: matrix)
  }

  /// The same values as if each measured its state alone.
  var withoutOperator: GappyField {
    guard matrix != nil else { return self }
    let kept = states.indices.filter { $0 == 0 || states[$0] != states[$0 - 1] }
    return GappyField(
      states: kept.map { states[$0] }, anomalies: kept.map { anomalies[$0] },
      noiseVariance: kept.map { noiseVariance[$0] }, isHidden: kept.map { isHidden[$0] }, terms: terms)
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
  /// The combination of states that each value measures (m×d); nil where each measures its own state.
  package var matrix: SparseMatrix? = nil

  /// m.
  package var count: Int { states.count }

  /// Whether other values lie at the same places, with the same noise and through the same operator.
  func isMeasured(as other: ObservedStates) -> Bool {
    states == other.states && noiseVariance == other.noiseVariance && matrix == other.matrix
  }
}

/// Measured fields, held in memory or read anew whenever they are asked for.
package struct GappyStates: Sendable {
  /// The number of fields N.
  package let count: Int
  /// d.
  package let stateCount: Int
  /// The number of regressors of the climatology.
  package let termCount: Int
  private let fields: [GappyField]?
  private let read: @Sendable (Int) throws -> GappyField

  /// The share of the values that is hidden.
  package static let hiddenShare = 0.1
  /// Noise below this share of a variable's standard deviation counts as this much: no inverse becomes infinite.
  package static let smallestNoise: Float = 1e-3

  /// Measured fields of an archive.
  ///
  /// - Parameters:
  ///   - indices: which fields of the source.
  ///   - source: the fields in the units of the states' climatology.
  ///   - space: the states.
  ///   - operation: what is measured of each signal, with values at entries of the fields of the source; nil where the entries are measured
  ///     themselves.
  ///   - noise: the standard deviation of the noise of each entry of a field (V·C).
  ///   - valueCount: how many values there are in all fields together.
  ///   - memoryLimit: the number of bytes up to which they are held in memory.
  ///   - random: the stream that hides values.
  ///   - progress: called after each field is read; may throw to interrupt.
  package init(
    _ indices: [Int], of source: any SignalSource, space: StateSpace, operation: (any LinearOperator)? = nil,
    noise: @escaping @Sendable (_ index: Int, _ field: Signal) throws -> [Float], valueCount: Int,
    memoryLimit: Int = 2 << 30, random: RandomStream, progress: () throws -> Void
  ) throws {
    let channels = space.layout.channelCount
    let stream = random.split("hidden")
    let known = LastObservation()
    @Sendable func read(_ position: Int) throws -> GappyField {
      let field = try source.read([indices[position]])[0]
      let levels = try noise(indices[position], field)
      // The entry of each value, and the place of the value among what the operator gives.
      let places = operation?.outputEntries.indices ?? Array(field.isValid.indices)
      let rows = places.indices.filter {
        field.isValid[places[$0]] && (operation != nil || space.layout.stateOfEntry[places[$0]] >= 0)
      }
      let kept = rows.map { places[$0] }
      let deviations = kept.map { max(levels[$0], Self.smallestNoise * space.scales[$0 % channels]) }
      let observed = try known.observation(at: rows, noise: deviations) {
        let selection = SelectionOperator(inputCount: operation?.outputCount ?? places.count, indices: rows)
        return try space.observationOperator(
          MeasurementModel(operation: operation.map { selection.composed(after: $0) } ?? selection, noise: deviations))
      }
      let observation = observed.operation.observation(
        of: kept.map { field.values.scalars[$0] }, mean: space.climatology.mean(for: field.label))
      var stream = stream.split(position)
      return GappyField(
        states: observed.states, anomalies: observed.ordered(observation.anomalies),
        noiseVariance: observed.ordered(observation.noiseVariance),
        isHidden: observed.states.map { _ in stream.uniform() < Self.hiddenShare },
        terms: space.climatology.kind.terms(of: field.label), matrix: observed.matrix)
    }
    let bytesPerValue = 4 * MemoryLayout<Double>.stride
    let bytesPerEntry = MemoryLayout<Double>.stride + MemoryLayout<Int32>.stride
    var fields: [GappyField] = []
    var bytes = valueCount * bytesPerValue
    if bytes <= memoryLimit {
      for position in indices.indices {
        let field = try read(position)
        // Fields that were measured alike, one after the other, share their matrix, which may be larger than all of their values.
        if let matrix = field.matrix, matrix != fields.last?.matrix { bytes += matrix.entryCount * bytesPerEntry }
        guard bytes <= memoryLimit else {
          fields = []
          break
        }
        fields.append(field)
        try progress()
      }
    }
    self.init(
      count: indices.count, stateCount: space.count, termCount: space.climatology.kind.termCount,
      fields: fields.isEmpty ? nil : fields, read: read)
  }

  /// Fields that are known already.
  package init(_ fields: [GappyField], stateCount: Int) {
    self.init(
      count: fields.count, stateCount: stateCount, termCount: fields.first?.terms.count ?? 1, fields: fields,
      read: { fields[$0] })
  }

  private init(
    count: Int, stateCount: Int, termCount: Int, fields: [GappyField]?,
    read: @escaping @Sendable (Int) throws -> GappyField
  ) {
    (self.count, self.stateCount, self.termCount, self.fields, self.read) = (count, stateCount, termCount, fields, read)
  }

  /// The field at a position. Throws what reading throws.
  package func field(_ position: Int) throws -> GappyField { try fields?[position] ?? read(position) }

  /// The fields at some positions.
  package func part(_ positions: [Int]) -> GappyStates {
    let (held, read) = (fields, read)
    return GappyStates(
      count: positions.count, stateCount: stateCount, termCount: termCount,
      fields: held.map { held in positions.map { held[$0] } }, read: { try read(positions[$0]) })
  }

  /// The same values as if each measured its state alone: what a factor analysis starts from.
  package var withoutOperator: GappyStates {
    let (held, read) = (fields, read)
    return GappyStates(
      count: count, stateCount: stateCount, termCount: termCount, fields: held?.map(\.withoutOperator),
      read: { try read($0).withoutOperator })
  }

  /// Whether the values are combinations of states. Throws what reading throws.
  var haveOperator: Bool {
    get throws { try count > 0 && field(0).matrix != nil }
  }

  /// Whether all fields are in memory.
  var areHeld: Bool { fields != nil }
}
