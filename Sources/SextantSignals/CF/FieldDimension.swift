// The dimensions of a variable that are not horizontal: each combination of their places is one field.

/// One non-horizontal dimension, and which of its places are taken.
struct FieldDimension: Sendable {
  let dimension: NetCDFDimension
  /// The places taken, ascending, in the file's numbering.
  var selected: [Int]

  init(_ dimension: NetCDFDimension) {
    self.dimension = dimension
    selected = Array(0..<dimension.length)
  }
}

extension [FieldDimension] {
  /// The number of fields.
  var fieldCount: Int { reduce(1) { $0 * $1.selected.count } }

  /// The place of field `index` along each dimension, in the file's numbering; the last dimension runs fastest.
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
