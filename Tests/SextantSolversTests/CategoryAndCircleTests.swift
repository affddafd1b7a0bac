// Angles and labels: a turn of all angles turns the answer, a permutation of the labels permutes it, the seam of the circle
// is no place, and only observed labels are answered.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantSignals
import Testing

@testable import SextantSolvers

@Suite struct CategoryAndCircleTests {
  static let count = 30
  static let methods = [Method.kriging, .nearest, .inverseDistance]

  static func answer(
    _ values: [Float], _ encoding: ValueEncoding, by method: Method, count: Int = count
  ) throws -> Posterior {
    let space = try FieldSpace(domain: Line(vertexCount: count), variables: [Variable(name: "x")], encodings: [encoding])
    var random = RandomStream(seed: 2)
    let observed = Array(stride(from: 0, to: count, by: 3))
    return try method.solver(for: Model(space)).posterior(
      given: FieldMeasurement(
        values: observed.map { values[$0] }, noise: [Float](repeating: 2, count: observed.count),
        operation: SelectionOperator(inputCount: count, indices: observed)),
      samples: method.traits.drawsSamples ? 40 : 0, using: &random)
  }

  /// The smallest angle between two angles, in degrees.
  static func distance(_ a: Float, _ b: Float) -> Float {
    let difference = abs(a - b).truncatingRemainder(dividingBy: 360)
    return min(difference, 360 - difference)
  }

  @Test(arguments: methods, [Float(0), 37, 120, 200, 359])
  func turningAllAnglesTurnsTheAnswer(method: Method, turn: Float) throws {
    let angles = (0..<Self.count).map { 20 * sin(0.2 * Float($0)) + 60 }
    let turned = angles.map { ($0 + turn).truncatingRemainder(dividingBy: 360) }
    let (plain, answer) = try (
      Self.answer(angles, .angle(period: 360), by: method), Self.answer(turned, .angle(period: 360), by: method)
    )
    for vertex in 0..<Self.count {
      #expect((0..<360).contains(answer.mean[vertex]))
      // Kriging fits its parameters to cosine and sine each, so that a turn moves it a little.
      #expect(Self.distance(answer.mean[vertex], plain.mean[vertex] + turn) < (method == .kriging ? 3 : 0.01))
      #expect(Self.distance(answer.mean[vertex], turned[vertex]) < 25, "\(answer.mean[vertex]) for \(turned[vertex])")
      if let spread = answer.spread { #expect(spread[vertex] > 0 && spread[vertex] < 104) }
    }
  }

  @Test func numbersAreNoLabels() {
    let numbers = (0..<303).map { Float($0) / 7 }
    #expect(throws: MethodError.tooManyLabels(variable: "x", found: 101, most: 100)) {
      try Self.answer(numbers, .labels, by: .nearest, count: numbers.count)
    }
  }

  @Test func signedAnglesStaySigned() throws {
    let angles = (0..<Self.count).map { Float($0) * 11 - 160 }
    let answer = try Self.answer(angles, .angle(period: 360), by: .nearest)
    #expect(answer.mean.contains { $0 < -90 } && answer.mean.allSatisfy { abs($0) <= 180 })
  }

  @Test(arguments: methods) func permutedLabelsPermuteTheAnswer(method: Method) throws {
    let labels = (0..<Self.count).map { Float([3, 7, 7, 12][$0 * 4 / Self.count]) }
    let names: [Float: Float] = [3: 40, 7: -2, 12: 9]
    let plain = try Self.answer(labels, .labels, by: method)
    let other = try Self.answer(labels.map { names[$0] ?? 0 }, .labels, by: method)
    #expect(plain.spread == nil)
    for vertex in 0..<Self.count {
      #expect([3, 7, 12].contains(plain.mean[vertex]))
      if vertex % 3 == 0 { #expect(plain.mean[vertex] == labels[vertex]) }
      // A vertex half-way between two labels may fall to either.
      let neighbours = Set([max(0, vertex - 3), vertex, min(Self.count - 1, vertex + 3)].map { labels[$0] })
      if neighbours.count == 1 { #expect(other.mean[vertex] == names[plain.mean[vertex]]) }
    }
    #expect(plain.samples?.scalars.allSatisfy { [3, 7, 12].contains($0) } ?? true)
  }

  @Test(arguments: [ValueEncoding.labels, .angle(period: 360)])
  func methodsOfArchivesSaySo(encoding: ValueEncoding) throws {
    let model = try Model(
      FieldSpace(domain: Line(vertexCount: 2), variables: [Variable(name: "x")], encodings: [encoding]),
      gaussian: LearnedGaussian(CensoredPosteriorTests.prior(dimensions: 2)))
    #expect(throws: MethodError.noEncodings(method: "eof")) { _ = try Method.eof.solver(for: model) }
  }
}
