// The summary of a domain in a sentence: "an 8×8 image", "a 12×8 image", "40 scattered places".

extension Domain {
  /// The summary with its article.
  package var summaryWithArticle: String { summary.withArticle }
}

extension String {
  /// The summary of a domain with the article that it is read with; without one where it is a number of places.
  package var withArticle: String {
    if hasSuffix(" places") { return self }
    let digits = prefix(while: \.isNumber)
    // Eight, eleven and eighteen, and numbers that begin with them, are read with a vowel.
    let isVowel =
      digits.isEmpty
      ? first.map { "aeiou".contains($0) } ?? false
      : digits.hasPrefix("8") || digits.count % 3 == 2 && (digits.hasPrefix("11") || digits.hasPrefix("18"))
    return (isVowel ? "an " : "a ") + self
  }
}
