// How elements along one dimension belong to elements of another in a NetCDF file of observations: by an array of counts
// (a contiguous ragged array: the first so many observations belong to the first station, and so on) or by an array of
// indices (an indexed ragged array). Both may be nested: observations of profiles of stations.

import SextantGeometry

/// The relations between the dimensions of ragged arrays.
struct InstanceMap {
  /// A dimension whose elements belong to those of another.
  private struct Step {
    let from: NetCDFDimension
    let to: NetCDFDimension
    let variable: NetCDFVariable
    let isCount: Bool
  }

  private let file: NetCDFFile
  private let steps: [Step]

  init(_ file: NetCDFFile) {
    self.file = file
    func dimension(_ name: String?) -> NetCDFDimension? { name.flatMap { name in file.dimensions.first { $0.name == name } } }
    steps = file.variables.compactMap { variable in
      guard variable.dimensions.count == 1, variable.type.isNumeric else { return nil }
      if let sample = dimension(variable.text("sample_dimension")) {
        return Step(from: sample, to: variable.dimensions[0], variable: variable, isCount: true)
      }
      if let instance = dimension(variable.text("instance_dimension")) {
        return Step(from: variable.dimensions[0], to: instance, variable: variable, isCount: false)
      }
      return nil
    }
  }

  /// Whether each element of an array along `dimensions` has a place along each of `others`.
  func reaches(_ others: [NetCDFDimension], from dimensions: [NetCDFDimension]) -> Bool {
    others.allSatisfy { other in dimensions.contains { chain(from: $0, to: other) != nil } }
  }

  /// The values of a coordinate along `own` for each element of an array along `dimensions`, which must reach them.
  ///
  /// Throws ``SignalFormatError/unusablePlaces(path:reason:)`` for counts and indices that do not fit.
  func expand<Value>(_ values: [Value], along own: [NetCDFDimension], to dimensions: [NetCDFDimension]) throws -> [Value] {
    let count = dimensions.reduce(1) { $0 * $1.length }
    // For each dimension of the coordinate: the dimension of the array that leads to it, its stride, and the index there.
    let leads = try own.map { target -> (stride: Int, length: Int, index: [Int]?) in
      guard let place = dimensions.firstIndex(where: { chain(from: $0, to: target) != nil }),
        let chain = chain(from: dimensions[place], to: target)
      else { preconditionFailure("No way to the dimension \(target.name)") }
      let stride = dimensions[(place + 1)...].reduce(1) { $0 * $1.length }
      return (stride, dimensions[place].length, chain.isEmpty ? nil : try index(along: chain))
    }
    return (0..<count).map { element in
      var flat = 0
      for (target, lead) in zip(own, leads) {
        let place = element / lead.stride % lead.length
        flat = flat * target.length + (lead.index.map { $0[place] } ?? place)
      }
      return values[flat]
    }
  }

  /// The steps from one dimension to another; empty for the same one, nil where there is no way.
  private func chain(from: NetCDFDimension, to: NetCDFDimension) -> [Step]? {
    var chain: [Step] = []
    var here = from
    while here != to {
      guard let step = steps.first(where: { $0.from == here }), chain.count < steps.count else { return nil }
      chain.append(step)
      here = step.to
    }
    return chain
  }

  /// The index in the last dimension of a chain for each element of its first.
  private func index(along chain: [Step]) throws -> [Int] {
    var result = Array(0..<chain[0].from.length)
    for step in chain {
      let numbers = try file.values(of: step.variable)
      var parents: [Int]
      if step.isCount {
        guard numbers.allSatisfy({ $0.isNaN || ($0 >= 0 && $0 == $0.rounded()) }) else { throw error(step, "holds numbers that are no counts") }
        let total = numbers.reduce(0) { $0 + ($1.isNaN ? 0 : $1) }
        guard total == Double(step.from.length) else {
          throw error(step, "counts \(FieldCoordinate.text(of: total)) elements, but the dimension \(step.from.name) has \(step.from.length)")
        }
        parents = numbers.enumerated().flatMap { repeatElement($0, count: $1.isNaN ? 0 : Int($1)) }
      } else {
        guard numbers.allSatisfy({ $0 == $0.rounded() && $0 >= 0 && $0 < Double(step.to.length) }) else {
          throw error(step, "holds indices outside of the dimension \(step.to.name), which has \(step.to.length) elements and is counted from 0")
        }
        parents = numbers.map { Int($0) }
      }
      result = result.map { parents[$0] }
    }
    return result
  }

  private func error(_ step: Step, _ what: String) -> SignalFormatError {
    .unusablePlaces(path: file.path, reason: "the variable \(step.variable.name), which says what each observation belongs to, \(what).")
  }
}
