// The grouping of an archive's fields into the components of a mixture: by source, by calendar month, by both, or by
// clusters of the mode coefficients. This file assigns the fields to groups; GaussianMixturePrior learns the
// components.

import SextantArrays
import SextantSignals

/// The grouping of an archive into components; written "source", "month", "source-month" or "clusters:K".
public enum MixtureGrouping: Sendable, Equatable, CustomStringConvertible {
  /// By the coordinate `source`.
  case source
  /// By calendar month; fields without a month form a group.
  case month
  /// By both.
  case sourceMonth
  /// This number of clusters of the fields themselves, by k-means.
  case clusters(Int)

  /// The expected text, for errors.
  public static let expectation = "source, month, source-month or clusters:K with K from 1"

  /// Parses a text in the form of ``description``; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "source": self = .source
    case "month": self = .month
    case "source-month": self = .sourceMonth
    default:
      guard text.hasPrefix("clusters:"), let count = Int(text.dropFirst("clusters:".count)), (1...1000).contains(count)
      else { return nil }
      self = .clusters(count)
    }
  }

  public var description: String {
    switch self {
    case .source: "source"
    case .month: "month"
    case .sourceMonth: "source-month"
    case .clusters(let count): "clusters:\(count)"
    }
  }

  /// The group of each field of an archive (N), numbered from 0 without gaps.
  ///
  /// - Parameters:
  ///   - labels: the labels of the fields (N).
  ///   - prior: the prior that was learned from the same fields, in the order of `labels`.
  ///   - random: the stream for the initial clusters.
  /// - Throws: ``PriorError/noComponents(_:)`` if the labels of the fields do not include their source.
  public func membership(labels: [FieldLabel], prior: GaussianPrior, random: RandomStream) throws -> [Int] {
    if case .clusters(let count) = self {
      let standardDeviations = prior.functions.standardDeviations
      return Self.clusters(
        prior.archiveCoefficients.scalingColumns(by: standardDeviations).converted(to: Double.self), count: count,
        random: random)
    }
    let names = try labels.map { label in
      let month = label.month.map { "month \($0)" } ?? "no month"
      guard self != .month else { return month }
      guard let source = label.coordinates["source"] else {
        throw PriorError.noComponents(
          "components: \(self) needs a coordinate 'source' in the archive. Use month or clusters:K.")
      }
      return self == .source ? source : "\(source), \(month)"
    }
    let distinct = Array(Set(names)).sorted()
    let index = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, $0) })
    return names.map { index[$0] ?? 0 }
  }

  /// k-means with k-means++ initialisation; empty clusters are removed.
  private static func clusters(_ points: Tensor<Double>, count: Int, random: RandomStream) -> [Int] {
    let (n, k) = (points.rowCount, points.columnCount)
    guard n > 0 else { return [] }
    var stream = random
    func squaredDistance(_ field: Int, _ centre: [Double]) -> Double {
      (0..<k).reduce(0.0) { sum, j in
        let difference = points[field, j] - centre[j]
        return sum + difference * difference
      }
    }
    var centres = [points.row(Int(stream.uniform() * Double(n)) % n).scalars]
    while centres.count < min(count, n) {
      let nearest = (0..<n).map { field in centres.map { squaredDistance(field, $0) }.min() ?? 0 }
      guard let next = stream.categorical(nearest, total: nearest.reduce(0, +)) else { break }
      centres.append(points.row(next).scalars)
    }
    var membership = [Int](repeating: 0, count: n)
    for _ in 0..<30 {
      let last = membership
      membership = (0..<n).map { field in
        let distances = centres.map { squaredDistance(field, $0) }
        return distances.indices.min { distances[$0] < distances[$1] } ?? 0
      }
      if membership == last { break }
      for cluster in centres.indices {
        let own = (0..<n).filter { membership[$0] == cluster }
        guard !own.isEmpty else { continue }
        centres[cluster] = points.gatheringRows(own).columnMeans()
      }
    }
    let used = Array(Set(membership)).sorted()
    return membership.map { used.firstIndex(of: $0) ?? 0 }
  }
}

extension MixtureGrouping: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let grouping = MixtureGrouping(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected \(Self.expectation)")
    }
    self = grouping
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
