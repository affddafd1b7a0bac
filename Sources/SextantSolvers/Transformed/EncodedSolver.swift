// Angles and labels, which are no numbers: an angle is filled as its cosine and its sine, and a label as one indicator for
// each label that is observed. The answer is the angle of the mean direction, and the label whose indicator is largest.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals

/// A solver of fields with angles and labels, made from a method that needs no archive.
struct EncodedSolver: DirectSolver {
  let name: String
  private let space: FieldSpace
  private let make: @Sendable (FieldSpace) throws -> any Solver

  /// The standard deviation of an indicator: labels are taken as observed without doubt.
  private static let indicatorNoise: Float = 0.05

  /// - Parameters:
  ///   - name: the name of the method.
  ///   - space: the variables, with their encodings.
  ///   - make: makes the solver for the fields of the encoded variables.
  init(name: String, space: FieldSpace, make: @escaping @Sendable (FieldSpace) throws -> any Solver) {
    (self.name, self.space, self.make) = (name, space, make)
  }

  func check(_ operation: any LinearOperator) throws {
    try operation.requireInputs(space.layout.stateOfEntry.count)
    _ = try selection(of: operation, hint: "Fill on the grid of the input.")
  }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    let entries = try selection(of: measurement.operation, hint: "Fill on the grid of the input.")
    let code = try Code(space, entries: entries, values: measurement.values)
    let vertices = space.domain.vertexCount
    var (places, values, noise): ([Int], [Float], [Float]) = ([], [], [])
    for (row, entry) in entries.enumerated() {
      let (vertex, channel) = entry.quotientAndRemainder(dividingBy: space.channelCount)
      let parts = code.parts(of: measurement.values[row], channel: channel)
      for (part, value) in parts.enumerated() {
        places.append(vertex * code.width + code.starts[channel] + part)
        values.append(value)
        switch space.encodings[channel] {
        case .number: noise.append(measurement.noise[row])
        case .angle(let period): noise.append(measurement.noise[row] * Float(2 * Double.pi / period))
        case .labels: noise.append(Self.indicatorNoise)
        }
      }
    }
    let inner = try make(code.space)
    let encoded = try inner.posterior(
      given: FieldMeasurement(
        values: values, noise: noise,
        operation: SelectionOperator(inputCount: vertices * code.width, indices: places), label: measurement.label),
      samples: samples, using: &random)
    return code.decoded(encoded, vertices: vertices)
  }
}

/// The code of the variables of one field.
private struct Code {
  /// The space of the encoded variables.
  let space: FieldSpace
  /// The number of encoded variables, and the first of each variable (C).
  let width: Int
  let starts: [Int]
  private let encodings: [ValueEncoding]
  /// The labels of each variable (C), increasing; empty for other encodings.
  private let labels: [[Float]]
  /// Whether the angles of each variable (C) are written from minus to plus half a turn.
  private let isSigned: [Bool]

  /// More different values than these are no labels, and each would be a field to fill.
  private static let labelLimit = 100

  init(_ space: FieldSpace, entries: [Int], values: [Float]) throws {
    let channels = space.channelCount
    var seen = [Set<Float>](repeating: [], count: channels)
    var signed = [Bool](repeating: false, count: channels)
    for (entry, value) in zip(entries, values) {
      let channel = entry % channels
      if space.encodings[channel] == .labels { seen[channel].insert(value) }
      if value < 0 { signed[channel] = true }
    }
    if let channel = seen.firstIndex(where: { $0.count > Self.labelLimit }) {
      throw MethodError.tooManyLabels(variable: space.variables[channel].name, found: seen[channel].count, most: Self.labelLimit)
    }
    (labels, isSigned, encodings) = (seen.map { $0.sorted() }, signed, space.encodings)
    var (starts, variables): ([Int], [Variable]) = ([], [])
    for (channel, variable) in space.variables.enumerated() {
      starts.append(variables.count)
      switch space.encodings[channel] {
      case .number: variables.append(variable)
      case .angle: variables += ["cosine", "sine"].map { Variable(name: "\(variable.name) \($0)") }
      // A variable that is nowhere observed has one part, which stays unknown.
      case .labels: variables += (0..<max(1, seen[channel].count)).map { Variable(name: "\(variable.name) \($0)") }
      }
    }
    self.starts = starts
    width = variables.count
    let parts = starts.indices.map { ($0 + 1 < starts.count ? starts[$0 + 1] : variables.count) - starts[$0] }
    let isInside = space.isInside.indices.flatMap {
      [Bool](repeating: space.isInside[$0], count: parts[$0 % channels])
    }
    let bounds = space.encodings.indices.flatMap {
      [ValueBounds?](repeating: space.encodings[$0] == .number ? space.bounds[$0] : nil, count: parts[$0])
    }
    self.space = try FieldSpace(
      domain: space.domain, variables: variables, isInside: isInside, landShare: space.landShare,
      hasOwnLand: space.hasOwnLand, bounds: bounds,
      ownTransforms: space.encodings.indices.flatMap {
        [MarginalTransformKind](repeating: space.ownTransforms[$0], count: parts[$0])
      })
  }

  func parts(of value: Float, channel: Int) -> [Float] {
    switch encodings[channel] {
    case .number: return [value]
    case .angle(let period):
      let turn = 2 * Double.pi * Double(value) / period
      return [Float(cos(turn)), Float(sin(turn))]
    case .labels: return labels[channel].map { $0 == value ? 1 : 0 }
    }
  }

  /// The value of a variable whose parts begin at `start`.
  private func value(_ parts: UnsafeBufferPointer<Float>, at start: Int, channel: Int) -> Float {
    switch encodings[channel] {
    case .number: return parts[start]
    case .angle(let period):
      guard !parts[start].isNaN else { return .nan }
      let turn = atan2(Double(parts[start + 1]), Double(parts[start])) / (2 * Double.pi)
      let value = Float(period * (turn < 0 && !isSigned[channel] ? turn + 1 : turn))
      // Rounding may reach the whole turn, which is 0.
      return value >= Float(period) ? 0 : value
    case .labels:
      guard !labels[channel].isEmpty, !parts[start].isNaN else { return .nan }
      var best = 0
      for part in labels[channel].indices where parts[start + part] > parts[start + best] { best = part }
      return labels[channel][best]
    }
  }

  func decoded(_ posterior: Posterior, vertices: Int) -> Posterior {
    let channels = starts.count
    func decode(_ rows: Tensor<Float>, count: Int) -> Tensor<Float> {
      var out = [Float](repeating: .nan, count: count * vertices * channels)
      rows.withUnsafeScalars { source in
        for place in 0..<count * vertices {
          for channel in 0..<channels {
            out[place * channels + channel] = value(source, at: place * width + starts[channel], channel: channel)
          }
        }
      }
      return Tensor(out, shape: [count, vertices * channels])
    }
    let size = posterior.mean.count
    var result = Posterior(
      mean: decode(Tensor(posterior.mean, shape: [1, size]), count: 1).scalars,
      samples: posterior.samples.map { decode($0, count: $0.rowCount) }, cost: posterior.cost,
      diagnostics: posterior.diagnostics)
    // A label has no standard deviation: its samples tell how sure it is.
    if let spread = posterior.spread, encodings.contains(where: { $0 != .labels }) {
      result.spread = (0..<vertices * channels).map { entry in
        let (vertex, channel) = entry.quotientAndRemainder(dividingBy: channels)
        let start = vertex * width + starts[channel]
        switch encodings[channel] {
        case .number: return spread[start]
        case .labels: return .nan
        case .angle(let period):
          let length = hypot(posterior.mean[start], posterior.mean[start + 1])
          let deviation = hypot(spread[start], spread[start + 1]) / Float(2).squareRoot()
          // At most the deviation of an angle of which nothing is known.
          let turn = min(Double(deviation / max(length, 1e-6)), Double.pi / 3.0.squareRoot())
          return Float(turn * period / (2 * Double.pi))
        }
      }
    }
    return result
  }
}
