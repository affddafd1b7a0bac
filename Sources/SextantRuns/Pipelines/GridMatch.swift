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
  /// nil where both have the same vertices.
  private let toInput: SparseMatrix?
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
    toInput = try model.requiredGeography(for: purpose)
      .interpolation(to: input.requiredGeography(for: purpose).points)
  }

  /// Where answers live.
  var answerDomain: any Domain { toInput != nil && answer == .model ? modelDomain : inputDomain }

  /// Whether the file's vertices are the model's.
  var isSameGrid: Bool { toInput == nil }

  /// The operator that sees the entries of the input (V·C) where `isObserved`.
  func operation(isObserved: [Bool]) -> any LinearOperator {
    guard let toInput else { return SelectionOperator(observed: isObserved) }
    var entries: [(row: Int, column: Int, value: Double)] = []
    var row = 0
    for entry in isObserved.indices where isObserved[entry] {
      let (vertex, channel) = entry.quotientAndRemainder(dividingBy: channelCount)
      for k in toInput.rowStarts[vertex]..<toInput.rowStarts[vertex + 1] {
        entries.append((row, Int(toInput.columns[k]) * channelCount + channel, toInput.values[k]))
      }
      row += 1
    }
    return SparseOperator(
      SparseMatrix(rowCount: row, columnCount: modelDomain.vertexCount * channelCount, entries: entries))
  }

  /// Rows of V×C arrays on the model's grid as rows on the grid of the answer.
  func answers(_ fields: Tensor<Float>) -> Tensor<Float> {
    guard let toInput, answer == .input else { return fields }
    let (rows, channels) = (fields.rowCount, channelCount)
    let (from, to) = (modelDomain.vertexCount * channels, toInput.rowCount * channels)
    return Tensor(shape: [rows, to]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      fields.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        Parallel.forEach(rows) { row in
          for vertex in 0..<toInput.rowCount {
            for channel in 0..<channels {
              // Not-a-number outside the domain spreads to every place that leans on it.
              var sum = 0.0
              for k in toInput.rowStarts[vertex]..<toInput.rowStarts[vertex + 1] {
                sum += toInput.values[k] * Double(source[row * from + Int(toInput.columns[k]) * channels + channel])
              }
              target[row * to + vertex * channels + channel] = Float(sum)
            }
          }
        }
      }
    }
  }
}
