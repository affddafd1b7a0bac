// Windows: parts of a domain that are like another, smaller one, so that what was learned on the small one serves the large one. Windows
// overlap, and each vertex counts less towards the edge of a window that lies inside the domain, so that no seam is visible.

/// A part of a domain in the form of another domain.
public struct DomainWindow: Sendable, Equatable {
  /// The vertex of the large domain that each vertex of the small one is.
  public let vertices: [Int]
  /// How much each vertex counts where windows overlap; above 0.
  public let weights: [Double]

  public init(vertices: [Int], weights: [Double]) { (self.vertices, self.weights) = (vertices, weights) }
}

extension ImageGrid {
  /// Windows of the size of another image with the same pixels, evenly spaced; neighbours overlap by at least a third.
  ///
  /// Nil for another kind of domain, for other pixels, and where the other image is larger. Weights rise in a straight line over that
  /// third from each edge of a window that is no edge of the image. An image of the same size is one window of weights 1.
  public func windows(like model: any Domain) -> [DomainWindow]? {
    guard let other = model as? ImageGrid, other.pixelHeight == pixelHeight, other.pixelWidth == pixelWidth,
      other.rows <= rows, other.columns <= columns
    else { return nil }
    let (vertical, horizontal) = (Self.spans(of: rows, by: other.rows), Self.spans(of: columns, by: other.columns))
    return vertical.flatMap { down in
      horizontal.map { right in
        var (vertices, weights): ([Int], [Double]) = ([], [])
        for row in 0..<other.rows {
          for column in 0..<other.columns {
            vertices.append((down.start + row) * columns + right.start + column)
            weights.append(down.weights[row] * right.weights[column])
          }
        }
        return DomainWindow(vertices: vertices, weights: weights)
      }
    }
  }

  /// The places of spans of `size` in a length, and the weights in each.
  private static func spans(of length: Int, by size: Int) -> [(start: Int, weights: [Double])] {
    let overlap = max(1, size / 3)
    let count = length > size ? (length - size + max(1, size - overlap) - 1) / max(1, size - overlap) + 1 : 1
    return (0..<count).map { number in
      let start = count > 1 ? (number * (length - size) + (count - 1) / 2) / (count - 1) : 0
      let weights = (0..<size).map { place -> Double in
        let before = start == 0 ? 1 : (Double(place) + 0.5) / Double(overlap)
        let after = start + size == length ? 1 : (Double(size - place) - 0.5) / Double(overlap)
        return min(1, before, after)
      }
      return (start, weights)
    }
  }
}
