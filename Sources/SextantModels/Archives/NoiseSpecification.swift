// Noise levels as users give them for a file: one for all variables, or one for each by name.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import Synchronization

/// The noise of the variables of a file: "0.5K", "5%", or "tas=5K,clt=0.05".
public struct NoiseSpecification: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The level of each variable by name; that of all others under "".
  private var levels: [String: NoiseLevel]
  /// The text of levels that were typed as a share such as 5/255, for messages.
  private var shares: [String: String] = [:]

  /// The same level for every variable.
  public init(_ level: NoiseLevel) { levels = ["": level] }

  /// The noise that a file gives for each of some variables, as `<name>_noise`.
  package init(besideVariables variables: [Variable]) {
    levels = Dictionary(
      variables.map { ($0.name, .variable(NoiseNaming.noise(of: $0.name))) }, uniquingKeysWith: { first, _ in first })
  }

  /// Reads one level, or NAME=LEVEL pairs by commas.
  ///
  /// Throws `MeasurementError` for a level that cannot be read.
  public init(text: String) throws {
    guard text.contains("=") else {
      levels = ["": try NoiseLevel(text)]
      keep(share: text, of: "")
      return
    }
    levels = [:]
    for pair in text.split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2 else {
        throw RunError.invalid("'\(text)' is no noise: expected a level such as 0.5K, or NAME=LEVEL pairs by commas.")
      }
      levels[parts[0]] = try NoiseLevel(parts[1])
      keep(share: parts[1], of: parts[0])
    }
  }

  private mutating func keep(share text: String, of name: String) {
    guard case .percent = levels[name], text.contains("/") else { return }
    shares[name] = text.filter { !$0.isWhitespace }
  }

  /// The variables among `variables` whose noise is to be estimated.
  package func automatic(among variables: [Variable]) -> [Variable] {
    variables.filter { (levels[$0.name] ?? levels[""]) == .automatic }
  }

  /// Whether the noise of a variable is to be estimated.
  package var isAutomatic: Bool { levels.values.contains(.automatic) }

  /// Whether all values are exact.
  package var isZero: Bool {
    levels.values.allSatisfy { if case .constant(0, _) = $0 { true } else { false } }
  }

  /// Whether the noise of every variable is a number in its units.
  package var isOfNumbers: Bool {
    levels.values.allSatisfy { if case .constant = $0 { true } else { false } }
  }

  /// The law of a variable whose noise has one, by which it depends on the clean values; nil where none has.
  package var firstLaw: NoiseLaw? { statedLaws.first }

  /// Why values of a variable cannot be split into two measurements; nil where those of all can be.
  package var splitObjection: NoiseLaw.SplitObjection? { statedLaws.compactMap(\.splitObjection).first }

  /// The laws of the variables, in the order of their names.
  private var statedLaws: [NoiseLaw] {
    levels.sorted { $0.key < $1.key }.compactMap { if case .law(let law) = $0.value { law } else { nil } }
  }

  /// States what is to be estimated.
  ///
  /// - Parameter known: the standard deviations of variables by name, in their units.
  package mutating func settle(_ known: [String: Double]) {
    for (name, level) in known where (levels[name] ?? levels[""]) == .automatic { levels[name] = .constant(level, units: "") }
  }

  /// The law of the noise of each variable (C), in its own units; nil where the noise has a stated size.
  ///
  /// Throws ``RunError`` where variables of different units share one that has units.
  package func laws(among variables: [Variable]) throws -> [NoiseLaw?] {
    if case .law(let law)? = levels[""], law.hasUnits, Set(variables.filter { levels[$0.name] == nil }.map(\.units)).count > 1 {
      throw RunError.invalid(
        "noise \(law): one gain cannot be that of variables in different units (\(variables.map { "\($0.name) in '\($0.units)'" }.joined(separator: ", "))). Give each its own: --noise NAME=poisson:GAIN,…")
    }
    return variables.map { variable in
      if case .law(let law)? = levels[variable.name] ?? levels[""] { law } else { nil }
    }
  }

  /// The same where noise that has a law is that of no signal at all: of use to whoever takes the laws themselves from
  /// ``laws(among:)``.
  package func inTheDark(among variables: [Variable]) throws -> NoiseSpecification {
    var result = self
    for (variable, law) in zip(variables, try laws(among: variables)) {
      if let law { result.levels[variable.name] = .constant(law.darkDeviation, units: "") }
    }
    return result
  }

  /// The same with the level of one variable replaced.
  package func with(_ level: NoiseLevel, for name: String) -> NoiseSpecification {
    var result = self
    result.levels[name] = level
    result.shares[name] = nil
    return result
  }

  /// Whether the noise of one of the variables is a percentage.
  package func hasPercentages(among variables: [Variable]) -> Bool {
    variables.contains { if case .percent = levels[$0.name] ?? levels[""] { true } else { false } }
  }

  /// Throws ``RunError/invalid(_:)`` where the noise of a variable is given that does not exist.
  ///
  /// - Parameters:
  ///   - variables: those that there are.
  ///   - setting: the name of the setting.
  package func checkNames(among variables: [Variable], setting: String) throws {
    let known = variables.map(\.name)
    guard let name = levels.keys.filter({ !$0.isEmpty && !known.contains($0) }).sorted().first else { return }
    throw RunError.invalid(
      "\(setting): \(description): there is no variable '\(name)'. The variables are \(known.joined(separator: ", ")).")
  }

  /// The percentage that the noise of a variable is of its scale, as a number; nil where it is none.
  fileprivate func percentage(of variable: Variable) -> Double? {
    if case .percent(let number)? = levels[variable.name] ?? levels[""] { number } else { nil }
  }

  /// Throws ``RunError`` where one number without units is to serve variables of different units.
  private func checkUnits(of variables: [Variable]) throws {
    guard case .constant(let number, let units)? = levels[""], units.isEmpty, number > 0 else { return }
    let served = variables.filter { levels[$0.name] == nil }
    guard Set(served.map(\.units)).count > 1 else { return }
    let found = served.map { "\($0.name) is in \($0.units.isEmpty ? "units that the file does not name" : $0.units)" }
    throw RunError.invalid(
      "noise \(number.formatted()): one number cannot be the noise of variables in different units (\(found.joined(separator: ", "))). Give each its own: --noise \(served.map { "\($0.name)=LEVEL" }.joined(separator: ","))."
    )
  }

  public var description: String {
    levels.sorted { $0.key < $1.key }.map { name, level in
      let text = shares[name] ?? "\(level)"
      return name.isEmpty ? text : "\(name)=\(text)"
    }.joined(separator: ",")
  }

  public init(from decoder: any Decoder) throws {
    try self.init(text: try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// The standard deviation of every entry where scales are known by the variables' names.
  public func deviations(vertexCount: Int, variables: [Variable], peaks: [String: Double]) throws -> [Float] {
    try deviations(vertexCount: vertexCount, variables: variables, peaks: variables.map { peaks[$0.name] })
  }

  /// The standard deviation of every entry (V·C, channel fastest), in the variables' units.
  ///
  /// - Parameters:
  ///   - vertexCount: V, the number of vertices.
  ///   - variables: the variables (C), with the units that the answer is in.
  ///   - peaks: the scale of each variable (C), which "5%" is a share of; nil where it is not known.
  ///   - read: gives the values of a named variable of the file (V), for "variable:NAME".
  public func deviations(
    vertexCount: Int, variables: [Variable], peaks: [Double?]? = nil, read: ((String) throws -> [Float])? = nil
  ) throws -> [Float] {
    try checkUnits(of: variables)
    var result = [Float](repeating: 0, count: vertexCount * variables.count)
    for (channel, variable) in variables.enumerated() {
      guard let level = levels[variable.name] ?? levels[""] else {
        try checkNames(among: variables, setting: "The noise")
        throw RunError.invalid(
          "The noise of '\(variable.name)' is not given: expected \(variable.name)=LEVEL beside \(description).")
      }
      let own = try level.standardDeviations(
        vertexCount: vertexCount, variables: [variable], peaks: peaks.flatMap { $0[channel] }.map { [$0] },
        conversionFactor: { from, to in
          do { return abs(try Units.line(from: from, to: to, of: variable).factor) } catch {
            throw RunError.invalid(
              "noise \(level): '\(from)' cannot be the units of the noise of '\(variable.name)', which is in '\(to)'. Give the noise in those units, or each variable its own: --noise \(variable.name)=LEVEL,…"
            )
          }
        }, read: read)
      for vertex in 0..<vertexCount { result[vertex * variables.count + channel] = own[vertex] }
    }
    return result
  }
}

/// The noise of every entry of each field of a document (V·C, channel fastest), in its variables' units.
package struct NoiseLevels: Sendable {
  private let levels: @Sendable (_ index: Int) throws -> [Float]
  /// The law of the noise of each variable (C), in its own units; nil where the noise has a stated size. The levels of noise with a law are
  /// those without a signal.
  package let laws: [NoiseLaw?]
  /// What percentages refer to.
  package let remarks: [Remark]

  /// - Parameter specification: The noise; nil for the document's own values `<name>_noise`.
  /// - Throws: ``RunError/noiseUnknown(path:variable:)`` where there are no such values, and what is wrong with those that there are.
  package init(_ specification: NoiseSpecification?, of document: any SignalDocument) throws {
    let companions = CompanionTable(document)
    if specification == nil {
      for variable in document.variables
      where try companions.find(NoiseNaming.noise(of: variable.name)) == nil {
        throw RunError.noiseUnknown(path: document.path, variable: variable.name)
      }
    }
    let (variables, vertexCount) = (document.variables, document.domain.vertexCount)
    let stated = specification ?? NoiseSpecification(besideVariables: variables)
    let laws = try stated.laws(among: variables)
    let specification = try stated.inTheDark(among: variables)
    self.laws = laws
    // A percentage is of the full scale of an image and, in any other file, of the standard deviation of its own values: the only
    // scale that it has.
    let fullScale = document.fullScale
    let scales =
      specification.hasPercentages(among: variables)
      ? try fullScale.map { scale in variables.map { _ in scale } } ?? Self.standardDeviations(of: document) : nil
    var remarks = scales.map { scales in
      zip(variables, scales).compactMap { variable, scale -> Remark? in
        guard let percentage = specification.percentage(of: variable) else { return nil }
        func text(_ number: Double) -> String {
          [String(format: "%.4g", number), variable.units].filter { !$0.isEmpty }.joined(separator: " ")
        }
        let whole =
          fullScale.map { "\($0.formatted()), the largest number of the pixels' type" }
          ?? "the standard deviation of the file's values, \(text(Double(scale)))"
        return Remark(
          .assumption, "noise-percentage",
          "The noise of \(variable.name) is \(text(percentage / 100 * Double(scale))), \(String(format: "%.3g", percentage)) % of \(whole).")
      }
    } ?? []
    let levels: @Sendable (Int) throws -> [Float] = { index in
      try specification.deviations(vertexCount: vertexCount, variables: variables, peaks: scales) {
        try companions.values($0, at: index)
      }
    }
    // The levels of the first field are made at once: what is wrong with them is found before long work.
    let first = try levels(0)
    for (channel, variable) in variables.enumerated() where laws[channel] == nil {
      guard let own = try? companions.values(NoiseNaming.noise(of: variable.name), at: 0), !own.isEmpty else { continue }
      let known = own.filter { $0.isFinite }.map(Double.init)
      let mean = known.reduce(0, +) / Double(max(1, known.count))
      let given = stride(from: channel, to: first.count, by: variables.count).map { Double(first[$0]) }.filter(\.isFinite)
      let stated = given.reduce(0, +) / Double(max(1, given.count))
      guard mean > 0, stated < 0.8 * mean || stated > 1.25 * mean else { continue }
      remarks.append(
        Remark(
          .warning, "noise-differs",
          "The noise of \(variable.name) was given as \(Float(stated).formatted())\(variable.unitsAfterNumber), but the file says \(Float(mean).formatted()) in '\(NoiseNaming.noise(of: variable.name))'. Leave --noise out to use the file's.",
          variable: variable.name))
    }
    self.remarks = remarks
    let areConstant = companions.areConstant
    self.levels = { index in areConstant ? first : try levels(index) }
  }

  /// The standard deviation of the values of each variable (C), over at most eight fields.
  private static func standardDeviations(of document: any SignalDocument) throws -> [Double] {
    let channels = document.variables.count
    var moments = [Moments](repeating: Moments(), count: channels)
    let indices = Set((0..<8).map { $0 * document.labels.count / 8 }).sorted()
    for index in indices where index < document.labels.count {
      let field = try document.read([index])[0]
      field.values.withUnsafeScalars { values in
        for entry in field.isValid.indices where field.isValid[entry] {
          moments[entry % channels].add(Double(values[entry]))
        }
      }
    }
    return moments.map(\.standardDeviation)
  }

  /// The noise of field `index`.
  package func callAsFunction(_ index: Int) throws -> [Float] { try levels(index) }

  /// The noise of field `index` where its entries (V·C) have the given values: noise that has a law depends on them.
  package func callAsFunction(_ index: Int, at values: [Float]) throws -> [Float] {
    deviations(try levels(index), at: values)
  }

  /// Levels (V·C) where those of noise that has a law are those at the given values.
  package func deviations(_ levels: [Float], at values: [Float]) -> [Float] {
    guard laws.contains(where: { $0 != nil }) else { return levels }
    return zip(levels, values).enumerated().map { entry, pair in
      laws[entry % laws.count].map { pair.1.isFinite ? Float($0.deviation(at: Double(pair.1))) : pair.0 } ?? pair.0
    }
  }
}

/// The numbers beside the fields of a document that were asked for, each opened once.
private final class CompanionTable: Sendable {
  private let document: any SignalDocument
  private let known = Mutex<[String: FieldCompanion?]>([:])

  init(_ document: any SignalDocument) { self.document = document }

  /// Whether all that were asked for are the same for all fields.
  var areConstant: Bool { known.withLock { $0.values.allSatisfy { $0?.isConstant ?? true } } }

  func find(_ name: String) throws -> FieldCompanion? {
    if let found = known.withLock({ $0[name] }) { return found }
    let found = try document.companion(name)
    known.withLock { $0[name] = found }
    return found
  }

  func values(_ name: String, at index: Int) throws -> [Float] {
    try (find(name) ?? document.requiredCompanion(name)).values(index)
  }
}
