// Filling the gaps of a signal on a mesh: what `sextant impute` runs where its input is not NetCDF. The solvers and the way
// through the fields are those of Imputation; here are the mesh, and what is written.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantSolvers
import SextantStorage

/// What is to be filled on a mesh, with what.
public struct SurfaceImputation: Sendable, Encodable {
  /// The signal and its mesh.
  public var input: SurfaceInput
  /// The method and its settings; `variables`, `regrid` and `selecting` have no meaning here.
  public var request: Imputation
  /// How many of the samples a mesh file gets, the first ones; nil for all. Arrays get all.
  public var sampleLimit: Int?

  public init(input: SurfaceInput, request: Imputation, sampleLimit: Int? = nil) {
    (self.input, self.request, self.sampleLimit) = (input, request, sampleLimit)
  }

  /// Fills every field of the signal and writes the answer.
  ///
  /// A .ply or .vtp file gets the mesh with all that its file had, and for each channel NAME_mean, NAME_spread,
  /// NAME_quantile_0.05, …, NAME_sample_000, … and NAME_observed. A .npy file gets the mean: V numbers, V×C or N×V×C, as the input
  /// had them; spread, quantiles (Q×V×C, or N×Q×V×C) and samples (S×V×C, or N×S×V×C) are written beside it, to FILE.spread.npy,
  /// FILE.quantiles.npy and FILE.samples.npy.
  ///
  /// - Parameters:
  ///   - model: nil for methods that need none.
  ///   - history: one line of provenance for the output.
  /// - Throws: ``RunError``, and what reading, solving and writing throw.
  public func run(
    model: Model?, output: String, overwrite: Bool, history: String,
    progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> ImputationSummary {
    let outputs = try SurfaceAnswerFiles(output)
    for path in outputs.paths(withQuantiles: !request.quantileLevels.isEmpty) {
      try WholeFile.checkIsFree(path, overwrite: overwrite)
    }
    let opened = try input.open(for: model, seed: request.seed)
    let fields = opened.fields
    try outputs.checkThatTheyTake(fields, of: input)
    if !request.method.traits.fillsGaps, fields.isValid.contains(false) {
      throw RunError.invalid(
        "\(input.signal): \(fields.isValid.count { !$0 }) of \(fields.isValid.count) values are missing or hidden, and '\(request.method.name)' takes noise away and fills no gaps. Use a method that does, such as dps, pigdm or ddnm."
      )
    }
    let model = try model ?? Model(FieldSpace(fields), provenance: .init(name: opened.document.path))
    let solver = try FieldSolver(
      request, fields: fields, path: input.signal, noise: noise(of: fields, document: opened.document), model: model)
    let finished = try FinishedFields(
      beside: output, key: AnswerKey.text(request: self, inputs: input.paths, model: model), isUsed: fields.count > 1)
    let seconds = try finished.fill(fields.count, by: solver, progress: progress, interruption: interruption)
    if outputs.isArray {
      try outputs.writeArrays(finished, of: fields, request: request, overwrite: overwrite)
    } else {
      var document = opened.document
      let limit = request.writesEnsemble ? sampleLimit ?? .max : 0
      try finished.answer(at: 0).add(
        to: &document, as: fields.variables, quantileLevels: request.quantileLevels, sampleLimit: limit)
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
      guard request.method.traits.usesNoise else { return nil }
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

extension FilledAnswer {
  /// Adds the answer to a mesh, as properties named after the variables, with as many of its samples at the most.
  fileprivate func add(
    to document: inout MeshDocument, as variables: [Variable], quantileLevels: [Double], sampleLimit: Int
  ) throws {
    let (names, shape) = (variables.map(\.name), [document.vertexCount, variables.count])
    let quantiles = samples?.ensembleQuantiles(quantileLevels).map { Tensor($0, shape: shape) } ?? []
    let written = sampleLimit > 0 ? samples.map { $0.rows(0..<min(sampleLimit, $0.rowCount)) } : nil
    try document.setEstimate(
      of: names, mean: Tensor(mean, shape: shape), spread: spread.map { Tensor($0, shape: shape) },
      quantiles: Array(zip(quantileLevels, quantiles)),
      samples: written.map { $0.reshaped(to: [$0.rowCount] + shape) })
    guard let isObserved else { return }
    for (channel, name) in names.enumerated() {
      let flags = stride(from: channel, to: isObserved.count, by: names.count).map { isObserved[$0] ? 1.0 : 0 }
      try document.setVertexProperty(MeshProperty(name: name + "_observed", type: .uint8, values: flags))
    }
  }
}
