// How the places of an input meet the grid on which a field is solved, and where its answers are given: the same vertices, or an
// interpolation between them. Observations at places are measurements of the interpolated field; those that the field does not
// cover are left out and counted.

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
  /// What tells the two apart where they are called the same; empty otherwise.
  public let difference: String

  public var description: String {
    "\(path): the file is on \(input.withArticle), the model on \(model.withArticle)\(difference). Give --regrid input for an answer on the file's grid, --regrid model for one on the model's, or --at FILE for one at places."
  }
}

/// The operator from a model's fields to the values of a file, and the way to the answer.
struct Regridding: Sendable {
  /// From fields on the model's domain to those on the input's; nil where both have the same vertices.
  private let toInput: GridInterpolation?
  /// From fields on the model's domain to those of the answer; nil where answers are on the model's domain.
  private let toAnswer: (any LinearOperator)?
  /// What was applied to the fields before their gaps were made; nil for nothing.
  private let placed: PlacedOperator?
  /// Whether each entry of the input (V·C) is a value that the operator gives; nil for all.
  private let isOutput: [Bool]?
  /// Whether the model covers each vertex of the input (V); nil for all.
  private let isCovered: [Bool]?
  /// Whether the model covers each place of the answer; nil for all.
  private let isAnswered: [Bool]?
  private let inputDomain: any Domain
  /// Where answers live.
  let answerDomain: any Domain
  /// Whether answers are given on the vertices of the input.
  let answersOnInput: Bool
  /// What is to be said of places that are left out.
  let remarks: [Remark]
  private let channelCount: Int

  /// - Parameters:
  ///   - input: The domain of the file.
  ///   - path: The file.
  ///   - model: Where fields are solved.
  ///   - name: What the model is called.
  ///   - regrid: The grid of the answer where the two differ.
  ///   - places: The places of the answer, where it is wanted on neither grid.
  ///   - placed: The operator by which the values of the file were measured; nil for none.
  /// - Throws: ``GridMismatchError`` where the grids differ and `regrid` is nil, ``RunError/anotherDomain(path:domain:name:model:)``
  ///   where they differ and one has no geography, ``GeometryError`` where the model does not cover the grid of a file, and
  ///   ``RunError`` where it covers none of the file's places.
  init(
    input: any Domain, path: String, model: FieldSpace, name: String, regrid: AnswerGrid?, places: (any Domain)? = nil,
    placed: PlacedOperator? = nil
  ) throws {
    inputDomain = input
    channelCount = model.channelCount
    var remarks: [Remark] = []
    self.placed = placed
    let outputs = placed?.isOutput(count: input.vertexCount * model.channelCount)
    isOutput = outputs?.contains(false) == true ? outputs : nil
    if let placed, placed.field.fingerprint == model.domain.fingerprint, placed.field.fingerprint != input.fingerprint {
      // The operator leads from the field to the file by itself.
      guard regrid == nil, places == nil else {
        throw RunError.invalid(
          "--operator: the file is on \(input.summaryWithArticle), and the field that it was measured of on \(model.domain.summaryWithArticle), so that the answer is on \(placed.answer.summaryWithArticle). Leave --regrid and --at out.")
      }
      (toInput, isCovered, isAnswered) = (nil, nil, nil)
      toAnswer = placed.answerEntries.map { SelectionOperator(inputCount: model.domain.vertexCount * model.channelCount, indices: $0) }
      (answerDomain, answersOnInput) = (placed.answer, !placed.answersElsewhere(than: input))
      self.remarks = remarks
      return
    }
    // Of two domains with one name, the fingerprints say that they differ.
    let areNamesakes = input.summary == model.domain.summary
    func text(_ domain: any Domain) -> String {
      domain.summaryWithArticle + (areNamesakes ? " (fingerprint \(domain.fingerprint.prefix(8)))" : "")
    }
    if input.fingerprint == model.domain.fingerprint {
      (toInput, isCovered) = (nil, nil)
    } else {
      guard let points = input.geography?.points, model.domain.geography != nil else {
        throw RunError.anotherDomain(path: path, domain: text(input), name: name, model: text(model.domain))
      }
      guard regrid != nil || places != nil else {
        throw GridMismatchError(
          path: path, input: input.summary, model: model.domain.summary, difference: input.difference(from: model.domain))
      }
      if input.isScattered {
        let (interpolation, flags) = try GridInterpolation.covering(from: model.domain, to: points, channelCount: channelCount)
        let outside = flags.count { !$0 }
        guard outside < flags.count else {
          throw RunError.invalid(
            "\(path): none of the \(flags.count) places lies in the region of the answer, \(model.domain.summaryWithArticle). The first place is \(points[0]). Check that latitudes and longitudes are not exchanged, or choose a model or grid of that region."
          )
        }
        if outside > 0 {
          remarks.append(
            Remark(
              .warning, "outside-region",
              "\(path): \(outside) of \(flags.count) places lie outside of the region of the answer (\(model.domain.summary)); what was observed there is not used."))
        }
        (toInput, isCovered) = (interpolation, outside > 0 ? flags : nil)
      } else {
        (toInput, isCovered) = (try GridInterpolation(from: model.domain, to: points, channelCount: channelCount), nil)
      }
    }
    if let places {
      let points = try places.requiredGeography(for: "An answer at places").points
      let (interpolation, flags) = try GridInterpolation.covering(from: model.domain, to: points, channelCount: channelCount)
      let outside = flags.count { !$0 }
      if outside > 0 {
        remarks.append(
          Remark(
            .warning, "outside-region",
            "\(outside) of the \(flags.count) places of the answer lie outside of its region (\(model.domain.summary)) and have no answer."))
      }
      (toAnswer, isAnswered, answerDomain, answersOnInput) = (interpolation, outside > 0 ? flags : nil, places, false)
    } else if toInput == nil || regrid == .input {
      (toAnswer, isAnswered, answerDomain, answersOnInput) = (toInput, isCovered, input, true)
    } else {
      (toAnswer, isAnswered, answerDomain, answersOnInput) = (nil, nil, model.domain, false)
    }
    self.remarks = remarks
  }

  /// Where answers live, if not on the input's domain.
  var otherDomain: (any Domain)? { answersOnInput ? nil : answerDomain }

  /// A field of the input without the values at places that the model does not cover.
  func usable(_ field: Signal) -> Signal {
    var result = field
    if let isOutput {
      for entry in isOutput.indices where !isOutput[entry] { result.isValid[entry] = false }
    }
    guard let isCovered else { return result }
    for (vertex, isInside) in isCovered.enumerated() where !isInside {
      for entry in vertex * channelCount..<(vertex + 1) * channelCount { result.isValid[entry] = false }
    }
    return result
  }

  /// How many values of a field of the input are observed and not used, because they depend on what lies beyond the frame.
  func countBeyondFrame(in field: Signal) -> Int {
    guard let isOutput else { return 0 }
    return zip(field.isValid, isOutput).count { $0 && !$1 }
  }

  /// The operator from a field on the model's domain to the measured values, which are those of the input (V·C) where
  /// `isObserved`.
  func operation(isObserved: [Bool]) -> any LinearOperator {
    let result = placed?.operation(isObserved: isObserved) ?? SelectionOperator(observed: isObserved)
    return toInput.map { result.composed(after: $0) } ?? result
  }

  /// What would be measured of an answer on the input's domain (V·C), with not-a-number where nothing is.
  func predicted(_ answer: [Float]) -> [Float] {
    guard let placed else { return answer }
    var result = [Float](repeating: .nan, count: answer.count)
    let outputs = placed.operation.apply(Tensor(answer, shape: [1, answer.count])).scalars
    for (entry, value) in zip(placed.entries, outputs) where entry >= 0 { result[entry] = value }
    return result
  }

  /// Rows of V×C arrays on the model's grid as rows on the domain of the answer; what depends on a value outside the domain is not a
  /// number.
  func answers(_ fields: Tensor<Float>) -> Tensor<Float> {
    guard let toAnswer else { return fields }
    var result = toAnswer.apply(fields)
    guard let isAnswered else { return result }
    EntryRegion(vertices: isAnswered, channelCount: channelCount).removeOutside(&result)
    return result
  }

  /// The spread of the answer; nil where it is not known.
  ///
  /// The spread of an interpolated value is not the interpolated spread. It is exact where a place is a vertex. Elsewhere it combines
  /// the spread of the vertices with their correlations in the samples: neighbours are nearly alike, so that few samples tell them
  /// well.
  func spread(of posterior: Posterior) -> [Float]? {
    guard let toAnswer else { return posterior.spread }
    if let entries = toAnswer.selectedEntries, let spread = posterior.spread { return entries.map { spread[$0] } }
    guard let deviations = posterior.scaledDeviations else { return nil }
    let answered = answers(deviations)
    return answered.columnDeviations(from: [Float](repeating: 0, count: answered.columnCount))
  }
}

extension Posterior {
  /// The deviations of the samples from the mean (N×V·C), scaled so that each entry has the exact spread where there is one; nil for
  /// fewer than two samples.
  var scaledDeviations: Tensor<Float>? {
    guard var deviations = samples, deviations.rowCount > 1 else { return nil }
    let sampled = deviations.columnDeviations(from: mean)
    deviations.withUnsafeMutableScalars { values in
      for i in values.indices {
        let entry = i % mean.count
        values[i] -= mean[entry]
        if let exact = spread?[entry], sampled[entry] > 0 { values[i] *= exact / sampled[entry] }
      }
    }
    return deviations
  }
}
