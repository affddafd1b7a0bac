// The family of masks, and the text that names each on the command line and in configurations.
// Reading land masks and files is the caller's part: a sampler opens nothing.

import SextantArrays
import SextantGeometry

/// A rule that draws which values of a field are observed.
///
/// Each has a text, which ``init(_:)`` reads and `description` writes: `none`, `random:0.6`, `random:0.3-0.6`,
/// `stations:200`, `band:-20..20`, `swath:width=1450,orbits=7`, `blocks:share=0.4,size=30`, `cells:0.6,size=10`,
/// `land`, `sea`, `file:PATH:VARIABLE`; `+` between two means missing wherever either is missing.
public enum MaskSampler: Sendable, Equatable {
  /// Every valid value is observed.
  case complete
  /// An exact share missing.
  case random(RandomMissing)
  /// An exact number observed.
  case stations(RandomStations)
  /// A band of latitudes missing.
  case band(LatitudeBand)
  /// Observed under a satellite only.
  case swath(SatelliteSwath)
  /// Large holes.
  case blocks(BlockHoles)
  /// Whole coarse cells missing.
  case cells(MissingCells)
  /// Missing over land.
  case land
  /// Missing over the sea.
  case sea
  /// Observed where a file's variable says so; nil where the file has one variable only.
  case file(path: String, variable: String?)
  /// Missing wherever any of the members is missing.
  case combination([MaskSampler])

  /// Draws the mask of one field; the result depends on the arguments alone, not on the number of threads.
  ///
  /// - Parameters:
  ///   - domain: Where the field lives (V vertices).
  ///   - isValid: Whether each entry of the field is there (V·C, channel fastest). Invalid entries are never observed,
  ///     and shares are shares of the valid.
  ///   - inputs: The land mask or file content that `land`, `sea` and `file` need.
  ///   - random: Where random patterns draw from.
  /// - Throws: ``MeasurementError`` where an input is absent or of the wrong size, the domain is not on the sphere
  ///   though the pattern needs it, or nothing would be observed.
  public func mask(
    on domain: any Domain, isValid: [Bool], inputs: MaskInputs = MaskInputs(), using random: inout RandomStream
  ) throws -> Mask {
    let vertexCount = domain.vertexCount
    guard vertexCount > 0, !isValid.isEmpty, isValid.count.isMultiple(of: vertexCount) else {
      throw MeasurementError.sizeMismatch(
        what: "The validity flags of the field to mask", expected: vertexCount, found: isValid.count)
    }
    let channelCount = isValid.count / vertexCount
    let ground = MaskGround(
      domain: domain,
      isValid: (0..<vertexCount).map { vertex in
        isValid[vertex * channelCount..<(vertex + 1) * channelCount].contains(true)
      }, specification: description)
    let isMissing = try missingEntries(on: ground, isValid: isValid, inputs: inputs, using: &random)
    let mask = Mask(entries: zip(isValid, isMissing).map { $0 && !$1 }, channelCount: channelCount)
    guard mask.observedCount > 0 else {
      throw MeasurementError.nothingObserved(
        specification: description,
        reason: isValid.contains(true)
          ? "every valid value of the field is missing under it" : "the field has no valid value at all")
    }
    return mask
  }

  /// Whether some value may be missing under it; false only where it is sure that none is.
  public var mayHide: Bool {
    switch self {
    case .complete: false
    case .random(let pattern): pattern.share.upperBound > 0
    case .combination(let members): members.contains(where: \.mayHide)
    default: true
    }
  }

  /// Whether each entry is missing (V·C).
  private func missingEntries(
    on ground: MaskGround, isValid: [Bool], inputs: MaskInputs, using random: inout RandomStream
  ) throws -> [Bool] {
    let channelCount = isValid.count / ground.vertexCount
    var isMissing = [Bool](repeating: false, count: isValid.count)
    switch self {
    case .complete: break
    case .random(let pattern) where pattern.drawsChannelsApart:
      for channel in 0..<channelCount {
        let entries = stride(from: channel, to: isValid.count, by: channelCount)
        let missing = pattern.missing(among: entries.map { isValid[$0] }, using: &random)
        for (entry, flag) in zip(entries, missing) { isMissing[entry] = flag }
      }
    case .random(let pattern as any MaskPattern), .stations(let pattern as any MaskPattern),
      .band(let pattern as any MaskPattern), .swath(let pattern as any MaskPattern),
      .blocks(let pattern as any MaskPattern), .cells(let pattern as any MaskPattern):
      isMissing = try pattern.missingVertices(on: ground, using: &random).repeatingEach(channelCount)
    case .land: isMissing = try landFlags(inputs, ground: ground).repeatingEach(channelCount)
    case .sea: isMissing = try landFlags(inputs, ground: ground).map { !$0 }.repeatingEach(channelCount)
    case .file: isMissing = try observedInFile(inputs, ground: ground, entryCount: isValid.count).map { !$0 }
    case .combination(let members):
      // Each member has its own numbers, so that changing one leaves the others as they are.
      let base = random.split(Int(bitPattern: UInt(random.next())))
      for (i, member) in members.enumerated() {
        var stream = base.split(i)
        let missing = try member.missingEntries(on: ground, isValid: isValid, inputs: inputs, using: &stream)
        for (entry, flag) in missing.enumerated() where flag { isMissing[entry] = true }
      }
    }
    return isMissing
  }

  private func landFlags(_ inputs: MaskInputs, ground: MaskGround) throws -> [Bool] {
    guard let isLand = inputs.isLand else {
      throw MeasurementError.missingInput(
        specification: description, needs: "a land mask of the field's grid",
        hint: "Give a file with a land–sea mask, or use another mask.")
    }
    guard isLand.count == ground.vertexCount else {
      throw MeasurementError.sizeMismatch(what: "The land mask", expected: ground.vertexCount, found: isLand.count)
    }
    return isLand
  }

  private func observedInFile(_ inputs: MaskInputs, ground: MaskGround, entryCount: Int) throws -> [Bool] {
    guard let isObserved = inputs.isObservedInFile else {
      throw MeasurementError.missingInput(
        specification: description, needs: "the content of its file",
        hint: "Whoever draws the mask has to read the file and hand over the flags.")
    }
    if isObserved.count == entryCount { return isObserved }
    guard isObserved.count == ground.vertexCount else {
      throw MeasurementError.sizeMismatch(
        what: "The mask of '\(description)'", expected: ground.vertexCount, found: isObserved.count)
    }
    return isObserved.repeatingEach(entryCount / ground.vertexCount)
  }
}

extension [Bool] {
  /// Each flag `count` times in a row: from vertices to entries.
  func repeatingEach(_ count: Int) -> [Bool] { flatMap { repeatElement($0, count: count) } }
}
