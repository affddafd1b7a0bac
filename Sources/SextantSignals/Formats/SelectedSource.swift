// Fields selected by their labels, for formats that cannot select while they read.

import SextantArrays
import SextantGeometry

/// Some of the fields of a document.
struct SelectedSource: DocumentWrapper {
  let source: any SignalDocument
  let labels: [FieldLabel]
  private let indices: [Int]

  /// The fields at `indices`, in that order.
  init(_ source: any SignalDocument, indices: [Int]) {
    self.source = source
    self.indices = indices
    labels = indices.map { source.labels[$0] }
  }

  func read(_ indices: [Int]) throws -> SignalSet { try source.read(indices.map { self.indices[$0] }) }

  func companion(_ name: String) throws -> FieldCompanion? {
    try source.companion(name).map { companion in
      FieldCompanion(
        name: name, units: companion.units, offset: companion.offset, isConstant: companion.isConstant,
        flags: companion.flags, values: { try companion.values(indices[$0]) },
        exactValues: { try companion.exactValues(indices[$0]) })
    }
  }

  func members(of index: Int) throws -> Tensor<Float>? { try source.members(of: indices[index]) }

  func spread(of index: Int) throws -> [Float]? { try source.spread(of: indices[index]) }
}

extension SignalDocument {
  /// The fields whose coordinates have one of the wanted values; a time matches by its beginning.
  ///
  /// Throws ``SignalFormatError/emptySelection(path:coordinate:wanted:available:)`` where no field is left.
  public func selecting(_ wanted: [String: [String]]) throws -> any SignalDocument {
    wanted.isEmpty ? self : SelectedSource(self, indices: try indices(selecting: wanted))
  }

  /// The fields whose coordinates have one of the wanted values; see ``selecting(_:)``.
  func indices(selecting wanted: [String: [String]]) throws -> [Int] {
    var indices = Array(labels.indices)
    for (name, values) in wanted.sorted(by: { $0.key < $1.key }) {
      let kept = indices.filter { labels[$0].matches(name, anyOf: values) }
      guard !kept.isEmpty else {
        var available: [String] = []
        for text in indices.compactMap({ labels[$0].text(of: name) }) where !available.contains(text) {
          available.append(text)
        }
        throw SignalFormatError.emptySelection(path: path, coordinate: name, wanted: values, available: available)
      }
      indices = kept
    }
    return indices
  }
}
