// Scores of files that any program filled, against the truth: so that other tools can be in the same table. What `sextant score`
// runs, for every format. Quantities are compared and not numbers: in the truth's units, field by field of the same
// time and coordinates. What cannot be compared is refused or counted.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantGeometry
import SextantModels
import SextantSignals
import SextantSolvers

/// Files to be scored against a clean one.
public struct Scoring: Sendable {
  /// The clean file.
  public var truth: SignalInput
  /// The file with gaps that was filled: it tells observed from missing. nil: all counts as missing.
  public var observed: String?
  /// The scale of PSNR and SSIM, in the variables' units: its size and where it starts; nil for that of the pixels' type in an image,
  /// and leaves both out in any other file.
  public var scale: (peak: Double, origin: Double)?
  /// Whether answers are clipped to that scale before they are compared.
  public var clips = false
  /// The networks by which images are compared, too.
  public var perception = PerceptualScoring()

  public init(truth: SignalInput, observed: String? = nil, scale: (peak: Double, origin: Double)? = nil) {
    self.truth = truth
    self.observed = observed
    self.scale = scale
  }

  /// The scores of each filled file, under its own path as the method's name.
  ///
  /// A file with an ensemble, as `sextant impute` writes it, is scored with its ensemble. Of the truth's variables,
  /// those that a file has are compared, unless ``truth`` names some. Entries and fields that a file leaves missing are
  /// left out of its scores and counted. Where the truth is at places and a file on a grid, the grid is interpolated to
  /// the places.
  ///
  /// - Parameters:
  ///   - filled: The paths of the files.
  ///   - catalogue: The formats that are known.
  /// - Throws: `RunError.invalid(_:)` where domains, units or fields do not correspond or nothing is left to compare,
  ///   and what reading and scoring throw.
  public func run(_ filled: [String], catalogue: Catalogue = .standard) throws -> ScoredFiles {
    let clean = try truth.open(formats: catalogue.formats)
    var result = ScoredFiles()
    result.hasEqualAreas = clean.domain.hasEqualAreas
    let judge = try perception.isEmpty ? nil : PerceptualJudge(perception)
    for path in filled { try score(path, against: clean, by: judge, formats: catalogue.formats, into: &result) }
    if let judge {
      result.remarks += judge.remarks
    } else if clean.fullScale != nil {
      result.remarks.append(
        Remark(
          .note, "no-weights", "LPIPS and the FID are not shown: they need weights, which are not a part of Sextant (--lpips, --fid)."))
    }
    return result
  }

  private func score(
    _ path: String, against whole: any SignalDocument, by judge: PerceptualJudge?, formats: [any SignalFormat],
    into result: inout ScoredFiles
  ) throws {
    let all = whole.variables.map(\.name)
    let names = try commonNames(path, whole, formats: formats)
    var own = truth
    own.variables = names
    let clean = names == all ? whole : try own.open(formats: formats)
    let answers = try open(path, names, like: clean, content: .estimates, formats: formats)
    result.remarks += (answers as? InterpolatedDocument).map { [$0.remark(truth: truth.path)] } ?? []
    let (conversion, assumptions) = try units(of: answers, like: clean)
    result.remarks += assumptions
    let matching = try FieldMatching(clean.labels, of: truth.path, with: answers.labels, of: path)
    if matching.keys.isEmpty, clean.labels.contains(where: { $0.summary != nil }) {
      result.remarks.append(
        Remark(
          .assumption, "matched-by-order",
          "\(path): its fields have no coordinate in common with those of \(truth.path), so that they were compared in their order."))
    }
    let gaps = try observed.map { try Gaps($0, for: clean, truth: truth, formats: formats) }
    let scale = try usedScale(clean, path: path, remarks: &result.remarks)
    let scorer = Scorer(on: clean.domain, variables: scored(clean, scale), channelCount: clean.variables.count)
    let clip: ClosedRange<Float>? = clips ? scale.map { Float($0.origin)...Float($0.origin + $0.peak) } : nil
    let circles = Circles(clean.variables)
    result.remarks += circles.remarks(on: clean.variables).filter { !result.remarks.contains($0) }
    var file = ScoredFile(
      path: path, variables: names.map { ScoredFile.Variable(name: $0) },
      absentVariables: all.filter { !names.contains($0) }, matchedBy: matching.keys)
    var tally = PerceptualJudge.Tally()
    file.otherFieldCount = answers.count - matching.places.count { $0 != nil }
    for (index, place) in matching.places.enumerated() {
      let field = try clean.read([index])[0]
      let answer = try place.map { try answers.read([$0])[0] }
      let isCompared = zip(field.isValid.indices, field.isValid).map { $1 && answer?.isValid[$0] ?? false }
      let compared = file.count(field.isValid, isCompared)
      guard let place, let answer else {
        file.absentFields.append(field.label.summary ?? "field \(index + 1)")
        continue
      }
      file.fieldCount += 1
      guard !compared.isEmpty else { continue }
      let mean = circles.near(field.values.scalars, conversion.toModel(answer.values.scalars)).clipped(to: clip)
      if let judge {
        guard let scale else { throw RunError.invalid("--lpips, --fid: give the scale of the images: --peak, and --origin where it does not start at 0.") }
        func share(_ values: [Float]) -> [Float] { values.map { ($0 - Float(scale.origin)) / Float(scale.peak) } }
        guard !isCompared.contains(false) else {
          throw RunError.invalid("\(path): the networks of --lpips and --fid see whole images, and pixels are missing.")
        }
        try judge.compare(share(mean), with: share(field.values.scalars), on: clean, in: &tally)
      }
      let label = ScoreLabel(method: path, field: field.label.time ?? "field \(index)", group: observed ?? "")
      result.fields += try scorer.scoring(compared).scores(
        of: ScoredEstimate(
          mean: mean,
          samples: try answers.members(of: place).map {
            circles.near(field.values.scalars, conversion.toModel($0)).clipped(to: clip)
          }),
        against: ScoredTruth(
          values: field.values.scalars, isValid: isCompared,
          isObserved: try gaps?.isObserved(index) ?? [Bool](repeating: false, count: field.isValid.count)),
        label: label, breakingTiesWith: RandomStream(seed: 0))
    }
    guard file.variables.contains(where: { $0.comparedCount > 0 }) else {
      throw RunError.invalid(
        "\(path): there is nothing to compare: it has no value of \(names.joined(separator: ", ")) where \(truth.path) has one.")
    }
    result.files.append(file)
    if let judge {
      let (score, remarks) = try judge.score(tally, path: path)
      result.perception.append(score)
      result.remarks += remarks
    }
    result.remarks += file.remarks(truth: truth.path)
  }

  /// The scale of PSNR and SSIM, and what is to be said of it.
  private func usedScale(
    _ clean: any SignalDocument, path: String, remarks: inout [Remark]
  ) throws -> (peak: Double, origin: Double)? {
    let scale = scale ?? clean.fullScale.map { ($0, 0) }
    guard let scale else {
      let hint = Remark(
        .note, "no-peak",
        "PSNR and SSIM are not shown: the pixels of \(clean.path) are of a floating-point type, which has no largest number that is white. Give --peak, such as --peak 1 or --peak 255.")
      if clean.domain.isImage, !clips, !remarks.contains(hint) { remarks.append(hint) }
      if clips { throw RunError.invalid("--clip: give the scale to which answers are clipped: --peak, and --origin where it does not start at 0.") }
      return nil
    }
    guard clean.fullScale != nil || clips else { return scale }
    let range = "\(scale.origin.formatted()) to \((scale.origin + scale.peak).formatted())"
    let text =
      "The peak of PSNR and SSIM is \(scale.peak.formatted())\(self.scale == nil ? ", the largest number of the pixels' type" : ""). Answers were \(clips ? "clipped to \(range)" : "compared as they are, without clipping (--clip)")."
    let remark = Remark(.note, "peak", text)
    if !remarks.contains(remark) { remarks.append(remark) }
    return scale
  }

  /// The variables, each by itself, and of an image also its bands together.
  private func scored(_ clean: any SignalDocument, _ scale: (peak: Double, origin: Double)?) -> [ScoredVariable] {
    clean.variables.enumerated().map { channel, variable in
      ScoredVariable(
        name: variable.name, units: variable.units, channels: [channel], peak: scale?.peak, origin: scale?.origin ?? 0)
    }.withAllBands(of: clean.domain)
  }

  /// The variables of the truth that a file has; all of them where the truth's were named.
  private func commonNames(
    _ path: String, _ clean: any SignalDocument, formats: [any SignalFormat]
  ) throws -> [String] {
    let names = clean.variables.map(\.name)
    func has(_ some: [String]) throws -> (any Error)? {
      do {
        _ = try open(path, some, like: clean, content: .estimates, formats: formats)
        return nil
      } catch NetCDFError.absentVariable(let path, let name, let available, let nearest) {
        return NetCDFError.absentVariable(path: path, name: name, available: available, nearest: nearest)
      } catch SignalFormatError.absentVariable(let path, let name, let available) {
        return SignalFormatError.absentVariable(path: path, name: name, available: available)
      }
    }
    guard let absence = try has(names) else { return names }
    guard truth.variables == nil, names.count > 1 else { throw absence }
    let common = try names.filter { try has([$0]) == nil }
    guard !common.isEmpty else { throw absence }
    return common
  }

  /// The conversion of a file's values to the truth's units, and what it takes for granted.
  private func units(
    of answers: any SignalDocument, like clean: any SignalDocument
  ) throws -> (UnitConversion, [Remark]) {
    var remarks: [Remark] = []
    let variables = zip(answers.variables, clean.variables).map { own, wanted in
      guard own.units.isEmpty != wanted.units.isEmpty else { return own }
      remarks.append(
        Remark(
          .assumption, "units-unknown",
          "\(own.units.isEmpty ? answers.path : truth.path): no units are given for \(wanted.name); the values were taken to be in \(own.units.isEmpty ? wanted.units : own.units), as in the other file."))
      var same = own
      same.units = wanted.units
      return same
    }
    for (own, wanted) in zip(variables, clean.variables) {
      do {
        _ = try UnitConversion(file: [own], model: [wanted])
      } catch let error as UnitsError {
        throw RunError.invalid("\(answers.path): \(wanted.name) cannot be compared with that of \(truth.path). \(error)")
      }
    }
    return (try UnitConversion(file: variables, model: clean.variables), remarks)
  }

  private func open(
    _ path: String, _ names: [String], like clean: any SignalDocument, content: SignalRequest.Content,
    formats: [any SignalFormat]
  ) throws -> any SignalDocument {
    try truth.open(path, names, like: clean, content: content, formats: formats)
  }
}

/// Where a file says that fields were observed.
private struct Gaps {
  private let document: any SignalDocument
  private let matching: FieldMatching
  private let clean: any SignalDocument

  init(_ path: String, for clean: any SignalDocument, truth: SignalInput, formats: [any SignalFormat]) throws {
    document = try truth.open(
      path, clean.variables.map(\.name), like: clean, content: .fields, formats: formats)
    matching = try FieldMatching(clean.labels, of: truth.path, with: document.labels, of: path)
    self.clean = clean
  }

  /// The flags of the field that is field `index` of the truth (V·C).
  func isObserved(_ index: Int) throws -> [Bool] {
    guard let place = matching.places[index] else {
      throw RunError.invalid(
        "\(document.path): the field of \(clean.labels[index].summary ?? "number \(index + 1)") is not there, so that it is not known what was observed of it. Give the observations of all fields of the truth, or leave out --observed.")
    }
    return try document.read([place])[0].isValid
  }
}

extension SignalInput {
  /// Opens another file with the variables `names`, which must be on the domain of this input's document.
  fileprivate func open(
    _ other: String, _ names: [String], like clean: any SignalDocument, content: SignalRequest.Content,
    formats: [any SignalFormat]
  ) throws -> any SignalDocument {
    let document = try formats.open(
      SignalRequest(
        path: other, variables: names, select: select, settings: content == .fields ? settings : [:], content: content,
        expectedVariables: clean.variables.filter { names.contains($0.name) }, domain: clean.domain))
    if document.domain.fingerprint == clean.domain.fingerprint { return document }
    if let reordered = ReorderedDocument(document, on: clean.domain) { return reordered }
    if content == .estimates, clean.domain.isScattered, !document.domain.isScattered, document.domain.geography != nil {
      return try InterpolatedDocument(document, at: clean.domain)
    }
    throw RunError.invalid(
      "\(other): the fields are on \(document.domain.summaryWithArticle), and those of \(path) on \(clean.domain.summaryWithArticle)\(document.domain.difference(from: clean.domain)). Interpolate one of them to the grid of the other first.")
  }
}

extension InterpolatedDocument {
  /// What a person must know of the comparison with `truth`.
  fileprivate func remark(truth: String) -> Remark {
    let count = domain.vertexCount
    let outside =
      outsideCount == 0 ? "" : " \(outsideCount) of them lie outside of it and were not compared."
    return Remark(
      outsideCount == 0 ? .note : .warning, "interpolated",
      "\(path): its fields are on \(source.domain.summaryWithArticle) and were interpolated to the \(count) places of \(truth).\(outside)")
  }
}

extension ScoredFile {
  /// Counts the values of a field; the channels of which some are compared.
  ///
  /// - Parameters:
  ///   - isValid: Whether the truth has each value (V·C).
  ///   - isCompared: Whether the file has it too (V·C).
  fileprivate mutating func count(_ isValid: [Bool], _ isCompared: [Bool]) -> [Int] {
    variables.indices.filter { channel in
      let entries = stride(from: channel, to: isValid.count, by: variables.count)
      let (valid, compared) = (entries.count { isValid[$0] }, entries.count { isCompared[$0] })
      variables[channel].comparedCount += compared
      variables[channel].missingCount += valid - compared
      return compared > 0
    }
  }
}

extension [Float] {
  fileprivate func clipped(to range: ClosedRange<Float>?) -> [Float] {
    guard let range else { return self }
    return map { Swift.min(range.upperBound, Swift.max(range.lowerBound, $0)) }
  }
}

extension Tensor where Scalar == Float {
  fileprivate func clipped(to range: ClosedRange<Float>?) -> Tensor {
    range.map { Tensor(scalars.clipped(to: $0), shape: shape) } ?? self
  }
}

extension Scorer {
  /// The same scorer for the variables with the given numbers.
  fileprivate func scoring(_ numbers: [Int]) -> Scorer {
    guard numbers.count < channelCount else { return self }
    return Scorer(
      variables: variables.filter { $0.channels.allSatisfy(numbers.contains) }, channelCount: channelCount, areaWeights: areaWeights,
      latitudes: latitudes, raster: raster)
  }
}

/// Angles among variables, whose values are compared along the shorter arc.
private struct Circles {
  /// What each variable is (C).
  private let encodings: [ValueEncoding]

  init(_ variables: [Variable]) {
    encodings = variables.map { if case .angle(let period) = VariableNature($0) { .angle(period: period) } else { .number } }
  }

  func remarks(on variables: [Variable]) -> [Remark] {
    zip(variables, encodings).compactMap { variable, encoding in
      guard case .angle(let period) = encoding else { return nil }
      return Remark(
        .assumption, "angle",
        "\(variable.name) is an angle, of which \(String(format: "%.6g", period)) is the same as 0, so that differences are along the shorter arc.")
    }
  }

  /// The values by whole turns as near to the true ones as they can be (V·C).
  func near(_ truth: [Float], _ values: [Float]) -> [Float] { near(truth, Tensor(values, shape: [1, values.count])).scalars }

  /// The samples by whole turns as near to the true values as they can be (N×V·C).
  func near(_ truth: [Float], _ samples: Tensor<Float>) -> Tensor<Float> {
    guard encodings.contains(where: { $0 != .number }) else { return samples }
    var result = samples
    result.withUnsafeMutableScalars { values in
      for i in values.indices {
        let entry = i % truth.count
        let encoding = encodings[entry % encodings.count]
        guard encoding != .number else { continue }
        values[i] = truth[entry] + Float(encoding.difference(Double(values[i]), Double(truth[entry])))
      }
    }
    return result
  }
}

extension UnitConversion {
  /// A file's values (channel fastest) in the model's units.
  fileprivate func toModel(_ values: [Float]) -> [Float] {
    guard !isIdentity else { return values }
    return values.enumerated().map { toModel($1, channel: $0 % channelCount) }
  }

  /// A file's samples (N×V·C) in the model's units.
  fileprivate func toModel(_ samples: Tensor<Float>) -> Tensor<Float> {
    guard !isIdentity else { return samples }
    var result = samples
    result.withUnsafeMutableScalars { values in
      for entry in values.indices { values[entry] = toModel(values[entry], channel: entry % channelCount) }
    }
    return result
  }
}
