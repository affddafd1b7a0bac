// The arithmetic for one block of sixteen entries: N rows of differences between samples and truth, with one entry per
// vector lane.

/// Reduces the samples of sixteen entries to their statistics.
struct EnsembleKernel: Sendable {
  /// The statistics of sixteen entries; ``EnsembleStatistics`` defines them.
  struct Block: Sendable {
    var crps = SIMD16<Float>.zero
    var meanError = SIMD16<Float>.zero
    var variance = SIMD16<Float>.zero
    var samplesBelow = SIMD16<Int32>.zero
    var samplesEqual = SIMD16<Int32>.zero
    var coverage = SIMD16<UInt8>.zero
  }

  /// The position of a quantile among sorted samples: `fraction` of the way from one sample to the next.
  private struct Position {
    let index: Int
    let fraction: Float
  }

  private let sampleCount: Int
  private let network: SortingNetwork
  private let bounds: [(lower: Position, upper: Position)]

  init(sampleCount: Int) {
    self.sampleCount = sampleCount
    network = SortingNetwork(count: sampleCount)
    bounds = CoverageLevel.allCases.map { level in
      func position(_ probability: Double) -> Position {
        // Plotting position i/(N+1) belongs to the i-th smallest sample, counted from 1.
        let place = min(max(probability * Double(sampleCount + 1) - 1, 0), Double(sampleCount - 1))
        let index = min(Int(place), max(0, sampleCount - 2))
        return Position(index: index, fraction: Float(place - Double(index)))
      }
      return (position((1 - level.nominal) / 2), position((1 + level.nominal) / 2))
    }
  }

  /// The statistics of `rows` (N vectors of sample − truth), which are sorted in place.
  func reduce(_ rows: UnsafeMutablePointer<SIMD16<Float>>) -> Block {
    var block = Block()
    var (sum, absoluteSum) = (SIMD16<Float>.zero, SIMD16<Float>.zero)
    for i in 0..<sampleCount {
      let row = rows[i]
      sum += row
      absoluteSum += row.replacing(with: -row, where: row .< 0)
      block.samplesBelow.replace(with: block.samplesBelow &+ 1, where: row .< 0)
      block.samplesEqual.replace(with: block.samplesEqual &+ 1, where: row .== 0)
    }
    let count = Float(sampleCount)
    let mean = sum / count
    block.meanError = mean
    block.crps = absoluteSum / count
    guard sampleCount > 1 else { return block }
    var squares = SIMD16<Float>.zero
    for i in 0..<sampleCount {
      let deviation = rows[i] - mean
      squares += deviation * deviation
    }
    block.variance = squares / (count - 1)
    network.sort(rows)
    // Σᵢⱼ|xᵢ − xⱼ|/2 as a sum over nested pairs of sorted samples, each weighted by the number of gaps between them.
    var gaps = SIMD16<Float>.zero
    for i in 0..<sampleCount / 2 {
      gaps += Float(sampleCount - 1 - 2 * i) * (rows[sampleCount - 1 - i] - rows[i])
    }
    block.crps -= gaps / (count * (count - 1))
    for (bit, bound) in bounds.enumerated() {
      let isCovered = (value(rows, bound.lower) .<= 0) .& (value(rows, bound.upper) .>= 0)
      for lane in 0..<16 where isCovered[lane] { block.coverage[lane] |= 1 << UInt8(bit) }
    }
    return block
  }

  private func value(_ rows: UnsafeMutablePointer<SIMD16<Float>>, _ position: Position) -> SIMD16<Float> {
    rows[position.index] + position.fraction * (rows[position.index + 1] - rows[position.index])
  }
}
