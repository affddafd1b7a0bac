// The marginal likelihood of a field's own noisy observations under a covariance model, with its gradient.
//
// −log p(y | θ) − log p(θ) up to constants: ½ yᵀK⁻¹y + ½ log|K| + ½ Σ ((θ−mean)/σ_θ)², where K = cov(θ) + noise.
// The gradient is ½ tr((K⁻¹ − ααᵀ)·∂K) with α = K⁻¹y (Rasmussen and Williams 2006, eq. 5.9). Where values are sums over
// states, K = H·cov(θ)·Hᵀ + noise, and the gradient is ½ tr(Hᵀ(K⁻¹ − ααᵀ)H·∂cov).

import SextantArrays

/// The negative log marginal likelihood of observed states as a function of the parameters.
struct MarginalLikelihood {
  private let model: CovarianceModel
  private let states: [Int]
  private let anomalies: [Double]
  private let noiseVariance: [Double]
  private let modeProducts: Tensor<Double>
  /// The sums of the states that are the values; nil where each value is that of one state.
  private let sums: StateSums?
  /// The root-mean-square noise, standardised.
  let noise: Double

  /// - Parameters:
  ///   - states: the observed states (n), without repetitions; with `sums`, those of the sums.
  ///   - anomalies: observed minus mean, standardised (n).
  ///   - noiseVariance: the noise variance of each, standardised (n).
  ///   - sums: the sums of the states that are the values; nil where each value is that of one state.
  init(
    _ model: CovarianceModel, states: [Int], anomalies: [Double], noiseVariance: [Double], sums: StateSums? = nil
  ) {
    self.model = model
    self.sums = sums
    self.states = states
    self.anomalies = anomalies
    self.noiseVariance = noiseVariance
    modeProducts = gramMatrix(model.modes(at: states, as: Double.self), transposeFirst: true)
    // Noise beyond the climate's own standard deviation carries no information, however large it is, so it must not
    // influence the hyper-prior.
    noise = (noiseVariance.reduce(0) { $0 + min($1, 1) } / Double(max(1, noiseVariance.count))).squareRoot()
  }

  /// The objective and its gradient; infinite if the covariance is not positive definite.
  func callAsFunction(_ theta: [Double]) -> (value: Double, gradient: [Double]) {
    let n = anomalies.count
    let kernels = model.terms(theta).map { PairKernel<Double>($0, rows: states, columns: states, in: model) }
    var covariance = modeProducts
    PairKernel.assemble(kernels, in: &covariance, lowerOnly: sums == nil)
    if let sums { covariance = sums.covariance(ofStates: covariance) }
    covariance.withUnsafeMutableScalars { out in
      for i in 0..<n { out[i * n + i] += noiseVariance[i] }
    }
    guard let factor = try? CholeskyFactor(covariance) else {
      return (.infinity, [Double](repeating: 0, count: theta.count))
    }
    let alpha = factor.solve(Tensor(anomalies)).scalars
    let fit = zip(alpha, anomalies).reduce(0.0) { $0 + $1.0 * $1.1 }
    let hyperPrior = model.hyperPrior(at: theta, noise: noise)
    let value = 0.5 * fit + 0.5 * factor.logDeterminant + hyperPrior.value

    // G = K⁻¹ − ααᵀ, of which only the lower triangle is used.
    var inverse = factor.inverse()
    inverse.withUnsafeMutableScalars { g in
      guard let base = g.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEachRange(of: n, grain: 32) { rows in
        for i in rows { for j in 0...i { out[i * n + j] -= alpha[i] * alpha[j] } }
      }
    }
    if let sums {
      inverse.mirrorLowerTriangle()
      inverse = sums.derivatives(byValues: inverse)
    }
    var gradient: [Double] = []
    inverse.withUnsafeScalars { g in
      modeProducts.withUnsafeScalars { products in
        for (component, kernel) in zip(model.components, kernels) {
          gradient += kernel.gradient(
            of: component, weights: g, modeProducts: products,
            features: model.features, states: states)
        }
      }
    }
    for p in gradient.indices { gradient[p] += hyperPrior.gradient[p] }
    return (value, gradient)
  }
}

extension PairKernel<Double> {
  /// ½ Σ Gij·∂Kij/∂θ for each parameter of the component, by loops over the lower triangle.
  ///
  /// - Parameters:
  ///   - g: G, of which the lower triangle is used (n×n).
  ///   - features: all features of the model at all states; `states` are the states of the block.
  func gradient(
    of component: CovarianceComponent, weights g: UnsafeBufferPointer<Double>,
    modeProducts: UnsafeBufferPointer<Double>, features: [[Double]], states: [Int]
  ) -> [Double] {
    let n = rowCount
    guard let weightBase = g.baseAddress, let modeBase = modeProducts.baseAddress else { return [] }
    let weights = UncheckedPointer(UnsafeMutablePointer(mutating: weightBase))
    let modes = UncheckedPointer(UnsafeMutablePointer(mutating: modeBase))
    let groups = max(0, axisCount - 2)
    let ownFeatures = component.featureIndices.map { index in states.map { features[index][$0] } }
    // For each chunk of rows: Σ G·K, Σ G·slope·(squared distance up to each group of axes), Σ G·K·(zi + zj) of each
    // feature.
    let width = 1 + groups + ownFeatures.count
    let grain = 8
    var sums = [Double](repeating: 0, count: (n + grain - 1) / grain * width)
    sums.withUnsafeMutableBufferPointer { sums in
      guard let base = sums.baseAddress else { return }
      let sums = UncheckedPointer(base)
      let kernels = Double.kernels
      Parallel.forEachRange(of: n, grain: grain) { range in
        // Values, slopes, products, ones, and the squared distances of each group of axes.
        var scratch = [Double](repeating: 0, count: n * (4 + groups))
        let slot = range.lowerBound / grain * width
        scratch.withUnsafeMutableBufferPointer { scratch in
          for i in range {
            let count = i + 1
            func part(_ k: Int, of parts: Int = 1) -> UnsafeMutableBufferPointer<Double> {
              UnsafeMutableBufferPointer(rebasing: scratch[k * n..<k * n + parts * count])
            }
            let (values, slopes, products, ones, distances) = (part(0), part(1), part(2), part(3), part(4, of: groups))
            ones[i] = 1
            if i == range.lowerBound { ones.update(repeating: 1) }
            if groups > 0 {
              fill(values, slopes: slopes, squaredDistances: distances, row: i)
            } else {
              fill(values, row: i)
            }
            let weightRow = UnsafeBufferPointer(start: weights.base + i * n, count: count)
            let modeRow = UnsafeBufferPointer(start: modes.base + i * n, count: count)
            func multiply(_ factors: UnsafeMutableBufferPointer<Double>) {
              kernels.multiply(weightRow, UnsafeBufferPointer(factors), into: products)
              if usesModes { kernels.multiply(UnsafeBufferPointer(products), modeRow, into: products) }
            }
            // The distance of a state to itself is 0, so the diagonal needs no special case here.
            if groups > 0 {
              multiply(slopes)
              for group in 0..<groups {
                let upTo = UnsafeBufferPointer(rebasing: distances[group * count..<(group + 1) * count])
                sums[slot + 1 + group] += kernels.dot(UnsafeBufferPointer(products), upTo)
              }
            }
            multiply(values)
            products[i] *= 0.5
            let rowSum = kernels.dot(UnsafeBufferPointer(products), UnsafeBufferPointer(ones))
            sums[slot] += rowSum
            for (f, feature) in ownFeatures.enumerated() {
              // Σ over j ≤ i of p·(zi + zj), with the diagonal counted once rather than twice.
              let across = feature.withUnsafeBufferPointer {
                kernels.dot(UnsafeBufferPointer(products), UnsafeBufferPointer(rebasing: $0[..<count]))
              }
              sums[slot + 1 + groups + f] += feature[i] * rowSum + across
            }
          }
        }
      }
    }
    func total(_ index: Int) -> Double {
      stride(from: index, to: sums.count, by: width).reduce(0.0) { $0 + sums[$1] }
    }
    /// The sum for a single group of axes: the position, or one coordinate.
    func axisTotal(_ group: Int) -> Double { total(1 + group) - (group > 0 ? total(group) : 0) }
    // K depends on amplitudes through exp(2a), on the log range through +t², and on the log weights through −t² of
    // their axis, by the slope.
    switch component {
    case .modes: return [2 * total(0)]
    case .localisedModes(_, _, let coordinates, _):
      return [2 * total(0), axisTotal(0)] + coordinates.indices.map { -axisTotal(1 + $0) }
    case .field(_, let coordinates, _, _):
      return [axisTotal(0)] + coordinates.indices.map { -axisTotal(1 + $0) }
        + ownFeatures.indices.map { total(1 + groups + $0) }
    }
  }
}

extension CovarianceComponent {
  /// The features on which the component's standard deviation depends.
  fileprivate var featureIndices: [Int] {
    if case .field(_, _, _, let standardDeviation) = self { standardDeviation.map(\.feature) } else { [] }
  }
}
