// Learns a mixture of patches by expectation and maximisation, from clean patches or from noisy ones alone. With noise of a
// known covariance N, patches of component k have the covariance C_k + N: the expectation step uses it, and the maximisation
// step takes N away from the covariance of the component's patches, where what is left is positive. That is the likeliest C_k
// of a Gaussian with known noise (Tipping and Bishop 1999, for N = σ²I).

import Foundation
import SextantArrays

/// How a mixture of patches is learned.
public struct PatchTraining: Sendable, Equatable {
  /// The pixels along each side of a patch.
  public var side: Int
  /// The number of components.
  public var components: Int
  /// The largest number of rounds.
  public var rounds: Int

  public init(side: Int = 8, components: Int = 50, rounds: Int = 20) {
    (self.side, self.components, self.rounds) = (side, components, rounds)
  }

  /// Components whose share of a patch is smaller than this have no part in it.
  private static let leastShare: Float = 1e-3
  /// The number of patches for which the prior of a covariance counts: a round Gaussian of the component's own size.
  private static let priorCount = 10.0
  /// Training stops when the mean log-likelihood of a number grows by less.
  private static let tolerance = 1e-4

  /// The mixture of patches.
  ///
  /// - Parameters:
  ///   - patches: patches in the variables' units (N×d); a number of whole patches, row, column, channel fastest.
  ///   - noise: the standard deviation of the noise of each channel (C), in the variables' units; 0 for clean patches.
  ///   - random: chooses the patches at which components start.
  ///   - identity: names the mixture, as its settings and its archive do.
  ///   - progress: called after each round with the mean log-likelihood of a number; may throw to interrupt.
  /// - Throws: ``PriorError`` for too few patches or patches without variation, and what `progress` throws.
  public func learn(
    from patches: Tensor<Float>, noise: [Float], identity: String = "", using random: RandomStream,
    progress: (Int, Double) throws -> Void = { _, _ in }
  ) throws -> PatchMixture {
    let (channels, d, n) = (noise.count, patches.columnCount, patches.rowCount)
    precondition(
      d == side * side * channels, "Patches of \(d) numbers for \(side)×\(side) pixels of \(channels) channels")
    guard n >= 2 * components else {
      throw PriorError.tooFewPatches(found: n, least: 2 * components)
    }
    let (origins, scales) = Self.standards(of: patches, channelCount: channels)
    guard scales.allSatisfy({ $0 > 0 && $0.isFinite }) else { throw PriorError.constantPatches }
    let x = Self.standardised(patches, origins, scales)
    let variances = Self.variances(noise, scales, count: d)
    let first = try maximised(x, Self.firstShares(of: x, count: components, using: random), variances)
    return try improved(first, x, variances, progress: progress)
      .mixture(side: side, origins: origins, scales: scales, identity: identity)
  }

  /// A mixture after further rounds on patches, with the origins and scales that it has; see ``learn(from:noise:identity:using:progress:)``.
  package func improve(_ mixture: PatchMixture, on patches: Tensor<Float>, noise: [Float]) throws -> PatchMixture {
    let parts = try improved(
      Parts(
        weights: mixture.weights.map(Double.init),
        means: (0..<mixture.count).map { mixture.means.row($0).scalars.map(Double.init) },
        covariances: mixture.covariances.map { $0.converted(to: Double.self) }),
      Self.standardised(patches, mixture.origins, mixture.scales),
      Self.variances(noise, mixture.scales, count: mixture.dimension)
    ) { _, _ in }
    return parts.mixture(
      side: mixture.side, origins: mixture.origins, scales: mixture.scales, identity: mixture.identity)
  }

  /// The components in double precision, as rounds improve them.
  private struct Parts {
    var weights: [Double]
    var means: [[Double]]
    var covariances: [Tensor<Double>]

    func mixture(side: Int, origins: [Float], scales: [Float], identity: String) -> PatchMixture {
      PatchMixture(
        side: side, origins: origins, scales: scales, weights: weights.map { Float($0) },
        means: Tensor(means.flatMap { $0 }, shape: [means.count, side * side * origins.count]).converted(
          to: Float.self),
        covariances: covariances.map { $0.converted(to: Float.self) }, identity: identity)
    }
  }

  /// The components after at most ``rounds`` rounds.
  private func improved(
    _ first: Parts, _ x: Tensor<Float>, _ variances: [Double], progress: (Int, Double) throws -> Void
  ) throws -> Parts {
    var parts = first
    var last = -Double.infinity
    for round in 0..<rounds {
      let (shares, likelihood) = try Self.expected(x, parts.weights, parts.means, parts.covariances, variances)
      parts = try maximised(x, shares, variances)
      try progress(round + 1, likelihood)
      if likelihood - last < Self.tolerance { break }
      last = likelihood
    }
    return parts
  }

  /// (value − origin) / scale of each channel.
  private static func standardised(_ patches: Tensor<Float>, _ origins: [Float], _ scales: [Float]) -> Tensor<Float> {
    Tensor(shape: patches.shape) { out in
      patches.withUnsafeScalars { source in
        for i in out.indices { out[i] = (source[i] - origins[i % origins.count]) / scales[i % origins.count] }
      }
    }
  }

  /// The variances of the noise of the numbers of a patch, in standardised values.
  private static func variances(_ noise: [Float], _ scales: [Float], count: Int) -> [Double] {
    (0..<count).map { Double(noise[$0 % noise.count] / scales[$0 % noise.count]) }.map { $0 * $0 }
  }

  /// The mean and the standard deviation of each channel.
  private static func standards(of patches: Tensor<Float>, channelCount: Int) -> (origins: [Float], scales: [Float]) {
    var (sums, squares) = ([Double](repeating: 0, count: channelCount), [Double](repeating: 0, count: channelCount))
    patches.withUnsafeScalars { values in
      for i in values.indices {
        sums[i % channelCount] += Double(values[i])
        squares[i % channelCount] += Double(values[i]) * Double(values[i])
      }
    }
    let count = Double(max(1, patches.count / channelCount))
    let means = sums.map { $0 / count }
    return (means.map { Float($0) }, zip(squares, means).map { Float(max(0, $0 / count - $1 * $1).squareRoot()) })
  }

  /// Each patch belongs to the nearest of some patches drawn at random, after three rounds of k-means.
  private static func firstShares(of x: Tensor<Float>, count: Int, using random: RandomStream) -> Tensor<Float> {
    let n = x.rowCount
    var random = random
    var places = Array(0..<n)
    places.shuffle(using: &random)
    var centres = x.gatheringRows(Array(places.prefix(count)))
    var nearest = [Int](repeating: 0, count: n)
    for _ in 0..<4 {
      let products = matrixProduct(x, centres, transposingSecond: true)
      let norms = (0..<count).map { k in centres.row(k).scalars.reduce(Float(0)) { $0 + $1 * $1 } }
      nearest = products.withUnsafeScalars { values in
        (0..<n).map { i in
          (0..<count).min { norms[$0] - 2 * values[i * count + $0] < norms[$1] - 2 * values[i * count + $1] } ?? 0
        }
      }
      let owner = nearest
      let members = Tensor<Float>(shape: [count, n]) { out in
        out.initialize(repeating: 0)
        for (i, k) in owner.enumerated() { out[k * n + i] = 1 }
      }
      let sums = matrixProduct(members, x)
      let sizes = (0..<count).map { k in Float(max(1, owner.count { $0 == k })) }
      centres = sums.scalingRows(by: sizes.map { 1 / $0 })
    }
    return Tensor(shape: [n, count]) { out in
      out.initialize(repeating: 0)
      for (i, k) in nearest.enumerated() { out[i * count + k] = 1 }
    }
  }

  /// The share of each component in each patch (N×K), and the mean log-likelihood of a number.
  private static func expected(
    _ x: Tensor<Float>, _ weights: [Double], _ means: [[Double]], _ covariances: [Tensor<Double>], _ noise: [Double]
  ) throws -> (shares: Tensor<Float>, likelihood: Double) {
    let (n, count) = (x.rowCount, weights.count)
    var logs = Tensor<Float>.zeros([n, count])
    for k in 0..<count {
      let factor = try CholeskyFactor(covariances[k].addingDiagonal(noise))
      let logDeterminant = factor.logDeterminant
      let rounded = CholeskyFactor<Float>(rounding: factor)
      let white = rounded.solveLower(rows: x.subtractingRow(means[k].map { Float($0) }))
      let squares = white.rowSquaredNorms()
      logs.withUnsafeMutableScalars { out in
        for i in 0..<n { out[i * count + k] = Float(log(weights[k]) - logDeterminant / 2 - Double(squares[i]) / 2) }
      }
    }
    var sum = 0.0
    logs.withUnsafeMutableScalars { out in
      for i in 0..<n {
        let row = i * count..<(i + 1) * count
        let most = out[row].max() ?? 0
        let total = row.reduce(Float(0)) { $0 + exp(out[$1] - most) }
        sum += Double(most) + Double(log(total))
        for place in row { out[place] = exp(out[place] - most) / total }
      }
    }
    return (logs, sum / Double(n * x.columnCount))
  }

  /// Weights, means and covariances (without the noise) of the components with enough patches.
  private func maximised(
    _ x: Tensor<Float>, _ shares: Tensor<Float>, _ noise: [Double]
  ) throws -> Parts {
    let (n, count, d) = (x.rowCount, shares.columnCount, x.columnCount)
    var (weights, means, covariances): ([Double], [[Double]], [Tensor<Double>]) = ([], [], [])
    for k in 0..<count {
      let own = shares.withUnsafeScalars { values in (0..<n).filter { values[$0 * count + k] > Self.leastShare } }
      let share = shares.withUnsafeScalars { values in own.map { values[$0 * count + k] } }
      let total = share.reduce(0.0) { $0 + Double($1) }
      guard total >= 2 else { continue }
      let rows = x.gatheringRows(own)
      let mean = matrixProduct(Tensor(share, shape: [1, own.count]), rows).scalars.map { Double($0) / total }
      let centred = rows.subtractingRow(mean.map { Float($0) }).scalingRows(by: share.map { $0.squareRoot() })
      var covariance = gramMatrix(centred, transposeFirst: true).converted(to: Double.self)
      let size = covariance.diagonal.reduce(0, +) / Double(d) / total
      covariance =
        (covariance.addingDiagonal([Double](repeating: Self.priorCount * size, count: d)))
        * (1 / (total + Self.priorCount))
      weights.append(total)
      means.append(mean)
      covariances.append(try Self.withoutNoise(covariance, noise))
    }
    let sum = weights.reduce(0, +)
    return Parts(weights: weights.map { $0 / sum }, means: means, covariances: covariances)
  }

  /// The positive part of S − N in the metric of N, with a floor that keeps it invertible; S itself for clean patches.
  private static func withoutNoise(_ covariance: Tensor<Double>, _ noise: [Double]) throws -> Tensor<Double> {
    let d = covariance.columnCount
    guard noise.contains(where: { $0 > 0 }) else {
      return covariance.addingDiagonal([Double](repeating: 1e-6, count: d))
    }
    let roots = noise.map { max($0, 1e-12).squareRoot() }
    let white = covariance.scalingRows(by: roots.map { 1 / $0 }).scalingColumns(by: roots.map { 1 / $0 })
    let pairs = try symmetricEigendecomposition(white)
    let kept = pairs.values.map { max($0 - 1, 1e-6) }
    // V·diag·Vᵀ, with eigenvectors as rows.
    let scaled = pairs.vectors.scalingRows(by: kept.map { $0.squareRoot() })
    return gramMatrix(scaled, transposeFirst: true).scalingRows(by: roots).scalingColumns(by: roots)
  }
}
