// How likely a field's own noisy observations are under a covariance model, with its gradient.
//
// −log p(y | θ) − log p(θ) up to constants: ½ yᵀK⁻¹y + ½ log|K| + ½ Σ ((θ−mean)/deviation)², where
// K = cov(θ) + noise. The gradient is ½ tr((K⁻¹ − ααᵀ)·∂K), α = K⁻¹y (Rasmussen and Williams 2006, eq. 5.9).

import SextantArrays

/// The negative log marginal likelihood of observed states as a function of the parameters.
struct MarginalLikelihood {
  private let model: CovarianceModel
  private let sites: CovarianceModel.Sites
  private let anomalies: [Double]
  private let noiseVariance: [Double]
  private let modeProducts: Tensor<Double>
  /// The root-mean-square noise, standardised.
  let noise: Double

  /// - Parameters:
  ///   - states: the observed states (n), each at most once.
  ///   - anomalies: observed minus mean, standardised (n).
  ///   - noiseVariance: the noise variance of each, standardised (n).
  init(_ model: CovarianceModel, states: [Int], anomalies: [Double], noiseVariance: [Double]) {
    self.model = model
    sites = model.sites(states)
    self.anomalies = anomalies
    self.noiseVariance = noiseVariance
    modeProducts = gramMatrix(sites.modes, transposeFirst: true)
    noise = (noiseVariance.reduce(0, +) / Double(max(1, noiseVariance.count))).squareRoot()
  }

  /// The objective and its gradient; infinite where the covariance is not positive definite.
  func callAsFunction(_ theta: [Double]) -> (value: Double, gradient: [Double]) {
    let n = anomalies.count
    let kernels = model.terms(theta).map { PairKernel($0, rows: sites, columns: sites, in: model) }
    var covariance = Tensor<Double>.zeros([n, n])
    covariance.withUnsafeMutableScalars { out in
      modeProducts.withUnsafeScalars { products in
        for kernel in kernels { kernel.accumulateLower(into: out, modeProducts: products) }
      }
      for i in 0..<n { out[i * n + i] += noiseVariance[i] }
    }
    guard let factor = try? CholeskyFactor(covariance) else {
      return (.infinity, [Double](repeating: 0, count: theta.count))
    }
    let alpha = factor.solve(Tensor(anomalies)).scalars
    let fit = zip(alpha, anomalies).reduce(0.0) { $0 + $1.0 * $1.1 }
    let hyperPrior = model.hyperPrior(at: theta, noise: noise)
    let value = 0.5 * fit + 0.5 * factor.logDeterminant + hyperPrior.value

    // G = K⁻¹ − ααᵀ, of which only the lower triangle is read.
    var inverse = factor.inverse()
    inverse.withUnsafeMutableScalars { g in
      guard let base = g.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEachRange(of: n, grain: 32) { rows in
        for i in rows { for j in 0...i { out[i * n + j] -= alpha[i] * alpha[j] } }
      }
    }
    var gradient: [Double] = []
    inverse.withUnsafeScalars { g in
      modeProducts.withUnsafeScalars { products in
        for (component, kernel) in zip(model.components, kernels) {
          gradient += kernel.gradient(
            of: component, weights: g, modeProducts: products,
            features: model.features, states: sites.states)
        }
      }
    }
    for p in gradient.indices { gradient[p] += hyperPrior.gradient[p] }
    return (value, gradient)
  }
}

extension PairKernel {
  /// Adds the term to the lower triangle of a square block.
  func accumulateLower(into block: UnsafeMutableBufferPointer<Double>, modeProducts: UnsafeBufferPointer<Double>) {
    guard let base = block.baseAddress, let products = modeProducts.baseAddress else { return }
    let out = UncheckedPointer(base)
    let modes = UncheckedPointer(UnsafeMutablePointer(mutating: products))
    let n = size
    Parallel.forEachRange(of: n, grain: 8) { range in
      var values = [Double](repeating: 0, count: n)
      for i in range {
        fill(&values, row: i, upTo: i + 1)
        if usesModes {
          for j in 0...i { out[i * n + j] += values[j] * modes[i * n + j] }
        } else {
          for j in 0...i { out[i * n + j] += values[j] }
        }
      }
    }
  }

  /// ½ Σ Gij·∂Kij/∂θ for each parameter of the component, by loops over the lower triangle.
  func gradient(
    of component: CovarianceComponent, weights g: UnsafeBufferPointer<Double>,
    modeProducts: UnsafeBufferPointer<Double>, features: [[Double]], states: [Int]
  ) -> [Double] {
    let n = size
    guard let weightBase = g.baseAddress, let modeBase = modeProducts.baseAddress else { return [] }
    let weights = UncheckedPointer(UnsafeMutablePointer(mutating: weightBase))
    let modes = UncheckedPointer(UnsafeMutablePointer(mutating: modeBase))
    let groups = max(0, axisCount - 2)
    let grain = 8
    let chunks = (n + grain - 1) / grain
    // For each chunk: Σ G·K, then Σ G·slope·(squared distance of each axis group); for each row and column Σ G·K.
    var sums = [Double](repeating: 0, count: chunks * (1 + groups))
    var perRow = [Double](repeating: 0, count: n)
    let wantsFeatures = !usesModes
    sums.withUnsafeMutableBufferPointer { sums in
      perRow.withUnsafeMutableBufferPointer { perRow in
        guard let sumBase = sums.baseAddress, let rowBase = perRow.baseAddress else { return }
        let (sums, perRow) = (UncheckedPointer(sumBase), UncheckedPointer(rowBase))
        Parallel.forEachRange(of: n, grain: grain) { range in
          var values = [Double](repeating: 0, count: n)
          var slopes = values
          var distances = [Double](repeating: 0, count: n * max(1, groups))
          let slot = range.lowerBound / grain * (1 + groups)
          for i in range {
            // A full row for features, whose sums need rows and columns; half of it otherwise.
            let count = wantsFeatures ? n : i + 1
            fill(&values, slopes: &slopes, squaredDistances: &distances, row: i, upTo: count, wantsSlopes: groups > 0)
            var rowSum = 0.0
            for j in 0..<count {
              let weight = j <= i ? weights[i * n + j] : weights[j * n + i]
              rowSum += weight * values[j] * (usesModes ? modes[i * n + j] : 1)
            }
            perRow[i] = rowSum
            for j in 0...i {
              let twice = j == i ? 0.5 : 1.0
              let factor = twice * weights[i * n + j] * (usesModes ? modes[i * n + j] : 1)
              sums[slot] += factor * values[j]
              for group in 0..<groups {
                let below = group == 0 ? 0 : distances[(group - 1) * count + j]
                sums[slot + 1 + group] += factor * slopes[j] * (distances[group * count + j] - below)
              }
            }
          }
        }
      }
    }
    func total(_ index: Int) -> Double {
      (0..<chunks).reduce(0.0) { $0 + sums[$1 * (1 + groups) + index] }
    }
    // K depends on amplitudes by exp(2a); on log range by +t², on log weights by −t² of their axis, through the slope.
    switch component {
    case .modes: return [2 * total(0)]
    case .localisedModes(_, _, let coordinates, _):
      return [2 * total(0), total(1)] + coordinates.indices.map { -total(2 + $0) }
    case .field(_, let coordinates, _, let deviation):
      return [total(1)] + coordinates.indices.map { -total(2 + $0) }
        + deviation.map { coefficient in
          let feature = features[coefficient.feature]
          return states.indices.reduce(0.0) { $0 + perRow[$1] * feature[states[$1]] }
        }
    }
  }
}
