// Where an answer is given: everywhere, or not at places that are missing by nature, such as land in a field of the sea.

import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// The places that an imputation fills.
public enum FillRegion: Sendable, Equatable, Encodable, CustomStringConvertible {
  /// Every place of the domain of the model or, without one, of the file.
  case all
  /// The places that the archive or, without a model, at least one field of the file has a value for.
  case archive
  /// The places where a file has a value other than 0; see `LandMask` for the way it is written.
  case mask(file: String, variable: String?)

  /// Reads "all", "archive" or "mask:FILE" and "mask:FILE:VARIABLE". Throws `RunError` for any other text.
  public init(text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
    switch (parts.first, parts.count) {
    case ("all", 1): self = .all
    case ("archive", 1): self = .archive
    case ("mask", 2...): self = .mask(file: parts[1], variable: parts.count > 2 ? parts[2] : nil)
    default:
      throw RunError.invalid("--fill \(text): expected all, archive, mask:FILE or mask:FILE:VARIABLE.")
    }
  }

  public var description: String {
    switch self {
    case .all: "all"
    case .archive: "archive"
    case .mask(let file, let variable): "mask:\(file)" + (variable.map { ":\($0)" } ?? "")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// Which entries (V·C) of the answer's domain are filled; nil for all, and for those that the answered fields tell.
  ///
  /// - Parameters:
  ///   - frame: the fields to fill, and how they are measured.
  ///   - hasArchive: whether a model says where its archive has values.
  ///   - formats: those that the file of a mask may have.
  /// Throws ``RunError`` where places that were observed are meant, and the answer is given elsewhere, and what reading throws.
  func entries(of frame: FieldFrame, hasArchive: Bool, formats: [any SignalFormat]) throws -> [Bool]? {
    if isOfObservedPlaces(hasArchive: hasArchive), !frame.regridding.answersOnInput {
      throw RunError.invalid(
        "--fill archive: without a model this means the places that have a value in some field, and the answer is given elsewhere. Give mask:FILE, or leave the option out.")
    }
    guard case .mask(let file, let variable) = self else { return nil }
    let inputs = MeasurementInputs(on: frame.regridding.answerDomain, landShare: nil, formats: formats)
    let flags = try inputs.coverage?(file, variable) ?? []
    return flags.flatMap { repeatElement($0, count: frame.space.channelCount) }
  }

  /// Whether only those places are filled that were observed in some field of the file, which is known after the last.
  func isOfObservedPlaces(hasArchive: Bool) -> Bool { self == .archive && !hasArchive }
}
