// Learning of a Gaussian prior from an archive that is read in pieces: the extent of the domain, the climatology, the
// scales and the modes. Measurements are not used.

import SextantArrays
import SextantGeometry
import SextantSignals

extension GaussianPrior {
  /// A stage of training, for progress reports.
  public enum TrainingStage: String, Sendable {
    case coverage = "finding the domain"
    case climatology = "climatology"
    case scales = "scales"
    case modes = "modes"
    case factors = "modes around gaps"
    case completion = "completing the archive"
  }

  /// Learns the prior from the fields of an archive with the given indices.
  ///
  /// - Parameters:
  ///   - configuration: the settings of the prior.
  ///   - archive: the archive of complete fields.
  ///   - indices: the fields of the archive to learn from.
  ///   - isInside: whether at least one field has a value at each entry (V·C); nil to find out.
  ///   - landShare: the fraction of land at each vertex (V), or nil.
  ///   - memoryLimit: the number of bytes for anomalies in memory; a larger archive is read repeatedly instead.
  ///   - random: the stream for the randomised modes of a large archive.
  ///   - progress: called with the stage and the number of fields done; may throw to interrupt.
  /// - Throws: ``PriorError/tooFewFields(found:needed:)``, the errors of reading, and those of `progress`.
  public static func train(
    _ configuration: GaussianPriorConfiguration, on archive: some SignalSource, indices: [Int],
    isInside: [Bool]? = nil, landShare: [Float]? = nil, memoryLimit: Int = 2 << 30, random: RandomStream,
    progress: (TrainingStage, Int) throws -> Void = { _, _ in }
  ) throws -> GaussianPrior {
    guard indices.count >= 2 else { throw PriorError.tooFewFields(found: indices.count, needed: 2) }
    let space = try stateSpace(
      of: archive, indices: indices, isInside: isInside, climatology: configuration.climatology, progress: progress)
    let layout = space.layout

    let functions: EmpiricalOrthogonalFunctions
    var coefficients = Tensor<Float>.zeros([0, 0])
    if indices.count * layout.count * MemoryLayout<Float>.stride <= memoryLimit {
      var anomalies = Tensor<Float>.zeros([indices.count, layout.count])
      var row = 0
      try archive.forEachChunk(of: indices) { chunk in
        anomalies.replaceRows(from: row, with: space.anomalies(of: chunk))
        row += chunk.count
        try progress(.modes, chunk.count)
      }
      functions = try EmpiricalOrthogonalFunctions(of: anomalies, modeCount: configuration.modeCount) {
        try progress(.modes, 0)
      }
      coefficients = functions.coefficients(of: anomalies)
    } else {
      var stream = random.split("randomised modes")
      functions = try EmpiricalOrthogonalFunctions(
        streaming: { piece in
          try archive.forEachChunk(of: indices) { chunk in
            try piece(space.anomalies(of: chunk))
            try progress(.modes, chunk.count)
          }
        }, fieldCount: indices.count, stateCount: layout.count, modeCount: configuration.modeCount, random: &stream)
      coefficients = .zeros([indices.count, functions.modeCount])
      var row = 0
      try archive.forEachChunk(of: indices) { chunk in
        coefficients.replaceRows(from: row, with: functions.coefficients(of: space.anomalies(of: chunk)))
        row += chunk.count
        try progress(.modes, chunk.count)
      }
    }
    let landOfState = landShare.map { layout.landOfStates($0, domain: archive.domain) }
    var learned = configuration
    learned.climatology = space.climatology.kind
    return GaussianPrior(
      configuration: learned, space: space, functions: functions, archiveCoefficients: coefficients,
      landShare: landOfState,
      channelCorrelation: channelCorrelation(of: functions, layout: layout))
  }

  /// The states of an archive with their climatology and scales, from the values that its fields have.
  ///
  /// - Parameters:
  ///   - archive: the archive.
  ///   - indices: the fields to learn from.
  ///   - isInside: whether at least one field has a value at each entry (V·C); nil to find out.
  ///   - kind: the dependence of the mean on the season.
  ///   - progress: called with the stage and the number of fields done; may throw to interrupt.
  package static func stateSpace(
    of archive: some SignalSource, indices: [Int], isInside: [Bool]?, climatology kind: ClimatologyKind,
    progress: (TrainingStage, Int) throws -> Void
  ) throws -> StateSpace {
    let layout =
      try isInside.map { StateLayout(domain: archive.domain, channelCount: archive.variables.count, isInside: $0) }
      ?? Self.layout(of: archive, indices: indices, progress: progress)
    guard layout.count > 0 else { throw PriorError.nothingObserved }
    let climatology = try Climatology.fit(kind, to: archive, indices: indices, layout: layout) {
      try progress(.climatology, $0)
    }
    let unscaled = StateSpace(
      layout: layout, climatology: climatology, scales: [Float](repeating: 1, count: layout.channelCount))
    let scales = try scales(of: archive, indices: indices, space: unscaled, progress: progress)
    return StateSpace(layout: layout, climatology: climatology, scales: scales)
  }

  /// The states: every node and channel that has a value in at least one field.
  private static func layout(
    of archive: some SignalSource, indices: [Int], progress: (TrainingStage, Int) throws -> Void
  ) throws -> StateLayout {
    let size = archive.domain.vertexCount * archive.variables.count
    var isInside = [Bool](repeating: false, count: size)
    try archive.forEachChunk(of: indices) { chunk in
      for row in 0..<chunk.count {
        for entry in 0..<size where chunk.isValid[row * size + entry] { isInside[entry] = true }
      }
      try progress(.coverage, chunk.count)
    }
    return StateLayout(domain: archive.domain, channelCount: archive.variables.count, isInside: isInside)
  }

  /// The root mean square anomaly of each channel, over all its states and fields.
  private static func scales(
    of archive: some SignalSource, indices: [Int], space: StateSpace, progress: (TrainingStage, Int) throws -> Void
  ) throws -> [Float] {
    let channels = space.layout.channelCount
    let d = space.count
    var sums = [Double](repeating: 0, count: channels)
    var counts = [Double](repeating: 0, count: channels)
    try archive.forEachChunk(of: indices) { chunk in
      let anomalies = space.anomalies(of: chunk)
      anomalies.withUnsafeScalars { values in
        for row in 0..<chunk.count {
          for j in 0..<d where !values[row * d + j].isNaN {
            let channel = Int(space.layout.channelOfState[j])
            sums[channel] += Double(values[row * d + j]) * Double(values[row * d + j])
            counts[channel] += 1
          }
        }
      }
      try progress(.scales, chunk.count)
    }
    return try zip(sums, counts).enumerated().map { channel, pair in
      let scale = Float((pair.0 / max(1, pair.1)).squareRoot())
      guard scale.isFinite else {
        throw PriorError.notFinite("The archive's variance of \(archive.variables[channel].name)")
      }
      // A variable that never varies has no scale; any positive value will do.
      return scale > 0 ? scale : 1
    }
  }

  /// The average correlation of the modes between channels at the same node, which the local field shares.
  static func channelCorrelation(
    of functions: EmpiricalOrthogonalFunctions, layout: StateLayout
  ) -> Tensor<Float> {
    let channels = layout.channelCount
    var result = Tensor<Float>.identity(channels)
    guard channels > 1 else { return result }
    // The trailing half of the modes represents the small scales that the local field continues.
    let first = functions.modeCount / 2
    let modes = functions.scaledModes.rows(first..<functions.modeCount)
    let d = layout.count
    var stateOf = [[Int32: Int]](repeating: [:], count: channels)
    for state in 0..<d { stateOf[Int(layout.channelOfState[state])][layout.nodeOfState[state]] = state }
    modes.withUnsafeScalars { values in
      for a in 0..<channels {
        for b in 0..<a {
          var (ab, aa, bb) = (0.0, 0.0, 0.0)
          for (node, i) in stateOf[a] {
            guard let j = stateOf[b][node] else { continue }
            for mode in 0..<modes.rowCount {
              let (x, y) = (Double(values[mode * d + i]), Double(values[mode * d + j]))
              ab += x * y
              aa += x * x
              bb += y * y
            }
          }
          let correlation = aa > 0 && bb > 0 ? Float(0.95 * ab / (aa * bb).squareRoot()) : 0
          result[a, b] = correlation
          result[b, a] = correlation
        }
      }
    }
    return result
  }
}
