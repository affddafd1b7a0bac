// `sextant impute` where the input is a signal on a mesh.

import ArgumentParser
import Foundation
import Sextant

extension ImputeCommand {
  /// Whether the input is a signal on a mesh: by itself, by the options, or by the model.
  func isOnMesh(_ model: Model?) throws -> Bool {
    let isMeshModel = model.map { $0.space.domain.geography == nil && $0.space.domain.surface != nil } ?? false
    let isSurface = try surface.areFor(input, isOnMesh: isMeshModel)
    if !isSurface, gaps.areUsed {
      throw ValidationError(
        "\(gaps.mask == nil ? "--missing" : "--mask") is for signals on meshes, and \(input) is none. `sextant degrade` makes gaps in a NetCDF file."
      )
    }
    return isSurface
  }

  /// Fills a signal on a mesh.
  func fillSurface(_ model: Model?) throws -> ImputationSummary {
    let others: [(String, Bool)] = [
      ("--variables", variables != nil), ("--regrid", regrid != nil), ("--select", !select.isEmpty),
      ("--land-mask", landMask != nil), ("--split-members", splitMembers),
    ]
    try surface.refuse(others, for: input)
    try surface.checkOutput(output)
    let signal = SurfaceInput(
      signal: input, mesh: surface.mesh, properties: surface.properties,
      missing: try gaps.missing.map(MissingCondition.init), mask: gaps.mask)
    var request = try request(for: model)
    request.quantileLevels = try levels()
    let imputation = SurfaceImputation(
      input: signal, request: request, sampleLimit: samples == nil ? Self.samplesOnMeshes : nil)
    return try imputation.run(
      model: model, output: output, overwrite: options.overwrite, history: Provenance.line(CommandLine.arguments),
      progress: options.progress, interruption: InterruptionSignals.interruption)
  }
}
