// A Gaussian prior from what was learned of measured fields: the modes, the climatology with its corrections, and the fields as
// coefficients of the modes.

import SextantArrays
import SextantGeometry

extension GaussianPrior {
  /// The prior that was learned of measured fields.
  ///
  /// - Parameters:
  ///   - learned: modes, and corrections of the climatology of `space`.
  ///   - coefficients: the fields as coefficients of the modes (N×k); none where they are not asked for.
  ///   - landShare: the fraction of land at each vertex (V), or nil.
  package init(
    _ learned: CompletedPrior, configuration: GaussianPriorConfiguration, space: StateSpace,
    coefficients: Tensor<Float>? = nil, landShare: [Float]?, domain: some Domain
  ) {
    let (terms, d) = (learned.climatology.rowCount, space.count)
    let scales = space.stateScales
    let mean = space.climatology
    let corrected = Tensor<Float>(shape: [terms, d]) { out in
      learned.climatology.withUnsafeScalars { shift in
        mean.coefficients.withUnsafeScalars { old in
          for i in out.indices { out[i] = Float(Double(old[i]) + shift[i] * Double(scales[i % d])) }
        }
      }
    }
    var own = configuration
    own.climatology = mean.kind
    self.init(
      configuration: own,
      space: StateSpace(
        layout: space.layout, climatology: Climatology(kind: mean.kind, coefficients: corrected), scales: space.scales),
      functions: learned.functions,
      archiveCoefficients: coefficients ?? .zeros([0, learned.functions.modeCount]),
      landShare: landShare.map { space.layout.landOfStates($0, domain: domain) },
      channelCorrelation: Self.channelCorrelation(of: learned.functions, layout: space.layout))
  }
}

extension CompletedPrior {
  /// What a factor analysis with orthogonal factors learned.
  package init(_ model: FactorModel) {
    self.init(functions: model.functions, climatology: model.climatology, parameters: [])
  }

  /// The same variances without modes, so that a Matérn field has them: what is known where the factors of few fields are mostly
  /// noise.
  package var withoutModes: CompletedPrior {
    var result = self
    result.functions = functions.truncated(to: 0)
    return result
  }

  /// A draw from the posterior of the coefficients of the modes of each field (N×k), in units of each mode's deviation: means
  /// alone would vary too little.
  package func coefficients(
    of fields: GappyStates, random: RandomStream, progress: () throws -> Void
  ) throws -> Tensor<Float> {
    let (k, d, terms) = (functions.modeCount, functions.stateCount, climatology.rowCount)
    let model = FactorModel(
      coefficients: climatology.stacked(on: functions.scaledModes.converted(to: Double.self)).transposed(),
      residualVariance: functions.residualVariance.map { max(Double($0), 1e-6) },
      ridge: [Double](repeating: 1, count: terms + k), termCount: terms)
    precondition(model.stateCount == d)
    // Values that combine states need the whole covariance.
    let hasOperator = try fields.haveOperator
    var covariance = Tensor<Double>.zeros([0, 0])
    if hasOperator {
      covariance = gramMatrix(model.loadings)
      for j in 0..<d { covariance[j, j] += model.residualVariance[j] }
    }
    var result = Tensor<Float>.zeros([fields.count, k])
    var combined: CombinedPosterior?
    for position in 0..<fields.count {
      let field = try fields.field(position)
      var stream = random.split(position)
      let draw: [Double]
      if field.matrix == nil {
        draw = try model.posterior(given: field.values, terms: field.terms).sample(using: &stream)
      } else {
        let values = field.values
        if combined.map({ !$0.values.isMeasured(as: values) }) ?? true {
          combined = try CombinedPosterior(of: functions.scaledModes, given: values, covariance: covariance)
        }
        draw =
          combined?.sample(
            anomalies: CompletionSums.anomalies(of: values, terms: field.terms, climatology: climatology), using: &stream) ?? []
      }
      result.replaceRows(from: position, with: Tensor(draw.map { Float($0) }, shape: [1, k]))
      try progress()
    }
    return result
  }
}

/// The posterior of the coefficients of the modes given values that combine states, for all fields that were measured alike: mean
/// Gᵀ·S⁻¹·a and covariance I − Gᵀ·S⁻¹·G with G = H·Wᵀ for the modes W.
private struct CombinedPosterior {
  /// The places and the noise, and the anomalies of the first field.
  let values: ObservedStates
  /// S⁻¹·G (m×k).
  private let gain: Tensor<Double>
  /// The factor of the covariance (k×k).
  private let root: CholeskyFactor<Double>

  /// - Parameters:
  ///   - modes: W (k×d).
  ///   - values: the first field (m).
  ///   - covariance: K (d×d).
  init(of modes: Tensor<Float>, given values: ObservedStates, covariance: Tensor<Double>) throws {
    let k = modes.rowCount
    self.values = values
    let projected = values.rows(of: modes.converted(to: Double.self).transposed())
    gain = values.count > 0 ? try CholeskyFactor(values.innovation(under: covariance)).solve(projected) : projected
    var posterior = matrixProduct(projected, gain, transposingFirst: true) * -1
    for a in 0..<k { posterior[a, a] += 1 + 1e-9 }
    root = try CholeskyFactor(posterior)
  }

  /// A draw (k) given the anomalies of a field (m).
  func sample(anomalies: [Double], using random: inout RandomStream) -> [Double] {
    let white: Tensor<Double> = random.normals([root.size, 1])
    let mean = matrixProduct(gain, Tensor(anomalies, shape: [anomalies.count, 1]), transposingFirst: true)
    return (mean + root.multiplyLower(white)).scalars
  }
}

extension ClimatologyKind {
  /// The precision of the prior of each correction of a coefficient, standardised: harmonics that the months of the archive do
  /// not determine stay as they are.
  package func correctionPrecision(for support: ArchiveSupport) -> [Double] {
    // Those of the day are there only where the hours determine them.
    let determined = season.limited(by: support).termCount
    return (0..<season.termCount).map { $0 < determined ? 1 : 1e6 }
      + [Double](repeating: 1, count: termCount - season.termCount)
  }
}
