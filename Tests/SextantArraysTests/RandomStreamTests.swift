// The random numbers: known answers of Philox, and what makes runs reproducible.

import Foundation
import Testing

@testable import SextantArrays

@Suite struct RandomStreamTests {
  /// A line of `kat_vectors`, which the authors of Philox publish with their library Random123.
  struct KnownAnswer: Sendable {
    let counter: [UInt32]
    let key: UInt64
    let words: [UInt32]
  }

  static let knownAnswers = [
    KnownAnswer(
      counter: [0, 0, 0, 0], key: 0, words: [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    KnownAnswer(
      counter: [.max, .max, .max, .max], key: .max, words: [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    KnownAnswer(
      counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: 0x299f_31d0_a409_3822,
      words: [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
  ]

  @Test(arguments: knownAnswers) func philoxGivesThePublishedWords(answer: KnownAnswer) {
    let c = answer.counter
    let (a, b, x, y) = RandomStream.philox((c[0], c[1], c[2], c[3]), key: answer.key)
    #expect([a, b, x, y] == answer.words)
  }

  @Test func normalsDependOnTheSeedAndTheShapeAlone() {
    // Serial and parallel: a stream of few numbers is filled by one thread, a prefix of a long one by several.
    var (short, long) = (RandomStream(seed: 11), RandomStream(seed: 11))
    let few: Tensor<Double> = short.normals([1000])
    let many: Tensor<Double> = long.normals([200_000])
    #expect(few == many.rows(0..<1000))
    var again = RandomStream(seed: 11)
    #expect(again.normals([200, 1000], as: Double.self).reshaped(to: [200_000]) == many)
    #expect(again == long)
  }

  @Test func numbersDoNotDependOnTheThreads() throws {
    // The limit of threads is the process's: the one test that sets it sets it back.
    let threads = Parallel.threadCount
    defer { Parallel.limitThreads(to: threads) }
    let results = [1, 2, 5].map { count in
      Parallel.limitThreads(to: count)
      var stream = RandomStream(seed: 3)
      return stream.normals([100_001], as: Float.self)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test func normalsHaveTheMomentsOfTheNormalDistribution() {
    var stream = RandomStream(seed: 5)
    let x: Tensor<Double> = stream.normals([400_000])
    let n = Double(x.count)
    let mean = x.scalars.reduce(0, +) / n
    let variance = x.dot(x) / n
    let fourth = (x * x).dot(x * x) / n
    // Five standard errors.
    #expect(abs(mean) < 5 / n.squareRoot())
    #expect(abs(variance - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(fourth - 3) < 5 * (96 / n).squareRoot())
  }

  @Test func splitStreamsAreIndependentOfUseAndOfEachOther() {
    var stream = RandomStream(seed: 1)
    let before = stream.split(4)
    _ = stream.next()
    #expect(stream.split(4) == before)
    let parts: [Tensor<Double>] = (0..<8).map { index in
      var part = stream.split(index)
      return part.normals([20_000])
    }
    for i in 0..<8 {
      for j in 0..<i { #expect(abs(parts[i].dot(parts[j])) < 6 * 20_000.0.squareRoot()) }
    }
    #expect(stream.split("mask") != stream.split("noise"))
  }

  @Test func uniformsFillTheirRange() {
    var stream = RandomStream(seed: 2)
    let values = (0..<10_000).map { _ in stream.uniform(in: -2..<6) }
    #expect(values.allSatisfy { $0 >= -2 && $0 < 6 })
    #expect(abs(values.reduce(0, +) / 10_000 - 2) < 0.12)
  }

  @Test func streamsSurviveJSON() throws {
    var stream = RandomStream(seed: 8).split("field")
    _ = stream.next()
    var copy = try JSONDecoder().decode(RandomStream.self, from: JSONEncoder().encode(stream))
    #expect(copy == stream)
    #expect((0..<5).map { _ in copy.next() } == (0..<5).map { _ in stream.next() })
  }
}
