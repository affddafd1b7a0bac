// Which bands of an image a picture shows: all of them where they are colours, and otherwise one at a time.

import SextantSignals

/// The bands of an image that are drawn.
struct ShownBands {
  private let channels: Int
  private let showsAll: Bool
  /// The name of the band that is drawn where there are others; none where all are.
  let names: [String]

  init(_ variables: [Variable]) {
    channels = variables.count
    showsAll = channels == 1 || variables.map(\.name) == ["red", "green", "blue"]
    names = showsAll ? [] : variables.prefix(1).map(\.name)
  }

  /// The entries (V·C) of the bands that are drawn.
  func callAsFunction<T>(_ entries: [T]) -> [T] {
    showsAll ? entries : stride(from: 0, to: entries.count, by: channels).map { entries[$0] }
  }
}
