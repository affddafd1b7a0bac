// The article before the summary of a domain is the one that is read.

import SextantGeometry
import Testing

@Suite struct ArticleTests {
  @Test func numbersThatBeginWithAVowelHaveAn() throws {
    for rows in [8, 11, 18, 80, 800] {
      #expect(try ImageGrid(rows: rows, columns: 2).summaryWithArticle.hasPrefix("an \(rows)×2 image"))
    }
    for rows in [1, 7, 10, 12, 28, 110, 180, 1100] {
      #expect(try ImageGrid(rows: rows, columns: 2).summaryWithArticle.hasPrefix("a \(rows)×2 image"))
    }
    #expect("11000-vertex surface".withArticle == "an 11000-vertex surface")
    #expect("unstructured grid of 4 cells".withArticle == "an unstructured grid of 4 cells")
    #expect("40 scattered places".withArticle == "40 scattered places")
    #expect("part of 3 vertices".withArticle == "a part of 3 vertices")
  }
}
