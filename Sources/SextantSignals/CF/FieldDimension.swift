// The non-horizontal dimensions of a variable: each combination of their indices is one field.

/// A non-horizontal dimension and its selected indices.
struct FieldDimension: Sendable {
  let dimension: NetCDFDimension
  /// The selected indices in the file, ascending.
  var selected: [Int]

  init(_ dimension: NetCDFDimension) {
    self.dimension = dimension
    selected = Array(0..<dimension.length)
  }
}

extension [FieldDimension] {
  /// The number of fields.
  var fieldCount: Int { reduce(1) { $0 * $1.selected.count } }

  /// The index of the field along each dimension in the file; the last dimension varies fastest.
  func places(ofField index: Int) -> [Int] {
    var rest = index
    var places = [Int](repeating: 0, count: count)
    for i in indices.reversed() {
      let length = self[i].selected.count
      places[i] = self[i].selected[rest % length]
      rest /= length
    }
    return places
  }
}
