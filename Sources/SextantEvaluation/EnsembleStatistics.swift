// Statistics of an ensemble at each vertex relative to the truth: CRPS, variance, rank, intervals. Sixteen entries are
// processed at a time, one in each vector lane. The truth is subtracted first, so that single precision is sufficient
// even for large values (280 K ± 1 K). The assignment of entries to blocks does not depend on the number of threads,
// and neither do the results.

import SextantArrays

/// The central intervals for which coverage is reported.
public enum CoverageLevel: Int, Sendable, CaseIterable {
  case fifty = 50
  case eighty = 80
  case ninety = 90
  case ninetyFive = 95

  /// The fraction that a perfectly calibrated interval covers.
  public var nominal: Double { Double(rawValue) / 100 }

  /// The score of its coverage.
  var score: Score {
    switch self {
    case .fifty: .coverage50
    case .eighty: .coverage80
    case .ninety: .coverage90
    case .ninetyFive: .coverage95
    }
  }

  /// The distance from a normal mean to the interval's bounds, in standard deviations.
  var normalQuantile: Double {
    switch self {
    case .fifty: 0.674489750196081743
    case .eighty: 1.281551565544600466
    case .ninety: 1.644853626951472715
    case .ninetyFive: 1.959963984540054235
    }
  }

  /// Whether N samples suffice for the interval, that is, its lower bound is not below the first plotting position
  /// 1/(N+1).
  func isReached(by sampleCount: Int) -> Bool {
    (100 - rawValue) * (sampleCount + 1) >= 200
  }
}

/// Statistics of an ensemble of N samples relative to the truth, for each of V·C entries (channels varying fastest).
///
/// The values at invalid entries are meaningless and possibly not finite; exclude them from any reduction.
public struct EnsembleStatistics: Sendable {
  /// The number of samples N.
  public let sampleCount: Int
  /// Fair CRPS: mean|xᵢ − y| − Σᵢⱼ|xᵢ − xⱼ| / (2N(N−1)). For a single sample, its absolute error.
  public private(set) var crps: [Float]
  /// Mean of the samples − truth.
  public private(set) var meanError: [Float]
  /// Variance of the samples with denominator N−1; 0 for a single sample.
  public private(set) var variance: [Float]
  /// The number of samples below the truth.
  private(set) var samplesBelow: [Int32]
  /// The number of samples equal to the truth.
  private(set) var samplesEqual: [Int32]
  /// Bit i is set if the truth lies within the interval of `CoverageLevel.allCases[i]`, including its bounds. Bounds
  /// are at plotting positions i/(N+1) of the sorted samples, with linear interpolation.
  private(set) var coverage: [UInt8]

  private static let laneCount = 16

  /// Compares samples (N×V·C, N at least 1) with the truth (V·C).
  public init(samples: Tensor<Float>, truth: [Float]) {
    let (sampleCount, entryCount) = (samples.rowCount, truth.count)
    precondition(
      sampleCount > 0 && samples.columnCount == entryCount,
      "Samples of shape \(samples.shape) for a truth of \(entryCount) entries")
    self.sampleCount = sampleCount
    let blockCount = (entryCount + Self.laneCount - 1) / Self.laneCount
    let kernel = EnsembleKernel(sampleCount: sampleCount)
    let paddedTruth = truth + [Float](repeating: 0, count: blockCount * Self.laneCount - entryCount)
    var blocks = [EnsembleKernel.Block](repeating: EnsembleKernel.Block(), count: blockCount)
    samples.withUnsafeScalars { scalars in
      guard let first = scalars.baseAddress else { return }
      let source = UncheckedPointer(UnsafeMutablePointer(mutating: first))
      blocks.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        let target = UncheckedPointer(base)
        Parallel.forEachRange(of: blockCount, grain: 16) { range in
          withUnsafeTemporaryAllocation(of: SIMD16<Float>.self, capacity: sampleCount) { rows in
            guard let scratch = rows.baseAddress else { return }
            for block in range {
              let start = block * Self.laneCount
              let lanes = min(Self.laneCount, entryCount - start)
              paddedTruth.withUnsafeBufferPointer { truth in
                let reference = SIMD16(truth[start..<start + Self.laneCount])
                for i in 0..<sampleCount {
                  let row = UnsafeRawPointer(source.base + i * entryCount + start)
                  if lanes == Self.laneCount {
                    scratch[i] = row.loadUnaligned(as: SIMD16<Float>.self) - reference
                  } else {
                    scratch[i] = .zero
                    for lane in 0..<lanes { scratch[i][lane] = source[i * entryCount + start + lane] - reference[lane] }
                  }
                }
              }
              target[block] = kernel.reduce(scratch)
            }
          }
        }
      }
    }
    crps = Self.unpacked(blocks, \.crps, count: entryCount)
    meanError = Self.unpacked(blocks, \.meanError, count: entryCount)
    variance = Self.unpacked(blocks, \.variance, count: entryCount)
    samplesBelow = Self.unpacked(blocks, \.samplesBelow, count: entryCount)
    samplesEqual = Self.unpacked(blocks, \.samplesEqual, count: entryCount)
    coverage = Self.unpacked(blocks, \.coverage, count: entryCount)
  }

  private static func unpacked<Scalar: SIMDScalar>(
    _ blocks: [EnsembleKernel.Block], _ part: KeyPath<EnsembleKernel.Block, SIMD16<Scalar>>, count: Int
  ) -> [Scalar] {
    [Scalar](unsafeUninitializedCapacity: count) { out, initialized in
      for (i, block) in blocks.enumerated() {
        let lanes = block[keyPath: part]
        for lane in 0..<min(laneCount, count - i * laneCount) {
          out.initializeElement(at: i * laneCount + lane, to: lanes[lane])
        }
      }
      initialized = count
    }
  }

  /// Whether the truth at an entry lies within an interval.
  public func isCovered(_ entry: Int, at level: CoverageLevel) -> Bool {
    let bit = CoverageLevel.allCases.firstIndex(of: level) ?? 0
    return coverage[entry] & (1 << UInt8(bit)) != 0
  }

  /// Whether the truth at an entry lies within an interval, where several samples may equal it.
  ///
  /// Where a share of samples lies exactly on a bound, as dry days do, an interval that ends there always contains a truth
  /// on the bound, so that counting it would make every forecast look too wide. The place of the truth among equal samples
  /// is drawn at random instead (with the entry's own stream): an honest ensemble then covers the nominal share.
  public func isCovered(_ entry: Int, at level: CoverageLevel, using random: RandomStream) -> Bool {
    let ties = Int(samplesEqual[entry])
    // A single equal sample is chance or rounding, not a bound.
    guard ties > 1 else { return isCovered(entry, at: level) }
    var stream = random.split(entry)
    let place = Double(samplesBelow[entry]) + stream.uniform() * Double(ties + 1)
    return abs(place / Double(sampleCount + 1) - 0.5) <= 0.5 * level.nominal
  }

  /// The rank of the truth among the samples, 0…N; ties are broken at random with the entry's own stream.
  public func rank(_ entry: Int, using random: RandomStream) -> Int {
    let ties = Int(samplesEqual[entry])
    guard ties > 0 else { return Int(samplesBelow[entry]) }
    var stream = random.split(entry)
    return Int(samplesBelow[entry]) + Int(stream.uniform() * Double(ties + 1))
  }
}
