// The synthetic climate on a grid of 20 degrees, small enough for tests that run whole pipelines: three years of fields,
// of which models learn from the first two, and files made of them.

import Foundation
import Sextant

/// A small archive, models learned from it, and files to try them on.
public enum SmallClimate {
  /// The fields that models learn from; those behind are for tests.
  public static let trainingCount = 2 * SyntheticClimate.fieldsPerYear
  /// Temperature and cloud cover.
  public static let variables = SyntheticClimate.variables.map(\.name)
  /// The range of cloud cover.
  public static let bounds = ["clt": ValueBounds(minimum: 0, maximum: 1)]

  private static let cachedFields = Result {
    try SyntheticClimate().fields(count: trainingCount + SyntheticClimate.fieldsPerYear, on: grid())
  }
  private static let cachedModel = Result { try model(of: fields()) }

  /// A global grid with a row on each pole; a repeated column lies at 360°.
  public static func grid(step: Double = 20, repeatsColumn: Bool = false) throws -> LatitudeLongitudeGrid {
    try LatitudeLongitudeGrid(
      latitudes: Array(stride(from: 90, through: -90, by: -step)),
      longitudes: Array(stride(from: 0, to: repeatsColumn ? 360 + step / 2 : 360, by: step)))
  }

  /// All fields (N×V×2) on the plain grid of 20 degrees.
  public static func fields() throws -> SignalSet { try cachedFields.get() }

  /// `count` fields that no model has seen, spread over the third year.
  public static func unseen(_ count: Int) throws -> SignalSet {
    try fields().read((0..<count).map { trainingCount + 3 + $0 * 60 / max(1, count) })
  }

  /// The two-scale model of both variables that tests share.
  public static func model() throws -> Model { try cachedModel.get() }

  /// A model learned, by way of a file, from the first two years of `fields`.
  public static func model(
    of fields: SignalSet, kind: GaussianPriorKind = .twoScale, fixesParameters: Bool = true
  ) throws -> Model {
    let folder = try ScratchFolder()
    let archive = folder.path("archive.nc")
    try write(fields.read(Array(0..<min(fields.count, trainingCount))), to: archive)
    let bounds = bounds.filter { name, _ in fields.variables.contains { $0.name == name } }
    let model = try training(from: archive, kind: kind, bounds: bounds).learn()
    return fixesParameters ? try model.withFixedParameters() : model
  }

  /// What learns a model from a file.
  public static func training(
    from archive: String, kind: GaussianPriorKind = .twoScale, bounds: [String: ValueBounds] = bounds
  ) -> Training {
    Training(
      name: "small", archive: DatasetSelection(files: [archive]),
      prior: GaussianPriorConfiguration(kind: kind, modeCount: 30, components: .month), bounds: bounds, seed: 1)
  }

  /// Writes fields as they are.
  public static func write(_ fields: SignalSet, to path: String) throws {
    try FieldFile.write(fields, to: path, description: OutputDescription(history: "test"))
  }

  /// Writes fields with gaps and noise, and the noise's size beside them.
  public static func observe(
    _ fields: SignalSet, mask: String = "random:0.5", noise: String = "tas=1K,clt=0.05", to path: String
  ) throws {
    let clean = path + ".clean.nc"
    try write(fields, to: clean)
    defer { try? FileManager.default.removeItem(atPath: clean) }
    let names = fields.variables.map(\.name)
    let levels = noise.split(separator: ",").filter { level in names.contains { level.hasPrefix($0 + "=") } }
    _ = try Degradation(
      mask: AnyMeasurementDesign(mask), noise: NoiseSpecification(text: levels.joined(separator: ",")), seed: 1
    ).run(SignalInput(clean), output: path, overwrite: false, history: "test")
  }

  /// The values of a variable of a file, a list for each of its fields; what is missing is not-a-number.
  public static func values(_ name: String, in path: String) throws -> [[Float]] {
    let set = try GriddedFile(path: path, variables: [name]).readAll()
    let values = zip(set.values.scalars, set.isValid).map { $1 ? $0 : Float.nan }
    return (0..<set.count).map { Array(values[$0 * set.vertexCount..<($0 + 1) * set.vertexCount]) }
  }
}

extension [Method] {
  /// The methods that need no network: those of every model.
  public static let withoutNetworks = standard.filter { $0.needs.isDisjoint(with: [.diffusion, .flow, .patches]) }
}

extension Model {
  /// The Gaussian prior, which every model of the tests has.
  public var prior: GaussianPrior { learned.prior }

  /// Where the parameters of its covariance come from.
  public var parameters: ParameterFitting { learned.parameters }

  private var learned: LearnedGaussian {
    guard let gaussian else { preconditionFailure("A model without a Gaussian prior") }
    return gaussian
  }

  /// The model with the parameters at which the search for a field's own would start: quick where optimisation is off.
  public func withFixedParameters() throws -> Model {
    let covariance = prior.covarianceModel(on: space.domain)
    return try with(
      gaussian: LearnedGaussian(
        prior, parameters: .fixed(covariance.start(noise: 0.2)), membership: learned.membership))
  }
}

extension SignalSource {
  /// All fields.
  public func readAll() throws -> SignalSet { try read(Array(0..<count)) }
}

extension SignalSet {
  /// The values of one channel, a list for each field.
  public func values(ofChannel channel: Int) -> [[Float]] {
    let (scalars, size) = (values.scalars, vertexCount * channelCount)
    return (0..<count).map { field in
      stride(from: channel, to: size, by: channelCount).map { scalars[field * size + $0] }
    }
  }

  /// The same fields after `change` had its way with every entry's value and validity.
  public func mapping(
    _ change: (_ field: Int, _ vertex: Int, _ channel: Int, _ value: Float) -> Float?
  ) -> SignalSet {
    var result = self
    let (channels, vertices) = (channelCount, vertexCount)
    var flags = isValid
    result.values.withUnsafeMutableScalars { values in
      for entry in values.indices where flags[entry] {
        let (place, channel) = entry.quotientAndRemainder(dividingBy: channels)
        let (field, vertex) = place.quotientAndRemainder(dividingBy: vertices)
        let value = change(field, vertex, channel, values[entry])
        values[entry] = value ?? 0
        flags[entry] = value != nil
      }
    }
    result.isValid = flags
    return result
  }
}

/// The root of the mean squared difference over the entries that both have.
public func rootMeanSquareDifference(_ a: [Float], _ b: [Float]) -> Double {
  let squares = zip(a, b).map { Double(($0 - $1) * ($0 - $1)) }.filter { !$0.isNaN }
  return (squares.reduce(0, +) / Double(max(1, squares.count))).squareRoot()
}

/// What `body` complains of; "no complaint" if it does not.
public func complaint(of body: () throws -> Void) -> String {
  do {
    try body()
    return "no complaint"
  } catch {
    return "\(error)"
  }
}

/// Whether the tests were built with optimisation.
public var isOptimized: Bool { !_isDebugAssertConfiguration() }
