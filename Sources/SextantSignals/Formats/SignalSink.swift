// The counterpart of a source, to which fields are written one at a time. The content (estimates with an ensemble,
// measured values with their noise, plain fields) is described once, and each format stores it in its own way or
// refuses it with the reason.

import SextantArrays
import SextantGeometry
import SextantStorage

/// The parts of each field that are written to a file.
public struct SignalContent: Sendable, Equatable {
  /// What the fields are.
  public enum Kind: Sendable, Equatable {
    /// Estimates: a mean and its uncertainty.
    case estimates
    /// Measured values with gaps, and their noise.
    case measurements
    /// Fields as they are, such as samples of a prior.
    case fields
  }

  /// What the fields are.
  public var kind: Kind
  /// The number of fields.
  public var fieldCount: Int
  /// The size of the ensemble of each estimate; 0 for none.
  public var memberCount: Int
  /// The levels of the quantiles of each estimate, between 0 and 1.
  public var quantileLevels: [Double]
  /// Whether each estimate has a standard deviation.
  public var hasSpread: Bool
  /// Whether each estimate says where the field was observed.
  public var hasObserved: Bool
  /// Whether measured values come with the standard deviation of their noise.
  public var hasNoise: Bool

  private init(
    kind: Kind, fieldCount: Int, memberCount: Int = 0, quantileLevels: [Double] = [], hasSpread: Bool = false,
    hasObserved: Bool = false, hasNoise: Bool = false
  ) {
    self.kind = kind
    self.fieldCount = fieldCount
    self.memberCount = memberCount
    self.quantileLevels = quantileLevels
    self.hasSpread = hasSpread
    self.hasObserved = hasObserved
    self.hasNoise = hasNoise
  }

  /// Estimates of `fieldCount` fields.
  public static func estimates(
    _ fieldCount: Int, memberCount: Int = 0, quantileLevels: [Double] = [], hasSpread: Bool = true,
    hasObserved: Bool = true
  ) -> SignalContent {
    SignalContent(
      kind: .estimates, fieldCount: fieldCount, memberCount: memberCount, quantileLevels: quantileLevels,
      hasSpread: hasSpread, hasObserved: hasObserved)
  }

  /// Measured values of `fieldCount` fields.
  public static func measurements(_ fieldCount: Int, hasNoise: Bool) -> SignalContent {
    SignalContent(kind: .measurements, fieldCount: fieldCount, hasNoise: hasNoise)
  }

  /// `fieldCount` fields as they are.
  public static func fields(_ fieldCount: Int) -> SignalContent { SignalContent(kind: .fields, fieldCount: fieldCount) }
}

/// One field as a file holds it: V·C numbers (channel fastest), not-a-number where there is none.
public struct FieldRecord: Sendable {
  /// The mean of an estimate, or the values of a measured or plain field (V·C).
  public var values: [Float]
  /// The standard deviation of an estimate (V·C).
  public var spread: [Float]?
  /// The ensemble of an estimate (N×V·C).
  public var members: Tensor<Float>?
  /// For each quantile level, its values (V·C).
  public var quantiles: [[Float]]
  /// Where the field was observed (V·C).
  public var isObserved: [Bool]?
  /// The standard deviation of the noise of measured values (V·C).
  public var noise: [Float]?

  public init(
    _ values: [Float], spread: [Float]? = nil, members: Tensor<Float>? = nil, quantiles: [[Float]] = [],
    isObserved: [Bool]? = nil, noise: [Float]? = nil
  ) {
    self.values = values
    self.spread = spread
    self.members = members
    self.quantiles = quantiles
    self.isObserved = isObserved
    self.noise = noise
  }

  /// The values of a signal, with not-a-number where one is missing.
  public init(_ signal: Signal) {
    self.init(
      signal.values.withUnsafeScalars { values in zip(values, signal.isValid).map { $1 ? $0 : Float.nan } })
  }
}

/// The file to which fields are written, and their parts.
public struct OutputRequest: Sendable {
  /// The file, or the pattern of the names if each member has its own file.
  public var path: String
  /// The parts of each field, as far as they are known beforehand: ``SignalSink/write(_:description:overwrite:_:)`` may
  /// be given fewer.
  public var content: SignalContent
  /// The domain of the fields, where it is not that of the source.
  public var domain: (any Domain)?
  /// Whether each member of the ensemble gets a file of its own, and nothing else is written.
  public var splitsMembers: Bool
  /// Whether a file that is hard to read with many members, such as a mesh, gets all of them; otherwise it gets the
  /// first ``fewMembers``.
  public var wantsAllMembers: Bool
  /// Files that the output is made from beside those of the fields, such as a model or a mask: none of them may be
  /// overwritten.
  public var otherInputs: [String]

  /// The number of members in a mesh or a table unless all are wanted.
  public static let fewMembers = 4

  public init(
    path: String, content: SignalContent, domain: (any Domain)? = nil, splitsMembers: Bool = false,
    wantsAllMembers: Bool = true, otherInputs: [String] = []
  ) {
    self.path = path
    self.content = content
    self.domain = domain
    self.splitsMembers = splitsMembers
    self.wantsAllMembers = wantsAllMembers
    self.otherInputs = otherInputs
  }

  /// The files of an output that is one file, or one for each member; members without an ending of their own get
  /// `ending`.
  func paths(ending: String) -> [String] {
    splitsMembers ? MemberFiles.paths(for: path, count: content.memberCount, ending: ending) : [path]
  }

  /// The members of an older and larger ensemble of the same name, if each member has its own file.
  func otherMembers(than paths: [String]) -> [String] { splitsMembers ? MemberFiles.others(than: paths) : [] }
}

/// Writes the fields of one output.
public protocol SignalSink: Sendable {
  /// The files that will be written.
  var paths: [String] { get }
  /// Further files that are there and belong to an older output of this name, such as its spread. They are removed with
  /// what is replaced.
  var replacedPaths: [String] { get }

  /// What of the input the files cannot hold.
  var remarks: [Remark] { get }

  /// Writes the files, whole or not at all: `body` hands over the fields, in any order. A field that is never handed
  /// over is missing in the file.
  ///
  /// Each field consists of `content`, which is at most what the sink was prepared for. The title, the history and the
  /// attributes of `description` are stored where the format has a place for them.
  ///
  /// - Throws: `FileError.exists(path:)` before anything is written, and what `body` and writing throw.
  func write(
    _ content: SignalContent, description: OutputDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws
}

extension SignalSink {
  public var replacedPaths: [String] { [] }
  public var remarks: [Remark] { [] }

  /// Throws `FileError.exists(path:)` if one of the files exists and may not be replaced. Call it before long work.
  public func checkIsFree(overwrite: Bool) throws {
    for path in paths + replacedPaths { try WholeFile.checkIsFree(path, overwrite: overwrite) }
  }
}

/// Takes the fields of one output, one at a time.
public protocol FieldWriter: AnyObject {
  /// Writes field `index`.
  func write(_ field: FieldRecord, at index: Int) throws
}

extension WholeFile {
  /// Like ``write(toAll:overwrite:_:)``; once all is written, the files `others` of an older output are removed, so that
  /// no part of one answer stays beside another.
  static func write<R>(
    toAll paths: [String], replacing others: [String], overwrite: Bool, _ write: ([String]) throws -> R
  ) throws -> R {
    for path in others { try checkIsFree(path, overwrite: overwrite) }
    let result = try self.write(toAll: paths, overwrite: overwrite, write)
    for path in others where !paths.contains(path) { try remove(path) }
    return result
  }
}
