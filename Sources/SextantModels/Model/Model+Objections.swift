// What speaks against answering a field with a model: a season, an hour or a level that the archive lacks, or another
// kind of statistic. Whatever fills fields by what a model learned asks here first.

import Foundation
import SextantPriors
import SextantSignals
import SextantSolvers

extension Model {
  /// What a person must know before the fields of a document are answered by what this model learned.
  ///
  /// - Parameters:
  ///   - fields: the fields to be answered.
  ///   - extrapolates: whether fields of another season or level than the archive's are accepted; what would be refused
  ///     is then a warning.
  ///   - method: the method that answers; nil for one whose spread follows the prior.
  /// - Returns: remarks, each once. There are none for a model without an archive, and for a method that uses none.
  /// - Throws: `RunError.invalid(_:)` that names the first field that the archive does not cover, and their
  ///   number.
  public func objections(
    to fields: any SignalDocument, extrapolates: Bool = false, method: Method? = nil
  ) throws -> [Remark] {
    if let method, !method.learnsFromArchive { return [] }
    var accepted: [(remark: Remark, count: Int)] = []
    var refused: (first: String, count: Int)?
    for label in fields.labels {
      for var objection in objections(to: label) {
        // A spread that cannot say how little is known is worse than no answer.
        let isHopeless = objection.isOfMean && method.map { $0.traits.drawsSamples && !$0.traits.followsPrior } ?? false
        if objection.isRefusal, !extrapolates || isHopeless {
          objection.remark.text += objection.isOfMean ? Self.wayOut(by: method) : ""
          refused = (refused?.first ?? objection.remark.text, (refused?.count ?? 0) + 1)
          continue
        }
        if objection.isOfMean { objection.remark.text += Self.consequence(for: method) }
        // Fields of one kind are said once, by the first of them.
        let known = accepted.firstIndex { objection.isOfMean ? $0.remark.topic == objection.remark.topic : $0.remark == objection.remark }
        if let known { accepted[known].count += 1 } else { accepted.append((objection.remark, 1)) }
      }
    }
    if let refused { throw RunError.invalid("\(fields.path): \(refused.first)\(Self.others(refused.count, of: fields.count))") }
    return accepted.map { remark, count in
      var remark = remark
      if remark.kind == .warning, ["season", "hour", "level"].contains(remark.topic) { remark.text += Self.others(count, of: fields.count) }
      return remark
    } + objections(to: fields.variables)
  }

  private static func others(_ count: Int, of total: Int) -> String {
    count > 1 ? " The same holds for \(count - 1) more of \(total) fields." : ""
  }

  /// How an answer is to be had all the same.
  private static func wayOut(by method: Method?) -> String {
    guard let method, !method.traits.followsPrior else {
      return " Or give --extrapolate: the mean of such fields then counts as unknown."
    }
    guard method.traits.drawsSamples else {
      return " Or give --extrapolate for an answer all the same, of which '\(method.name)' cannot say how far it is off."
    }
    return " Or give --extrapolate with --method two-scale, whose spread then shows that the mean is unknown; that of '\(method.name)' cannot."
  }

  /// What a season, an hour or a level that the archive lacks means for the answer of a method.
  private static func consequence(for method: Method?) -> String {
    guard let method else { return "" }
    if method.traits.followsPrior { return " Its mean counts as unknown, so that its spread is wider." }
    return method.traits.drawsSamples
      ? " The spread of '\(method.name)' does not include the difference; that of two-scale does."
      : " '\(method.name)' gives no spread that would show the difference."
  }

  /// How little is known of the mean of a field: 0 for a season, an hour and a level of which the archive has fields, up to 1 for
  /// the season opposite to them, and 3 for another level: temperature changes by more over half of the troposphere than from
  /// the equator to the poles.
  public func unknownClimatologyShare(for label: FieldLabel) -> Double {
    guard gaussian != nil, let support = provenance.support else { return 0 }
    func share(_ distance: Int?, of period: Double) -> Double { sin(.pi * Double(distance ?? 0) / period) }
    var unknown = 0.0
    if support.knowsSeasons, let month = ArchiveSupport.month(of: label) {
      unknown = share(support.distance(toMonth: month), of: 12)
    }
    // A day changes a field less than a year does.
    if let hour = ArchiveSupport.hour(of: label), let distance = support.distance(toHour: hour), distance > 3 {
      unknown = max(unknown, 0.5 * share(distance, of: 24))
    }
    if levelObjection(to: label, called: "", support: support)?.isOfMean == true { unknown = max(unknown, Self.otherLevel) }
    return unknown
  }

  /// What is not known of the mean at another level, as a share of the climatology's variation over the domain.
  private static let otherLevel = 3.0

  /// The same model about a mean that is not known.
  ///
  /// - Parameter share: how little is known of it; see ``unknownClimatologyShare(for:)``.
  public func widened(by share: Double) throws -> Model {
    guard share > 0, let gaussian else { return self }
    let prior = try gaussian.prior.withUnknownClimatology(share: share, on: space.domain)
    return try with(
      gaussian: LearnedGaussian(prior, parameters: gaussian.parameters, membership: gaussian.membership))
  }

  /// Throws `RunError.invalid(_:)` where a field of this label must not be drawn or answered.
  public func requireCovered(_ label: FieldLabel) throws {
    if let objection = objections(to: label).first(where: \.isRefusal) { throw RunError.invalid(objection.remark.text) }
  }

  /// Something that speaks against an answer.
  public struct Objection: Sendable, Equatable {
    /// What it is, and what to do.
    public var remark: Remark
    /// Whether the archive lacks the season, the hour or the level, so that the mean of the field is not known.
    public var isOfMean = false
    /// Whether the field must not be answered unless a person accepts it.
    public let isRefusal: Bool
  }

  /// What speaks against answering a field of this label.
  public func objections(to label: FieldLabel) -> [Objection] {
    guard let gaussian, let support = provenance.support else { return [] }
    let kind = gaussian.prior.space.climatology.kind.season
    let name = label.time.map { "the field of \($0)" } ?? "a field"
    return [
      seasonObjection(to: label, called: name, support: support, kind: kind),
      hourObjection(to: label, called: name, support: support), levelObjection(to: label, called: name, support: support),
    ].compactMap(\.self)
  }

  private func seasonObjection(
    to label: FieldLabel, called name: String, support: ArchiveSupport, kind: ClimatologyKind
  ) -> Objection? {
    guard support.knowsSeasons, support.months.count < 12 || kind != .constant else { return nil }
    guard let month = ArchiveSupport.month(of: label) else {
      guard kind != .constant else { return nil }
      return Objection(
        remark: Remark(
          .warning, "season-unknown",
          "A field has no time, so it is taken for a mean over the year. Give the file a time coordinate."),
        isRefusal: false)
    }
    guard let distance = support.distance(toMonth: month), distance > 0 else { return nil }
    let what =
      "\(name) is of \(ArchiveSupport.name(ofMonth: month)), and the archive of the model '\(provenance.name)' has fields of \(support.season) alone."
    // Next to the archive's months the climatology is interpolated, but a mean of each month knows no neighbours.
    if distance == 1, kind != .monthly {
      return Objection(
        remark: Remark(.warning, "season", "\(Self.sentence(what)) Its climatology is that of the neighbouring months."),
        isOfMean: true, isRefusal: false)
    }
    return Objection(
      remark: Remark(
        .warning, "season",
        "\(Self.sentence(what)) Nothing was learned of that season. Train with fields of it, give a file of anomalies with --anomalies, or use a method without a model, such as --method kriging."),
      isOfMean: true, isRefusal: true)
  }

  private func hourObjection(to label: FieldLabel, called name: String, support: ArchiveSupport) -> Objection? {
    guard let hour = ArchiveSupport.hour(of: label), let distance = support.distance(toHour: hour), distance > 3 else {
      return nil
    }
    let hours = support.hours.map(String.init).joined(separator: ", ")
    return Objection(
      remark: Remark(
        .warning, "hour",
        "The file has fields of \(hour) h, and the archive of the model '\(provenance.name)' has fields of \(hours) h alone. Train with fields of those hours."),
      isOfMean: true, isRefusal: false)
  }

  private func levelObjection(to label: FieldLabel, called name: String, support: ArchiveSupport) -> Objection? {
    guard !support.levels.isEmpty else { return nil }
    let known = support.levels.joined(separator: ", ")
    guard let level = label.level else {
      return Objection(
        remark: Remark(
          .assumption, "level", "The file does not say its level, which is taken for that of the archive (\(known))."),
        isRefusal: false)
    }
    // Either of the two may leave out the units.
    let isKnown = support.levels.contains {
      CoordinateText.matches($0, level.text) || CoordinateText.matches(level.text, $0)
    }
    if isKnown { return nil }
    let what =
      "\(name) is at \(level.name) = \(level.text), and the archive of the model '\(provenance.name)' has fields at \(known) alone."
    // Screen heights differ by less than a metre from one weather service to another.
    if support.levels.contains(where: { ArchiveSupport.areNearHeights($0, level.text) }) {
      return Objection(remark: Remark(.warning, "level", Self.sentence(what)), isRefusal: false)
    }
    return Objection(
      remark: Remark(
        .warning, "level",
        "\(Self.sentence(what)) Select fields of that level with --select, or train a model of this one."),
      isOfMean: true, isRefusal: true)
  }

  /// What speaks against answering variables: a model of means is not one of maxima.
  private func objections(to variables: [Variable]) -> [Remark] {
    guard gaussian != nil else { return [] }
    return zip(variables, space.variables).compactMap { found, learned in
      guard let own = Self.statistic(learned), let other = Self.statistic(found), own != other else { return nil }
      return Remark(
        .warning, "statistic",
        "'\(found.name)' is a \(other) over time by its cell_methods, and the model '\(provenance.name)' learned from a \(own). Use a model of the same kind of statistic.")
    }
  }

  /// The word of a variable's cell_methods for the time, such as "mean" or "maximum".
  private static func statistic(_ variable: Variable) -> String? {
    let words = (variable.cellMethods ?? "").split(separator: " ")
    guard let place = words.firstIndex(of: "time:"), words.indices.contains(place + 1) else { return nil }
    return String(words[place + 1])
  }

  private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
