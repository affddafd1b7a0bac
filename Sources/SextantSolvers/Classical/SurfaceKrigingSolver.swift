// Kriging along the surface. A Matérn function of distances along a surface is not a covariance in general: on a sphere
// or a torus it can give variances below zero. What is a covariance on every surface is the field that solves the
// stochastic equation of the Matérn field with the surface's own Laplacian (Lindgren, Rue and Lindström, "An explicit
// link between Gaussian fields and Gaussian Markov random fields", 2011), the sparse Matérn field of this library. Here
// each connected part of the domain has a field, a mean and parameters of its own, so that two parts that no path along
// the surface joins are independent.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// Recovers fields by a Matérn field along the surface, on each connected part of the domain alone.
///
/// A part without observations has no answer: nothing on the surface leads to it.
public struct SurfaceKrigingSolver: Solver {
  public let name = "Matérn kriging along the surface"
  private let parts: [Part]
  private let vertexCount: Int
  private let channelCount: Int

  /// A connected part with its solver.
  private struct Part: Sendable {
    let vertices: [Int]
    var solver: any Solver
  }

  /// Makes the solver for fields of `channelCount` variables on a domain.
  ///
  /// - Parameters:
  ///   - domain: the domain of the fields.
  ///   - channelCount: the number C of variables.
  ///   - isInside: which entries of the V×C array belong to the field (V·C); nil for all.
  ///   - seed: the stream for the samples of the estimation.
  /// - Throws: the errors of the domain's geometry.
  public init(
    domain: any Domain, channelCount: Int, isInside: [Bool]? = nil, seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    vertexCount = domain.vertexCount
    self.channelCount = channelCount
    let variables = try FieldSpace(domain: domain, channelCount: channelCount).variables
    parts = try domain.connectedParts().map { part in
      let inside = isInside.map { isInside in
        part.vertices.flatMap { vertex in (0..<channelCount).map { isInside[vertex * channelCount + $0] } }
      }
      let space = try FieldSpace(domain: part.domain, variables: variables, isInside: inside)
      return Part(vertices: part.vertices, solver: try SparseFieldSolver(space, seed: seed))
    }
  }

  private init(_ solver: SurfaceKrigingSolver, parts: [Part]) {
    (vertexCount, channelCount, self.parts) = (solver.vertexCount, solver.channelCount, parts)
  }

  public func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    let shares = try shares(of: measurement.operation)
    return SurfaceKrigingSolver(
      self,
      parts: try zip(parts, shares).map { part, share in
        guard let share else { return part }
        return Part(vertices: part.vertices, solver: try part.solver.fitted(to: share.measurement(of: measurement)))
      })
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let shares = try shares(of: operation)
    guard shares.contains(where: { $0 != nil }) else { throw PriorError.nothingObserved }
    let prepared = try zip(parts, shares).map { part, share in
      try share.map { share in
        PreparedPart(
          vertices: part.vertices, share: share,
          solver: try part.solver.prepare(for: share.operation, noise: share.rows.map { noise[$0] }))
      }
    }
    return SurfaceKrigingPreparation(
      model: model, parts: prepared, vertexCount: vertexCount, channelCount: channelCount)
  }

  /// The rows of an operator that measure each part; nil for a part without any.
  private func shares(of operation: any LinearOperator) throws -> [MeasuredShare?] {
    try operation.requireInputs(vertexCount * channelCount)
    var (partOfVertex, placeOfVertex) = ([Int](repeating: 0, count: vertexCount), [Int](repeating: 0, count: vertexCount))
    for (number, part) in parts.enumerated() {
      for (place, vertex) in part.vertices.enumerated() { (partOfVertex[vertex], placeOfVertex[vertex]) = (number, place) }
    }
    let matrix = try operation.materialised(for: name)
    var rows = [[Int]](repeating: [], count: parts.count)
    var entries = [[(row: Int, column: Int, value: Double)]](repeating: [], count: parts.count)
    for row in 0..<matrix.rowCount {
      let range = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      guard let first = range.first else { continue }
      let number = partOfVertex[Int(matrix.columns[first]) / channelCount]
      guard range.allSatisfy({ partOfVertex[Int(matrix.columns[$0]) / channelCount] == number }) else {
        throw MeasurementError.operatorNotSupported(
          method: name, form: operation.form.kind, reason: "a measured value mixes parts of the surface that nothing joins",
          hint: "use distances through space: solvers.kriging.distances=space")
      }
      for k in range {
        let (vertex, channel) = Int(matrix.columns[k]).quotientAndRemainder(dividingBy: channelCount)
        entries[number].append((rows[number].count, placeOfVertex[vertex] * channelCount + channel, matrix.values[k]))
      }
      rows[number].append(row)
    }
    return parts.indices.map { number in
      let (own, count) = (entries[number], rows[number].count)
      guard count > 0 else { return nil }
      return MeasuredShare(
        rows: rows[number],
        operation: SparseMatrix.plainestOperator(
          rowCount: count, columnCount: parts[number].vertices.count * channelCount, entries: own))
    }
  }
}

/// The rows of a measurement that belong to one part, as an operator on its entries.
private struct MeasuredShare: Sendable {
  let rows: [Int]
  let operation: any LinearOperator

  func measurement(of whole: FieldMeasurement) -> FieldMeasurement {
    FieldMeasurement(
      values: rows.map { whole.values[$0] }, noise: rows.map { whole.noise[$0] }, operation: operation, label: whole.label)
  }
}

/// A part that is prepared for its rows.
private struct PreparedPart: Sendable {
  let vertices: [Int]
  let share: MeasuredShare
  let solver: any PreparedSolver
}

/// All parts for one operator.
private struct SurfaceKrigingPreparation: PreparedSolver {
  let model: MeasurementModel
  /// Nil for a part without observations.
  let parts: [PreparedPart?]
  let vertexCount: Int
  let channelCount: Int

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    let size = vertexCount * channelCount
    var mean = [Float](repeating: .nan, count: size)
    var spread = mean
    var draws = samples > 0 ? Tensor<Float>(repeating: .nan, shape: [samples, size]) : nil
    var diagnostics: [String: Double] = [:]
    // A part draws from a stream of its own, whatever is observed on the others.
    let stream = RandomStream(seed: random.next())
    for (number, part) in parts.enumerated() {
      guard let part else { continue }
      var own = stream.split(number)
      let answer = try part.solver.solve(part.share.measurement(of: measurement), samples: samples, using: &own)
      let entries = part.vertices.flatMap { vertex in (0..<channelCount).map { vertex * channelCount + $0 } }
      for (place, entry) in entries.enumerated() {
        mean[entry] = answer.mean[place]
        spread[entry] = answer.spread?[place] ?? .nan
      }
      if let found = answer.samples {
        draws?.withUnsafeMutableScalars { out in
          found.withUnsafeScalars { source in
            for row in 0..<samples {
              for (place, entry) in entries.enumerated() {
                out[row * size + entry] = source[row * entries.count + place]
              }
            }
          }
        }
      }
      for (key, value) in answer.diagnostics { diagnostics[parts.count > 1 ? "\(key), part \(number + 1)" : key] = value }
    }
    let silent = parts.count { $0 == nil }
    if silent > 0 { diagnostics["parts without observations"] = Double(silent) }
    return Posterior(mean: mean, spread: spread, samples: draws, diagnostics: diagnostics)
  }
}
