// Filling the gaps of a signal on a mesh: what `sextant impute` runs where its input is not NetCDF. The solvers and the way
// through the fields are those of Imputation; here are the mesh, and what is written.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantStorage

/// What is to be filled on a mesh, with what.
public struct SurfaceImputation: Sendable, Codable {
  /// The signal and its mesh.
  public var input: SurfaceInput
  /// The method and its settings; `variables`, `regrid`, `selecting` and `quantileLevels` have no meaning here.
  public var request: Imputation

  public init(input: SurfaceInput, request: Imputation) {
    (self.input, self.request) = (input, request)
  }

  /// Fills every field of the signal and writes the answer.
  ///
  /// A .ply or .vtp file gets the mesh with all that its file had, and for each channel NAME_mean, NAME_spread,
  /// NAME_sample_000, … and NAME_observed. A .npy file gets the mean: V numbers, V×C or N×V×C, as the input had them; spread
  /// and samples (S×V×C, or N×S×V×C) are written beside it, to FILE.spread.npy and FILE.samples.npy.
  ///
  /// - Parameters:
  ///   - model: nil for methods that need none.
  ///   - history: one line of provenance for the output.
  /// - Throws: ``RunError``, and what reading, solving and writing throw.
  public func run(
    model: TrainedModel?, output: String, overwrite: Bool, history: String,
    progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> ImputationSummary {
    let outputs = try SurfaceAnswerFiles(output)
    for path in outputs.paths { try WholeFile.checkIsFree(path, overwrite: overwrite) }
    let opened = try input.open(for: model, seed: request.seed)
    let fields = opened.fields
    if !outputs.isArray, fields.count > 1 {
      throw RunError.invalid(
        "\(input.signal): \(fields.count) fields, and a mesh file takes one. Give an --output that ends in .npy.")
    }
    if request.method == .noiseToScore, fields.isValid.contains(false) {
      throw RunError.invalid(
        "\(input.signal): \(fields.isValid.count { !$0 }) of \(fields.isValid.count) values are missing or hidden, and '\(request.method.rawValue)' takes noise away and fills no gaps. Use a method that does, such as dps, pigdm or ddnm."
      )
    }
    let model = try model ?? TrainedModel(forFieldsLike: fields, name: opened.document.path)
    let solver = try FieldSolver(
      request, fields: fields, path: input.signal, noise: noise(of: fields, document: opened.document), model: model)
    let finished = try FinishedFields(
      beside: output, key: AnswerKey.text(request: self, inputs: input.paths, model: model), isUsed: fields.count > 1)
    let seconds = try finished.fill(fields.count, by: solver, progress: progress, interruption: interruption)
    if outputs.isArray {
      try outputs.writeArrays(finished, of: fields, writesEnsemble: request.writesEnsemble, overwrite: overwrite)
    } else {
      var document = opened.document
      try finished.answer(at: 0).add(to: &document, as: fields.variables, writesEnsemble: request.writesEnsemble)
      document.comments.append(history)
      try MeshFile.write(document, to: output, overwrite: overwrite)
    }
    var summary = solver.summary(answers: fields.count, seconds: seconds)
    summary.hidden = try Self.compare(finished, with: opened)
    finished.remove()
    return summary
  }

  /// How near the answers came to what was hidden; nil where nothing was.
  private static func compare(
    _ finished: FinishedFields, with opened: SurfaceInput.Opened
  ) throws -> [String: ImputationSummary.HiddenSummary]? {
    guard !opened.hidden.isEmpty else { return nil }
    let (channels, size) = (opened.fields.channelCount, opened.fields.vertexCount * opened.fields.channelCount)
    var sums = [(count: Int, error: Double, spread: Double)](repeating: (0, 0, 0), count: channels)
    var hasSpread = true
    for (field, hidden) in Dictionary(grouping: opened.hidden, by: { $0.entry / size }).sorted(by: { $0.key < $1.key })
    {
      let answer = try finished.answer(at: field)
      hasSpread = hasSpread && answer.spread != nil
      for (entry, value) in hidden {
        let place = entry % size
        let (error, spread) = (Double(answer.mean[place] - value), Double(answer.spread?[place] ?? 0))
        sums[place % channels].count += 1
        sums[place % channels].error += error * error
        sums[place % channels].spread += spread * spread
      }
    }
    let summaries = zip(opened.fields.variables, sums).filter { $1.count > 0 }.map { variable, sum in
      (
        variable.name,
        ImputationSummary.HiddenSummary(
          count: sum.count, error: (sum.error / Double(sum.count)).squareRoot(),
          spread: hasSpread ? (sum.spread / Double(sum.count)).squareRoot() : nil)
      )
    }
    return Dictionary(uniqueKeysWithValues: summaries)
  }

  /// The noise of the fields: as given, or else the mesh's properties `<name>_noise`; nil where the method makes no use of any.
  private func noise(of fields: SignalSet, document: MeshDocument) throws -> FieldNoise? {
    let specification: NoiseSpecification
    if let noise = request.noise {
      specification = noise
    } else {
      guard request.method.usesNoise else { return nil }
      for variable in fields.variables {
        guard document.vertexProperties.contains(where: { $0.name == variable.name + "_noise" }) else {
          throw RunError.noiseUnknown(path: input.signal, variable: variable.name)
        }
      }
      let names = fields.variables.map { "\($0.name)=variable:\($0.name)_noise" }
      specification = try NoiseSpecification(text: names.joined(separator: ","))
    }
    let levels = try specification.deviations(vertexCount: fields.vertexCount, variables: fields.variables) { name in
      try input.numbers(name, document: document).map(Float.init)
    }
    return { _ in levels }
  }
}

/// The files that an answer on a mesh goes to.
struct SurfaceAnswerFiles {
  let output: String
  let isArray: Bool

  init(_ output: String) throws {
    let ending = URL(fileURLWithPath: output).pathExtension.lowercased()
    guard ["ply", "vtp", "npy"].contains(ending) else {
      throw RunError.invalid(
        "\(output): expected a name that ends in .ply or .vtp for a mesh, or in .npy for an array.")
    }
    self.output = output
    isArray = ending == "npy"
  }

  var paths: [String] { isArray ? [output, path("spread"), path("samples")] : [output] }

  private func path(_ what: String) -> String { "\(output.dropLast(4)).\(what).npy" }

  /// Writes mean, spread and samples of all fields.
  func writeArrays(_ finished: FinishedFields, of fields: SignalSet, writesEnsemble: Bool, overwrite: Bool) throws {
    let answers = try (0..<fields.count).map { try finished.answer(at: $0) }
    let one = fields.channelCount == 1 ? [fields.vertexCount] : [fields.vertexCount, fields.channelCount]
    let many = [fields.vertexCount, fields.channelCount]
    func array(_ values: [Float], before shape: [Int]) -> Tensor<Float> {
      let shape = answers.count == 1 ? shape + one : [answers.count] + shape + many
      return Tensor(values, shape: shape)
    }
    let spreads = answers.compactMap(\.spread)
    if spreads.count == answers.count {
      try NPYFile.write(array(spreads.flatMap { $0 }, before: []), to: path("spread"), overwrite: overwrite)
    }
    let samples = writesEnsemble ? answers.compactMap(\.samples) : []
    if let count = samples.first?.rowCount, samples.count == answers.count {
      try NPYFile.write(
        array(samples.flatMap(\.scalars), before: [count]), to: path("samples"), overwrite: overwrite)
    }
    try NPYFile.write(array(answers.flatMap(\.mean), before: []), to: output, overwrite: overwrite)
  }
}

extension FilledAnswer {
  /// Adds the answer to a mesh, as properties named after the variables.
  fileprivate func add(to document: inout MeshDocument, as variables: [Variable], writesEnsemble: Bool) throws {
    let (names, shape) = (variables.map(\.name), [document.vertexCount, variables.count])
    try document.setEstimate(
      of: names, mean: Tensor(mean, shape: shape), spread: spread.map { Tensor($0, shape: shape) },
      samples: writesEnsemble ? samples.map { $0.reshaped(to: [$0.rowCount] + shape) } : nil)
    guard let isObserved else { return }
    for (channel, name) in names.enumerated() {
      let flags = stride(from: channel, to: isObserved.count, by: names.count).map { isObserved[$0] ? 1.0 : 0 }
      try document.setVertexProperty(MeshProperty(name: name + "_observed", type: .uint8, values: flags))
    }
  }
}
