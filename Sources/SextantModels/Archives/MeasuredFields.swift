// That fields of a data set are measurements, each with its own gaps and noise, and not the signals themselves: how they were
// measured, and the noise of each of their values.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// How fields were measured. Which of their values are there is in the fields themselves.
public struct MeasuredFields: Sendable, Equatable, Codable {
  /// The noise of the values.
  public var noise: NoiseSpecification
  /// What the values are of the signals, such as a blur or a reduction; nil where they are the signals' own values.
  public var operation: AnyMeasurementDesign?
  /// A file on the domain of the signals, of which nothing else is read; nil where the values lie there or tell where it is.
  public var signals: String?
  /// The places that the prior is of; nil for ``Fill/archive``.
  public var fill: Fill?

  /// The places that a prior is of.
  public enum Fill: String, Sendable, Codable, CaseIterable {
    /// Those that at least one field has measured.
    case archive
    /// All: what is known of a place that no field has measured is what the places around it tell.
    case all
  }

  public init(noise: NoiseSpecification, operation: AnyMeasurementDesign? = nil, signals: String? = nil, fill: Fill? = nil) {
    (self.noise, self.operation, self.signals, self.fill) = (noise, operation, signals, fill)
  }
}

/// The noise of each value of measured fields.
package struct MeasuredNoise: Sendable {
  /// The noise of a field; noise that has a law depends on the field, which is read where it is not given.
  private let levels: @Sendable (_ index: Int, _ field: Signal?) throws -> [Float]
  private let dependent: @Sendable (_ index: Int) -> SignalDependentNoise?
  private let names: @Sendable (_ index: Int) -> String
  private let variables: [Variable]
  private let specification: NoiseSpecification
  /// What is to be said of the noise.
  package let remarks: [Remark]

  /// - Parameters:
  ///   - specification: the noise. What is automatic counts as no noise here.
  ///   - source: the fields, in their own units.
  /// - Throws: what is wrong with the noise.
  package init(_ specification: NoiseSpecification, of source: any SignalSource) throws {
    if let moved = source as? SymmetricSource {
      let own = try MeasuredNoise(specification, of: moved.source)
      levels = { index, field in
        // The noise moves with the values of the field itself, which its moved copies do not have in their places.
        let isField = index % moved.copyCount == 0
        return moved.moved(try own.levels(index / moved.copyCount, isField ? field : nil), asField: index)
      }
      names = { own.names($0 / moved.copyCount) }
      dependent = { own.dependent($0 / moved.copyCount) }
      (variables, self.specification, remarks) = (own.variables, specification, own.remarks)
      return
    }
    var known = specification
    for variable in specification.automatic(among: source.variables) {
      known = known.with(.constant(0, units: ""), for: variable.name)
    }
    (variables, self.specification) = (source.variables, specification)
    let laws = try specification.laws(among: source.variables)
    let around = laws.contains { $0 != nil } ? NeighbourMean(on: source.domain) : nil
    guard let series = source as? SignalSeries else {
      let all = try known.inTheDark(among: source.variables).deviations(
        vertexCount: source.domain.vertexCount, variables: source.variables, peaks: nil as [Double]?)
      let own = around.map { SignalDependentNoise(laws, around: $0) }
      dependent = { _ in own }
      names = { "field \($0 + 1)" }
      levels = Self.levels({ _ in all }, of: dependent, in: source, names: names)
      remarks = around == nil ? [] : [Self.dependentRemark(specification)]
      return
    }
    let levelsOfFiles = try series.documents.map { try NoiseLevels(known, of: $0) }
    let units = try series.documents.map { try UnitConversion(file: $0.variables, model: series.variables) }
    let numbers = Dictionary(series.documents.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
    names = { index in
      let (document, own) = series.origin(of: index)
      return "\(document.path), field \(own + 1)"
    }
    let ofFiles = try zip(levelsOfFiles, units).map { levels, units in
      try around.map { SignalDependentNoise(try units.toModel(Detector(laws: levels.laws)).laws, around: $0) }
    }
    dependent = { ofFiles[numbers[series.origin(of: $0).0.path] ?? 0] }
    let constant: @Sendable (Int) throws -> [Float] = { index in
      let (document, own) = series.origin(of: index)
      let number = numbers[document.path] ?? 0
      var result = try levelsOfFiles[number](own)
      let conversion = units[number]
      guard !conversion.isIdentity else { return result }
      for entry in result.indices {
        result[entry] = conversion.differenceToModel(result[entry], channel: entry % conversion.channelCount)
      }
      return result
    }
    levels = Self.levels(constant, of: dependent, in: source, names: names)
    // Noise that is to be estimated was not given, and differs from nothing.
    let automatic = specification.automatic(among: source.variables).map(\.name)
    let said = (levelsOfFiles.first?.remarks ?? []).filter { remark in
      remark.topic != "noise-differs" || !automatic.contains(remark.variable ?? "")
    }
    remarks = said + (around == nil ? [] : [Self.dependentRemark(specification)])
  }

  /// The noise of each field, with that of each law at its smoothed values.
  private static func levels(
    _ levels: @escaping @Sendable (Int) throws -> [Float], of dependent: @escaping @Sendable (Int) -> SignalDependentNoise?,
    in source: any SignalSource, names: @escaping @Sendable (Int) -> String
  ) -> @Sendable (Int, Signal?) throws -> [Float] {
    { index, known in
      let own = try levels(index)
      guard let dependent = dependent(index) else { return own }
      let field = try known ?? source.read([index])[0]
      let values = field.values.scalars
      try dependent.check(values, isValid: field.isValid, field: names(index), variables: source.variables)
      return dependent.deviations(own, at: values, isValid: field.isValid)
    }
  }

  private static func dependentRemark(_ specification: NoiseSpecification) -> Remark {
    Remark(
      .assumption, "counted-noise",
      "The noise of the archive's values is that of \(specification.firstLaw?.words.many ?? "counts") (\(specification)). Its variance was taken at the mean of each measured value and those around it, because the clean values are not known.")
  }

  /// The noise of a field that has a law; nil where there is none.
  package func dependent(in index: Int) -> SignalDependentNoise? { dependent(index) }

  /// The standard deviation of the noise of each entry of a field (V·C), in the units of the source.
  ///
  /// - Parameters:
  ///   - index: the number of the field.
  ///   - field: the field as the source gives it, which then is not read again.
  /// - Throws: ``RunError/invalid(_:)`` where a value has no noise that is a number of 0 or more.
  package func callAsFunction(_ index: Int, of field: Signal) throws -> [Float] {
    try checked(levels(index, field), index, isValid: field.isValid)
  }

  /// The same for those who do not have the field; where the noise has a law, it is read.
  ///
  /// - Parameters:
  ///   - index: the number of the field.
  ///   - isValid: which of its entries have a value (V·C).
  /// - Throws: ``RunError/invalid(_:)`` where a value has no noise that is a number of 0 or more.
  package func callAsFunction(_ index: Int, isValid: [Bool]) throws -> [Float] {
    try checked(levels(index, nil), index, isValid: isValid)
  }

  private func checked(_ result: [Float], _ index: Int, isValid: [Bool]) throws -> [Float] {
    if let bad = result.indices.first(where: { isValid[$0] && !(result[$0].isFinite && result[$0] >= 0) }) {
      let count = result.indices.count { isValid[$0] && !(result[$0].isFinite && result[$0] >= 0) }
      let name = variables[bad % variables.count].name
      throw RunError.invalid(
        "\(names(index)): the noise of \(count) value\(count == 1 ? "" : "s") is missing or negative (measured.noise: \(specification)), the first of them '\(name)' at vertex \(bad / variables.count + 1). Every measured value needs one: fill the gaps of the noise variable, mark these values as missing, or give one number, such as \(name)=0.3."
      )
    }
    return result
  }

  /// Throws ``RunError/invalid(_:)`` where values count as exact although two fields of one time differ at the same entry.
  package func checkRepetitions(in source: any SignalSource, indices: [Int]) throws {
    var seen: [String: Int] = [:]
    for index in indices {
      let label = source.labels[index]
      guard let time = label.time else { continue }
      let key = ([time] + label.coordinates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: "\n")
      guard let first = seen[key] else {
        seen[key] = index
        continue
      }
      let fields = try source.read([first, index])
      let size = fields.isValid.count / 2
      let noise = try [first, index].enumerated().map { row, index in try self(index, of: fields[row]) }
      let differing = fields.values.withUnsafeScalars { values in
        (0..<size).first {
          fields.isValid[$0] && fields.isValid[size + $0] && noise[0][$0] == 0 && noise[1][$0] == 0
            && values[$0] != values[size + $0]
        }
      }
      guard let differing else { continue }
      let variable = variables[differing % variables.count]
      throw RunError.invalid(
        "\(names(index)): the noise of '\(variable.name)' is 0 (measured.noise: \(specification)), but its value at vertex \(differing / variables.count + 1) differs from that of \(names(first)), which has the same time \(time). Exact values cannot differ: state the noise, such as \(variable.name)=0.3, or use auto."
      )
    }
  }

  /// The difference of two values, as a share of them, that rounding explains.
  private static let rounding: Float = 1e-5

  /// Throws ``RunError/invalid(_:)`` where values count as exact although they differ and lie at one place of one field, such as
  /// those of a row of a grid at a pole.
  package func checkSharedPlaces(in source: any SignalSource, indices: [Int]) throws {
    let (nodes, channels) = (source.domain.nodeOfVertex.map(Int.init), variables.count)
    let shared = Dictionary(grouping: nodes.indices) { nodes[$0] }.values.filter { $0.count > 1 }
      .sorted { $0[0] < $1[0] }
    guard !shared.isEmpty else { return }
    for index in indices {
      let field = try source.read([index])[0]
      let (values, isValid) = (field.values.scalars, field.isValid)
      let noise = try self(index, of: field)
      for vertices in shared {
        for channel in 0..<channels {
          let entries = vertices.map { $0 * channels + channel }.filter { isValid[$0] && noise[$0] == 0 }
          guard let first = entries.first else { continue }
          guard
            let other = entries.first(where: {
              abs(values[$0] - values[first]) > Self.rounding * max(abs(values[$0]), abs(values[first]))
            })
          else { continue }
          let variable = variables[channel]
          let units = variable.unitsAfterNumber
          throw RunError.invalid(
            "\(names(index)): the noise of '\(variable.name)' is 0 (measured.noise: \(specification)), but its values at vertices \(first / channels + 1) and \(other / channels + 1), which are one place, are \(values[first])\(units) and \(values[other])\(units). Exact values cannot differ: state the noise, such as \(variable.name)=0.3, or use auto."
          )
        }
      }
    }
  }
}
