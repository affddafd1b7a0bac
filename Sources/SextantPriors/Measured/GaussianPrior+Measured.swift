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
    let hasOperator = try fields.count > 0 && fields.field(0).matrix != nil
    var covariance = Tensor<Double>.zeros([0, 0])
    if hasOperator {
      covariance = gramMatrix(model.loadings)
      for j in 0..<d { covariance[j, j] += model.residualVariance[j] }
    }
    var result = Tensor<Float>.zeros([fields.count, k])
    for position in 0..<fields.count {
      let field = try fields.field(position)
      var stream = random.split(position)
      let draw =
        try field.matrix == nil
        ? model.posterior(given: field.values, terms: field.terms).sample(using: &stream)
        : Self.draw(given: field.values, terms: field.terms, of: self, covariance: covariance, using: &stream)
      result.replaceRows(from: position, with: Tensor(draw.map { Float($0) }, shape: [1, k]))
      try progress()
    }
    return result
  }

  /// A draw of the coefficients of the modes given values that combine states: mean Gᵀ·S⁻¹·a and covariance I − Gᵀ·S⁻¹·G with
  /// G = H·Wᵀ for the modes W.
  private static func draw(
    given values: ObservedStates, terms: [Double], of prior: CompletedPrior, covariance: Tensor<Double>,
    using random: inout RandomStream
  ) throws -> [Double] {
    let k = prior.functions.modeCount
    let white: Tensor<Double> = random.normals([k, 1])
    guard values.count > 0 else { return white.scalars }
    let modes = prior.functions.scaledModes.converted(to: Double.self).transposed()
    let factor = try CholeskyFactor(values.innovation(under: covariance))
    let gains = values.rows(of: modes)
    let anomalies = CompletionSums.anomalies(of: values, terms: terms, climatology: prior.climatology)
    let mean = matrixProduct(
      gains, factor.solve(Tensor(anomalies)).reshaped(to: [values.count, 1]), transposingFirst: true)
    var posterior = matrixProduct(gains, factor.solve(gains), transposingFirst: true) * -1
    for a in 0..<k { posterior[a, a] += 1 + 1e-9 }
    return (mean + (try CholeskyFactor(posterior).multiplyLower(white))).scalars
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
