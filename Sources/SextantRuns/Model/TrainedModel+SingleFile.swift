// A model for methods that learn from no archive: the grid, variables and extent of one file, and nothing else.

import SextantArrays
import SextantGeometry
import SextantPriors
import SextantSignals
import SextantSolvers

extension TrainedModel {
  /// What the methods without an archive need to know of the file at `path`.
  ///
  /// Every cell of the grid is inside the domain: without an archive nothing says otherwise.
  public init(
    forFile path: String, variables: [String]?, selecting: [String: [String]], landMask: LandMask?
  ) throws {
    var file = try GriddedFile(path: path, variables: variables, selecting: selecting)
    // The noise levels that `sextant degrade` writes beside a variable are not fields to be filled.
    let names = file.variables.map(\.name)
    let fields = names.filter { !($0.hasSuffix("_noise") && names.contains(String($0.dropLast("_noise".count)))) }
    if variables == nil, fields.count < names.count {
      file = try GriddedFile(path: path, variables: fields, selecting: selecting)
    }
    try self.init(forFieldsLike: file, name: path, landMask: landMask)
  }

  /// What the methods without an archive need to know of fields: where they live and which variables there are.
  init(forFieldsLike fields: any SignalSource, name: String, landMask: LandMask? = nil) throws {
    let domain = fields.domain
    let channels = fields.variables.count
    let isInside = [Bool](repeating: true, count: domain.vertexCount * channels)
    let layout = StateLayout(domain: domain, channelCount: channels, isInside: isInside)
    let space = StateSpace(
      layout: layout, climatology: Climatology(kind: .constant, coefficients: .zeros([1, layout.count])),
      scales: [Float](repeating: 1, count: channels))
    let functions = EmpiricalOrthogonalFunctions(
      scaledModes: .zeros([0, layout.count]), deviations: [],
      residualVariance: [Float](repeating: 1, count: layout.count))
    let land = try landMask?.share(on: domain)
    let configuration = GaussianPriorConfiguration(kind: .trend, modeCount: 0)
    self.init(
      description: Description(
        program: ProgramVersion.current, name: name, variables: fields.variables, grid: try domain.requiredStored(),
        fingerprint: domain.fingerprint, prior: configuration, parameters: .perField,
        bounds: [ValueBounds?](repeating: nil, count: channels), archiveFiles: [], fieldCount: 0, seed: 0),
      domain: domain, isInside: isInside, landShare: land,
      prior: GaussianPrior(
        configuration: configuration, space: space, functions: functions,
        archiveCoefficients: .zeros([0, 0]), landShare: land.map { layout.landOfStates($0, domain: domain) },
        channelCorrelation: .identity(channels)))
  }
}

extension LandMask {
  /// Reads "FILE" or "FILE:VARIABLE".
  public init(text: String) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    self.init(file: parts.first ?? text, variable: parts.count == 2 ? parts[1] : nil)
  }
}
