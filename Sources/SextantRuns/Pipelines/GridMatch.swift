// How the grid of an input meets the grid of a model: the same vertices, or an interpolation between them.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

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
struct GridMatch: Sendable {
  /// From fields on the model's grid to those on the input's; nil where both have the same vertices.
  private let toInput: GridInterpolation?
  let inputDomain: any Domain
  let modelDomain: any Domain
  let channelCount: Int
  /// Which grid answers are given on.
  let answer: AnswerGrid

  /// - Throws: ``GridMismatchError`` where the grids differ and `regrid` is nil; ``GeometryError`` where the model does not cover
  ///   the file, or one of them has no geography.
  init(input: any Domain, path: String, model: any Domain, channelCount: Int, regrid: AnswerGrid?) throws {
    inputDomain = input
    modelDomain = model
    self.channelCount = channelCount
    guard input.fingerprint != model.fingerprint else {
      toInput = nil
      answer = .input
      return
    }
    guard let regrid else { throw GridMismatchError(path: path, input: input.summary, model: model.summary) }
    answer = regrid
    let purpose = "Interpolation between the file and the model (--regrid)"
    toInput = try GridInterpolation(
      from: model, to: input.requiredGeography(for: purpose).points, channelCount: channelCount)
  }

  /// Where answers live.
  var answerDomain: any Domain { toInput != nil && answer == .model ? modelDomain : inputDomain }

  /// Whether the file's vertices are the model's.
  var isSameGrid: Bool { toInput == nil }

  /// The operator that sees the entries of the input (V·C) where `isObserved`.
  func operation(isObserved: [Bool]) -> any LinearOperator {
    let selection = SelectionOperator(observed: isObserved)
    return toInput.map { selection.composed(after: $0) } ?? selection
  }

  /// Rows of V×C arrays on the model's grid as rows on the grid of the answer; what leans on a value outside the domain is not a
  /// number.
  func answers(_ fields: Tensor<Float>) -> Tensor<Float> {
    guard let toInput, answer == .input else { return fields }
    return toInput.apply(fields)
  }
}
