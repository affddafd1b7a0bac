// How the grid of an input meets the grid of a model: the same vertices, or an interpolation between them.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// Which grid the answer is wanted on, where the input's differs from the model's.
public enum AnswerGrid: String, Sendable, Codable, CaseIterable {
  /// The grid of the input file.
  case input
  /// The grid of the model.
  case model
}

/// Grids that differ, and nothing was said of what to do.
public struct GridMismatchError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The file's grid.
  public let input: String
  /// The model's grid.
  public let model: String

  public var description: String {
    "\(path): the file is on a \(input), the model on a \(model). Give --regrid input for an answer on the file's grid, or --regrid model for one on the model's."
  }
}

/// The operator from a model's fields to the values of a file, and the way back.
struct Regridding: Sendable {
  /// From fields on the model's domain to those on the input's; nil where both have the same vertices.
  private let toInput: GridInterpolation?
  let inputDomain: any Domain
  let modelDomain: any Domain
  let channelCount: Int
  /// Which grid answers are given on.
  let answer: AnswerGrid

  /// - Throws: ``GridMismatchError`` where the grids differ and `regrid` is nil, ``RunError/anotherDomain(path:domain:name:model:)``
  ///   where they differ and one has no geography, ``GeometryError`` where the model does not cover the file.
  init(input: any Domain, path: String, model: FieldSpace, name: String, regrid: AnswerGrid?) throws {
    inputDomain = input
    modelDomain = model.domain
    channelCount = model.channelCount
    guard input.fingerprint != modelDomain.fingerprint else {
      toInput = nil
      answer = .input
      return
    }
    guard let places = input.geography?.points, modelDomain.geography != nil else {
      func text(_ domain: any Domain) -> String { "a \(domain.summary) (fingerprint \(domain.fingerprint.prefix(8)))" }
      throw RunError.anotherDomain(path: path, domain: text(input), name: name, model: text(modelDomain))
    }
    guard let regrid else { throw GridMismatchError(path: path, input: input.summary, model: modelDomain.summary) }
    answer = regrid
    toInput = try GridInterpolation(from: modelDomain, to: places, channelCount: channelCount)
  }

  /// Where answers live, if not on the input's domain.
  var otherDomain: (any Domain)? { toInput != nil && answer == .model ? modelDomain : nil }

  /// Whether the file's vertices are the model's.
  var isSameGrid: Bool { toInput == nil }

  /// The operator from a field on the model's domain to the measured values: `operation` acts on the field on the input's domain,
  /// and the outputs (V·C) where `isObserved` are what was measured.
  func operation(isObserved: [Bool], after operation: (any LinearOperator)?) -> any LinearOperator {
    var result: any LinearOperator = SelectionOperator(observed: isObserved)
    if let operation { result = result.composed(after: operation) }
    return toInput.map { result.composed(after: $0) } ?? result
  }

  /// Rows of V×C arrays on the model's grid as rows on the grid of the answer; what depends on a value outside the domain is not a
  /// number.
  func answers(_ fields: Tensor<Float>) -> Tensor<Float> {
    guard let toInput, answer == .input else { return fields }
    return toInput.apply(fields)
  }
}
