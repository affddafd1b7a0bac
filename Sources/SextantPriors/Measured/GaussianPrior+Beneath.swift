// The states of signals of which an archive has values that lie elsewhere, such as a coarser image or a few sums. No value tells the mean
// and the scale of a single state, so that the climatology begins as one number for each variable and the scale is that of uncorrelated
// states; the rounds of completion find the rest.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

extension GaussianPrior {
  /// The states of signals beneath an operator, with a first climatology and scales.
  ///
  /// - Parameters:
  ///   - matrix: the operator (m×V·C), which works on each variable separately.
  ///   - places: the entry of a field of the archive that each of its outputs is.
  ///   - domain: where the signals lie.
  ///   - archive: the measured values.
  ///   - indices: the fields to learn from.
  ///   - isInside: which entries of the signals are states (V·C).
  ///   - kind: the dependence of the mean on the season.
  ///   - progress: called with the number of fields done; may throw to interrupt.
  /// - Throws: ``PriorError/nothingObserved`` without states, ``PriorError/notFinite(_:)``, what reading throws, and the errors of
  ///   `progress`.
  package static func stateSpace(
    beneath matrix: SparseMatrix, places: OutputEntries, on domain: any Domain, of archive: some SignalSource,
    indices: [Int], isInside: [Bool], climatology kind: ClimatologyKind, progress: (Int) throws -> Void
  ) throws -> StateSpace {
    let channels = archive.variables.count
    let layout = StateLayout(domain: domain, channelCount: channels, isInside: isInside)
    guard layout.count > 0 else { throw PriorError.nothingObserved }
    let rows = (0..<matrix.rowCount).map { row -> (sum: Double, square: Double) in
      let weights = matrix.values[matrix.rowStarts[row]..<matrix.rowStarts[row + 1]]
      return (weights.reduce(0, +), weights.reduce(0) { $0 + $1 * $1 })
    }
    let size = archive.domain.vertexCount * channels
    var moments = [WeighedMoments](repeating: WeighedMoments(), count: channels)
    try archive.forEachChunk(of: indices) { chunk in
      chunk.values.withUnsafeScalars { values in
        for field in 0..<chunk.count {
          for (row, place) in places.indices.enumerated() where chunk.isValid[field * size + place] {
            moments[place % channels].add(Double(values[field * size + place]), sum: rows[row].sum, square: rows[row].square)
          }
        }
      }
      try progress(chunk.count)
    }
    let constants = moments.map { Float($0.constant) }
    let scales = try moments.enumerated().map { channel, own -> Float in
      let scale = Float(own.scale)
      guard scale.isFinite else {
        throw PriorError.notFinite("The archive's variance of \(archive.variables[channel].name)")
      }
      // A variable that never varies has no scale; any positive value will do.
      return scale > 0 ? scale : 1
    }
    let fitted = kind.fitted(to: ArchiveSupport(of: indices.map { archive.labels[$0] }))
    let d = layout.count
    let coefficients = Tensor<Float>(shape: [fitted.termCount, d]) { out in
      out.initialize(repeating: 0)
      for term in 0..<fitted.constantTermCount {
        for state in 0..<d { out[term * d + state] = constants[Int(layout.channelOfState[state])] }
      }
    }
    return StateSpace(layout: layout, climatology: Climatology(kind: fitted, coefficients: coefficients), scales: scales)
  }
}

/// Sums over values y of a variable, each of which is a sum of the signal with weights w.
private struct WeighedMoments {
  /// Σ y², Σ y·Σw, Σ (Σw)² and Σ Σw².
  private var (values, products, sums, squares) = (0.0, 0.0, 0.0, 0.0)

  /// A share of the squared weights below which their sums are rounding: differences tell nothing of a mean.
  private static let smallestShare = 1e-9

  mutating func add(_ value: Double, sum: Double, square: Double) {
    values += value * value
    products += value * sum
    sums += sum * sum
    squares += square
  }

  /// The signal without any variation that is nearest to the values, by least squares.
  var constant: Double { sums > Self.smallestShare * squares ? products / sums : 0 }

  /// The standard deviation about ``constant`` of a signal without correlations that has values of this size.
  var scale: Double {
    let rest = values - 2 * constant * products + constant * constant * sums
    return squares > 0 ? (max(0, rest) / squares).squareRoot() : 0
  }
}
