// One of each solver on a small climate of two variables, and operators to try them on: a mask, a sparse matrix that mixes
// neighbours, and a blur that is known by its action alone.

import Sextant
import SextantTestSupport
import Testing

/// A blur along the vertices of each channel, known by its action alone.
struct MatrixFreeBlur: LinearOperator {
  let vertexCount: Int
  let channelCount: Int
  var inputCount: Int { vertexCount * channelCount }
  var outputCount: Int { inputCount }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> { shifted(signals, sign: 1) }
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { shifted(measurements, sign: -1) }

  private func shifted(_ rows: Tensor<Float>, sign: Int) -> Tensor<Float> {
    let (count, channels) = (inputCount, channelCount)
    return Tensor(shape: [rows.rowCount, count]) { out in
      rows.withUnsafeScalars { source in
        for row in 0..<rows.rowCount {
          for i in 0..<count {
            let next = row * count + (i + sign * channels + count) % count
            out[row * count + i] = 0.6 * source[row * count + i] + 0.4 * source[next]
          }
        }
      }
    }
  }
}

/// Solvers by name.
struct SolverFamily {
  /// Those that take any linear measurement.
  static let linear = [
    "climatology", "nearest neighbour", "inverse distance", "harmonic", "kriging", "kriging along the surface", "sparse field",
    "sparse field, fitted", "iterated EOF", "EOF", "two-scale", "two-scale, fixed", "mixture", "mixture, fixed",
    "confined", "bounded", "transformed EOF", "transformed two-scale", "plainly transformed", "dps", "ambient-dps", "mcg", "pigdm",
    "mmps", "ddnm", "red-diff", "score-prior",
  ]
  /// Those that need each value to be one entry.
  static let selecting = ["hidden mask", "noise2score"]
  static let names = linear + selecting

  let model: Model
  let mixture: Model
  let fields: SignalSet

  init() throws {
    model = try SmallClimate.model()
    mixture = try SmallClimate.model(of: SmallClimate.fields(), kind: .mixture)
    fields = try SmallClimate.unseen(3)
  }

  private static let cached = Result { try SolverFamily() }
  static func shared() throws -> SolverFamily { try cached.get() }

  func solver(_ name: String) throws -> any Solver {
    let (prior, domain, channels) = (model.prior, model.space.domain, model.space.channelCount)
    let parameters = model.parameters
    func sparseField() throws -> SparseFieldSolver {
      try SparseFieldSolver(prior.space, domain: domain, configuration: SparseFieldConfiguration(spreadDraws: 16))
    }
    func mixtureSolver(_ parameters: ParameterFitting) throws -> MixtureSolver {
      let membership = try #require(mixture.gaussian?.membership)
      return try MixtureSolver(
        GaussianMixturePrior(mixture.prior, membership: membership), domain: domain, parameters: parameters)
    }
    func transformed(_ inner: any Solver, _ second: MarginalTransform = .logit(minimum: -0.5, maximum: 1.5))
      -> any Solver
    {
      TransformedSolver(inner, space: prior.space, transforms: [.none, second])
    }
    let diffusion = DiffusionPrior(try prior.noisePredictor(), space: prior.space)
    switch name {
    case "climatology": return ClimatologySolver(prior)
    case "nearest neighbour": return InverseDistanceSolver(domain: domain, channelCount: channels, neighbourCount: 1)
    case "inverse distance": return InverseDistanceSolver(domain: domain, channelCount: channels)
    case "harmonic": return HarmonicSolver(domain: domain, channelCount: channels)
    case "kriging": return KrigingSolver(domain: domain, channelCount: channels)
    case "kriging along the surface": return try SurfaceKrigingSolver(domain: domain, channelCount: channels)
    case "sparse field": return try sparseField()
    case "sparse field, fitted": return try sparseField().fitted(to: measurements(by: mask)[0])
    case "iterated EOF": return DINEOFSolver(prior)
    case "EOF": return EOFInterpolationSolver(prior)
    case "two-scale": return try TwoScaleSolver(prior, domain: domain)
    case "two-scale, fixed": return try TwoScaleSolver(prior, domain: domain, parameters: parameters)
    case "mixture": return try mixtureSolver(.perField)
    case "mixture, fixed": return try mixtureSolver(mixture.parameters)
    case "confined":
      return HarmonicSolver(domain: domain, channelCount: channels)
        .restricted(to: (0..<domain.vertexCount * channels).map { $0 % 7 != 0 })
    case "bounded":
      return EOFInterpolationSolver(prior).clamped(to: [nil, ValueBounds(minimum: 0, maximum: 1)])
    case "transformed EOF": return transformed(EOFInterpolationSolver(prior))
    case "transformed two-scale":
      return transformed(try TwoScaleSolver(prior, domain: domain, parameters: parameters))
    case "plainly transformed": return transformed(EOFInterpolationSolver(prior), .none)
    case "hidden mask":
      return HiddenMaskSolver(
        EOFInterpolationSolver(prior), prior: prior, transforms: [.none, .none], filler: [200, -0.5])
    default: return try DiffusionFamily.solver(name, diffusion, steps: 4)
    }
  }

  /// Two vertices in three, with both channels.
  var mask: any LinearOperator {
    let channels = model.space.channelCount
    return SelectionOperator(observed: (0..<model.space.domain.vertexCount * channels).map { $0 / channels % 3 != 0 })
  }

  /// Means of an entry and the next vertex's.
  var averages: any LinearOperator {
    let (channels, count) = (model.space.channelCount, model.space.domain.vertexCount * model.space.channelCount)
    let rows = (0..<count - channels).filter { $0 / channels % 3 != 1 }
    return SparseOperator(
      SparseMatrix(
        rowCount: rows.count, columnCount: count,
        entries: rows.enumerated().flatMap { row, entry in [(row, entry, 0.7), (row, entry + channels, 0.3)] }))
  }

  /// Some values of a blurred field.
  var maskedBlur: any LinearOperator {
    mask.composed(
      after: MatrixFreeBlur(vertexCount: model.space.domain.vertexCount, channelCount: model.space.channelCount))
  }

  /// Every entry: for the methods that fill no gaps.
  var everything: any LinearOperator {
    SelectionOperator(all: model.space.domain.vertexCount * model.space.channelCount)
  }

  /// An operator that a solver takes.
  func operation(for name: String) -> any LinearOperator { name == "noise2score" ? everything : mask }

  /// The fields measured by an operator, with noise.
  func measurements(by operation: any LinearOperator) throws -> [FieldMeasurement] {
    let noise = (0..<operation.inputCount).map { $0 % 2 == 0 ? Float(2) : 0.05 }
    return try (0..<fields.count).map { index in
      var random = RandomStream(seed: 3).split(index)
      let levels =
        operation.outputEntries.count == noise.count ? noise : (0..<operation.outputEntries.count).map { _ in 1 }
      return try Simulation.measure(fields[index], by: operation, noise: levels, using: &random).measurement
    }
  }
}
