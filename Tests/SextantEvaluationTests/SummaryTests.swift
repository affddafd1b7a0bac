// Means over fields, their JSON, and the tables that people read.

import Foundation
import SextantArrays
import Testing

@testable import SextantEvaluation

@Suite("Summaries and tables")
struct SummaryTests {
  static func field(_ method: String, _ name: String, group: String, psnr: Double, crps: Double?) -> FieldScores {
    var histogram = RankHistogram(sampleCount: 2)
    histogram.count(1)
    var values = [ScoreKey(.psnr): psnr]
    if let crps { values[ScoreKey(.crps)] = crps }
    return FieldScores(
      label: ScoreLabel(method: method, field: name, group: group), variable: "t2m", units: "K", peak: 100,
      sampleCount: crps == nil ? 0 : 2, counts: [.all: 5], values: values,
      rankHistograms: crps == nil ? [:] : [.all: histogram],
      latitudeBands: [LatitudeBandScores(from: 0, to: 90, count: 5, meanSquareError: 4, bias: psnr, crps: crps)])
  }

  static let collection = ScoreCollection([
    field("kriging", "a", group: "random:0.6", psnr: 30, crps: 0.5),
    field("nearest", "a", group: "random:0.6", psnr: 25, crps: nil),
    field("kriging", "b", group: "random:0.6", psnr: 34, crps: 0.7),
    field("kriging", "a", group: "band:-20..20", psnr: 20, crps: 1.5),
  ])

  @Test("means and standard errors within each group")
  func groups() throws {
    let summaries = Self.collection.summaries()
    #expect(summaries.map(\.method) == ["kriging", "nearest", "kriging"])
    let first = try #require(summaries.first)
    #expect(first.group == "random:0.6" && first.fieldCount == 2)
    #expect(first[.psnr]?.mean == 32 && first[.psnr]?.standardError == 2)
    #expect(first.rankHistograms[.all]?.counts == [0, 2, 0])
    #expect(
      first.latitudeBands == [
        LatitudeBandScores(from: 0, to: 90, count: 10, meanSquareError: 4, bias: 32, crps: 0.6)
      ])
    #expect(summaries[1][.crps] == nil && summaries[1][.psnr]?.standardError == nil)
  }

  @Test("all groups together")
  func together() {
    let summaries = Self.collection.summaries(byGroup: false)
    #expect(summaries.map(\.fieldCount) == [3, 1])
    #expect(summaries[0][.psnr]?.mean == 28 && summaries[0].group == nil)
  }

  @Test("spread and skill are pooled over fields before they are divided")
  func pooledSpreadAndSkill() throws {
    let fields = [(3.0, 1.0), (4.0, 7.0)].map { spread, skill in
      var field = Self.field("m", "f", group: "", psnr: 30, crps: 1)
      field.values[ScoreKey(.spread)] = spread
      field.values[ScoreKey(.skill)] = skill
      field.values[ScoreKey(.spreadSkillRatio)] = spread / skill
      return field
    }
    let ratio = try #require(ScoreSummary(fields, group: nil)?[.spreadSkillRatio])
    #expect(abs(ratio.mean - 0.5.squareRoot()) < 1e-12 && ratio.count == 2)
  }

  @Test("JSON keeps everything, under names that people can read")
  func json() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let data = try encoder.encode(Self.collection)
    #expect(try JSONDecoder().decode(ScoreCollection.self, from: data) == Self.collection)
    #expect(String(decoding: data, as: UTF8.self).contains("\"values\":{\"crps.all.plain.ensemble\":0.5,"))
    let computed = ScoreCollection(try ReferenceScores.load().computed())
    let again = try JSONDecoder().decode(ScoreCollection.self, from: encoder.encode(computed))
    #expect(again == computed)
    let summaries = computed.summaries()
    #expect(try JSONDecoder().decode([ScoreSummary].self, from: encoder.encode(summaries)) == summaries)
  }

  @Test("every score has a name that reads back")
  func keys() {
    for score in Score.allCases {
      for region in Region.allCases {
        for estimate in Estimate.allCases {
          let key = ScoreKey(score, in: region, weighting: .area, of: estimate)
          #expect(ScoreKey(key.description) == key)
        }
      }
    }
    #expect(ScoreKey("psnr.all.plain") == nil && ScoreKey("psnr.all.plain.median") == nil)
  }

  @Test("a text table is aligned and has units")
  func text() {
    let lines = ScoreTable(Self.collection.summaries()).text.split(separator: "\n")
    #expect(lines[0] == "Method   Measurement   Fields  PSNR mean [dB]       CRPS [K]")
    #expect(lines[1] == String(repeating: "─", count: 60))
    #expect(lines[2] == "kriging  random:0.6    2         32.00 ± 2.00  0.600 ± 0.100")
    #expect(lines[3] == "nearest  random:0.6    1                25.00              –")
    #expect(lines[4] == "kriging  band:-20..20  1                20.00          1.500")
  }

  @Test("a Markdown table has the same cells")
  func markdown() {
    let table = ScoreTable(Self.collection.summaries(byGroup: false)).markdown
    #expect(
      table == """
        | Method | Fields | PSNR mean [dB] | CRPS [K] |
        |---|---|---:|---:|
        | kriging | 3 | 28.00 ± 4.16 | 0.900 ± 0.306 |
        | nearest | 1 | 25.00 | – |

        """)
  }

  @Test("a table of single fields hides none")
  func perField() {
    let table = ScoreTable(fields: Self.collection.fields)
    #expect(table.rows.count == 4 && table.rows[3] == ["kriging", "a", "band:-20..20", "20.00", "1.500"])
  }

  @Test("histograms can be drawn in fewer bins")
  func bins() {
    var histogram = RankHistogram(sampleCount: 4)
    for rank in [0, 0, 2, 4] { histogram.count(rank) }
    #expect(histogram.shares(binCount: 5) == [0.5, 0, 0.25, 0, 0.25])
    let halves = histogram.shares(binCount: 2)
    #expect(abs(halves[0] - 0.625) < 1e-12 && abs(halves[1] - 0.375) < 1e-12)
  }
}
