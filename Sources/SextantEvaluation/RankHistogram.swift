// The frequency of each rank of the truth among the samples: flat if the ensemble is reliable, ∪-shaped if it is
// overconfident, ∩-shaped if it is underconfident, sloped if it is biased.

/// Counts of the truth's rank among N samples.
public struct RankHistogram: Sendable, Equatable, Codable {
  /// The count of each rank 0…N (N+1 counts).
  public private(set) var counts: [Int]

  /// An empty histogram for N samples.
  public init(sampleCount: Int) { counts = [Int](repeating: 0, count: sampleCount + 1) }

  /// The number of ranks counted.
  public var total: Int { counts.reduce(0, +) }

  /// Counts one rank, 0…N.
  public mutating func count(_ rank: Int) { counts[rank] += 1 }

  /// Adds the counts of another histogram with the same number of samples.
  public mutating func add(_ other: RankHistogram) {
    precondition(counts.count == other.counts.count, "Histograms of \(counts.count) and \(other.counts.count) ranks")
    for i in counts.indices { counts[i] += other.counts[i] }
  }

  /// The fraction of ranks in each of `binCount` bins of equal width, for plots; ranks on the edge of a bin are
  /// divided.
  public func shares(binCount: Int) -> [Double] {
    var shares = [Double](repeating: 0, count: binCount)
    let width = Double(counts.count) / Double(binCount)
    for bin in 0..<binCount {
      let (start, end) = (Double(bin) * width, Double(bin + 1) * width)
      for rank in Int(start)..<min(counts.count, Int(end.rounded(.up))) {
        shares[bin] += Double(counts[rank]) * (min(end, Double(rank + 1)) - max(start, Double(rank)))
      }
    }
    return shares.map { total == 0 ? 0 : $0 / Double(total) }
  }

  /// The fraction of counts within the central part `level` of the ranks, such as 0.9; ranks on its edges are divided.
  /// 0 without counts.
  public func share(withinCentral level: Double) -> Double {
    let edge = (1 - level) / 2 * Double(counts.count)
    let inside = counts.indices.reduce(0.0) { sum, rank in
      let covered = min(Double(counts.count) - edge, Double(rank + 1)) - max(edge, Double(rank))
      return sum + Double(counts[rank]) * max(0, covered)
    }
    return total == 0 ? 0 : inside / Double(total)
  }
}
