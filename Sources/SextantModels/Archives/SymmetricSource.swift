// An archive seen through the symmetries of its domain: each field and its moved copies, one after the other. What is learned from
// them is as invariant as they are. The gaps and the noise of measurements move with their values, so that a place that no
// field ever measures is learned of through the places that it is moved to.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// A source of |G|·N fields, over one of N: field n·|G| + g is field n, moved by the g-th symmetry (the 0-th moves nothing).
package struct SymmetricSource: SignalSource {
  /// The fields as they are.
  package let source: any SignalSource
  /// For each symmetry, the vertex whose value each vertex takes.
  private let permutations: [[Int32]]
  package let labels: [FieldLabel]

  package var domain: any Domain { source.domain }
  package var variables: [Variable] { source.variables }
  /// |G|: the number of copies of each field, itself counted.
  package var copyCount: Int { permutations.count }

  /// - Throws: `GeometryError` where the domain does not have one of the symmetries.
  package init(_ source: any SignalSource, symmetries: [DomainSymmetry]) throws {
    let permutations = try DomainSymmetry.permutations(symmetries, of: source.domain)
    self.source = source
    self.permutations = permutations
    labels = source.labels.flatMap { label in
      permutations.indices.map { copy in
        var own = label
        if copy > 0 { own.coordinates["symmetry"] = "\(copy)" }
        return own
      }
    }
  }

  /// The number of copies of each field of a source, itself counted; they follow each other.
  package static func copyCount(in source: any SignalSource) -> Int { (source as? SymmetricSource)?.copyCount ?? 1 }

  package func read(_ indices: [Int]) throws -> SignalSet {
    // Copies of one field follow each other, so that each field is read once.
    var needed: [Int] = []
    for index in indices where needed.last != index / copyCount { needed.append(index / copyCount) }
    let fields = try source.read(needed)
    let channels = fields.channelCount
    let size = fields.vertexCount * channels
    var result = SignalSet(
      domain: fields.domain, variables: fields.variables,
      values: .zeros([indices.count, fields.vertexCount, channels]),
      isValid: [Bool](repeating: false, count: indices.count * size), labels: indices.map { labels[$0] })
    var flags = result.isValid
    result.values.withUnsafeMutableScalars { out in
      fields.values.withUnsafeScalars { values in
        var row = -1
        var last: Int?
        for (slot, index) in indices.enumerated() {
          if last != index / copyCount { row += 1 }
          last = index / copyCount
          for (vertex, origin) in permutations[index % copyCount].enumerated() {
            for channel in 0..<channels {
              let (to, from) = (slot * size + vertex * channels + channel, row * size + Int(origin) * channels + channel)
              out[to] = values[from]
              flags[to] = fields.isValid[from]
            }
          }
        }
      }
    }
    result.isValid = flags
    return result
  }

  /// Numbers for the entries of a field (V·C), moved as field `index` is.
  package func moved(_ numbers: [Float], asField index: Int) -> [Float] {
    let channels = variables.count
    return permutations[index % copyCount].flatMap { origin in
      (0..<channels).map { numbers[Int(origin) * channels + $0] }
    }
  }

  /// Throws ``RunError/invalid(_:)`` unless measuring a moved field is the same as moving the measured one.
  ///
  /// - Parameter operation: what the values are of the fields; it works on each variable separately.
  package func check(_ operation: MeasuredOperator, name: String) throws {
    let count = domain.vertexCount * variables.count
    var random = RandomStream(seed: 0).split("symmetries")
    let field = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    /// The measured values in their places; nil where nothing is measured.
    func measured(_ field: [Float]) -> [Float?] {
      var result = [Float?](repeating: nil, count: count)
      let values = operation.apply(Tensor(field, shape: [1, count])).scalars
      for place in 0..<operation.outputCount { result[operation.outputEntries.indices[place]] = values[place] }
      return result
    }
    let still = measured(field)
    let channels = variables.count
    for copy in 1..<max(1, copyCount) {
      let moved = measured(self.moved(field, asField: copy))
      for (vertex, origin) in permutations[copy].enumerated() {
        for channel in 0..<channels {
          let (one, other) = (moved[vertex * channels + channel], still[Int(origin) * channels + channel])
          let isSame = if let one, let other { abs(one - other) < 1e-4 } else { one == nil && other == nil }
          guard isSame else {
            throw RunError.invalid(
              "archive.symmetries: '\(name)' (archive.measured.operator) measures a moved field otherwise than the field itself, so that moved measurements are not measurements of moved fields. Leave out symmetries that change the operator.")
          }
        }
      }
    }
  }
}
