// A film strip: some steps of a series side by side, and below each other truth, observation, mean, spread and two members.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantReport
import SextantSignals
import SextantSolvers

/// Steps of a series, to be drawn.
struct FilmStrip {
  /// The number of steps that are drawn.
  static let stepCount = 5

  private var steps: [ComparedField] = []
  /// Every how many steps one is kept.
  private let interval: Int

  /// - Parameter count: the number of steps of the series; the strip shows neighbouring ones from its first half day.
  init(stepsOf count: Int) { interval = max(1, min(3, count / Self.stepCount)) }

  /// Keeps a step if the strip shows it.
  mutating func add(_ field: ComparedField, number: Int) {
    guard steps.first.map({ $0.mask == field.mask }) ?? true else { return }
    if number % interval == 0, steps.count < Self.stepCount { steps.append(field) }
  }

  /// Draws a strip for each method with an ensemble, of the first variable; the files written. A domain without
  /// latitudes and longitudes has none.
  func draw(folder: String, overwrite: Bool, land: [Bool]?) throws -> [String] {
    guard let first = steps.first, first.truth.domain.geography != nil else { return [] }
    let (channels, variable) = (first.truth.variables.count, first.truth.variables[0])
    func slice<T>(_ array: [T]) -> [T] { stride(from: 0, to: array.count, by: channels).map { array[$0] } }
    var written: [String] = []
    for (place, answer) in first.answers.enumerated() {
      let posteriors = steps.map { $0.answers[place].posterior }
      guard posteriors.allSatisfy({ $0.spread != nil && ($0.samples?.rowCount ?? 0) > 1 }) else { continue }
      var panels: [MapPanels.Panel] = []
      func row(_ title: String, role: MapPanels.Role = .value, _ values: (Int) -> ([Float], [Bool])) {
        for index in steps.indices {
          let (shown, isValid) = values(index)
          let time = steps[index].truth.label.time.map { String($0.suffix(14).prefix(11)) } ?? "\(index + 1)"
          panels.append(MapPanels.Panel("\(title) \(time)", role: role, values: shown, isValid: isValid))
        }
      }
      func valid(_ index: Int) -> [Bool] { slice(steps[index].truth.isValid) }
      row("truth") { (slice(steps[$0].truth.values.scalars), valid($0)) }
      if steps.allSatisfy({ $0.measured.values.count == $0.truth.isValid.count }) {
        row("observed") { (slice(steps[$0].measured.values), slice(steps[$0].measured.isMeasured)) }
      }
      row("mean") { (slice(posteriors[$0].mean), valid($0)) }
      row("spread", role: .spread) { (slice(posteriors[$0].spread ?? []), valid($0)) }
      for member in 0..<2 {
        row("member \(member + 1)") { (slice(posteriors[$0].samples?.row(member).scalars ?? []), valid($0)) }
      }
      let path = folder + "/film-\(variable.name)-\(answer.method.name).png"
      try MapPanels(
        domain: first.truth.domain, panels: panels,
        title: "\(variable.longName ?? variable.name), \(answer.method.title)", subtitle: first.mask.description,
        units: variable.units, columns: steps.count, shoreline: land.map { .mask($0) } ?? .installed
      ).write(to: path, width: 1500, overwrite: overwrite)
      written.append(path)
    }
    return written
  }
}
