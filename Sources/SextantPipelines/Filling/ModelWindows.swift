// A field that is larger than those of a model, filled in windows of the model's size: which fields allow it, and the solver for it. The
// blend is that of WindowedSolver.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// The windows of a document in the form of a model's domain.
struct ModelWindows: Sendable {
  /// The space of the whole fields.
  let space: FieldSpace
  private let windows: [DomainWindow]
  /// What a person is told.
  let remark: Remark

  /// Nil where the fields are those of the model, or where there are no windows.
  ///
  /// Throws ``RunError`` for what windows cannot do: estimate noise, fill times together, and answer elsewhere.
  init?(_ request: Imputation, document: any SignalDocument, model: Model, places: (any Domain)?) throws {
    // A method that learns nothing from the archive has no windows of the model's size.
    guard request.usesWindows, request.method.learnsFromArchive, document.domain.fingerprint != model.space.domain.fingerprint,
      let windows = document.domain.windows(like: model.space.domain)
    else { return nil }
    let own = model.space
    let reason: String? =
      if !own.isInside.allSatisfy(\.self) {
        "the model has places without a field"
      } else if request.noise?.automatic(among: document.variables).isEmpty == false {
        "--noise auto looks at whole fields. Give the noise as a number"
      } else if request.time == .joint || request.time == .causal {
        "--time \(request.time?.rawValue ?? "") looks at whole fields. Leave it out"
      } else if places != nil || request.regrid == .model || request.operation != nil {
        "the answer is given on the pixels of the input, which are measured directly. Leave --at, --regrid and --operator out"
      } else {
        nil
      }
    if let reason {
      throw RunError.invalid(
        "\(document.path): \(document.domain.summaryWithArticle) is filled in windows of the model's size (\(own.domain.summary)), and \(reason).")
    }
    self.windows = windows
    space = try FieldSpace(
      domain: document.domain, variables: own.variables, transforms: own.transforms, bounds: own.bounds)
    remark = Remark(
      .assumption, "windows",
      "The fields, on \(document.domain.summaryWithArticle), were filled in \(windows.count) overlapping windows of the model's size (\(own.domain.summary)), which were blended. Places that are further apart than a window say nothing of each other. --windows none turns this off.")
  }

  /// A measurement of a whole field that says nothing: that of the model, at a place of the first window.
  func emptyMeasurement(_ label: FieldLabel, by model: Model) -> FieldMeasurement? {
    guard let nothing = model.emptyMeasurement(label), let entry = nothing.operation.selectedEntries?.first,
      let first = windows.first
    else { return nil }
    let (vertex, channel) = entry.quotientAndRemainder(dividingBy: space.channelCount)
    return FieldMeasurement(
      values: nothing.values, noise: nothing.noise,
      operation: SelectionOperator(
        inputCount: space.isInside.count, indices: [first.vertices[vertex] * space.channelCount + channel]),
      label: label)
  }

  /// The solver for whole fields by one for the model's domain.
  func solver(_ inner: any Solver, for model: Model) -> any Solver {
    WindowedSolver(inner, windows: windows, vertexCount: space.domain.vertexCount, channelCount: space.channelCount) {
      label, samples, random in
      guard let nothing = model.emptyMeasurement(label) else { return nil }
      return try inner.posterior(given: nothing, samples: samples, using: &random)
    }
  }
}
