// Masks without chance: everything observed, land or sea missing, and what a file says.

import SextantArrays

extension MeasurementDesignKind {
  static let complete = MeasurementDesignKind(
    name: "none", help: "nothing is missing", example: "none"
  ) { _ in CompleteMask() }

  static let land = MeasurementDesignKind(
    name: "land", help: "all land is missing", example: "land"
  ) { _ in LandMissing(isSea: false) }

  static let sea = MeasurementDesignKind(
    name: "sea", help: "all sea is missing", example: "sea"
  ) { _ in LandMissing(isSea: true) }

  static let file = MeasurementDesignKind(
    name: "file", help: "what a file's variable leaves out is missing", example: "file:coverage.nc:observed",
    takesWholeText: true
  ) { try FileMask(&$0) }
}

/// Every valid value is observed. Written `none`.
struct CompleteMask: MaskDesign, Equatable {
  var mayHide: Bool { false }
  var description: String { "none" }

  func missingEntries(on ground: MeasurementGround, using random: inout RandomStream) -> [Bool] {
    [Bool](repeating: false, count: ground.entryCount)
  }
}

/// All land is missing, or all sea. Written `land` and `sea`.
struct LandMissing: MaskDesign, Equatable {
  /// Whether the sea is missing instead.
  let isSea: Bool

  var description: String { isSea ? "sea" : "land" }

  func missingEntries(on ground: MeasurementGround, using random: inout RandomStream) throws -> [Bool] {
    try ground.isLand(for: self).map { $0 != isSea }.repeatingEach(ground.channelCount)
  }
}

/// Observed where a file's variable says so. Written `file:PATH:VARIABLE`.
struct FileMask: MaskDesign, Equatable {
  /// The file.
  let path: String
  /// Its variable; nil where the file has one only.
  let variable: String?

  init(path: String, variable: String? = nil) {
    self.path = path
    self.variable = variable
  }

  init(_ text: inout DesignText) throws {
    let body = text.takeWhole() ?? ""
    var (path, variable) = (body, String?.none)
    // The last colon parts the variable off, unless what follows looks like more of the path.
    if let colon = body.lastIndex(of: ":"), !body[colon...].contains("/"), !body[colon...].contains(".") {
      variable = String(body[body.index(after: colon)...])
      path = String(body[..<colon])
    }
    guard !path.isEmpty, variable?.isEmpty != true else {
      throw text.failure(
        expected: "a path, and a variable's name after a colon if the file has several",
        found: path.isEmpty ? "no path" : "no name after the last colon")
    }
    self.init(path: path, variable: variable)
  }

  var description: String { "file:\(path)\(variable.map { ":\($0)" } ?? "")" }

  func missingEntries(on ground: MeasurementGround, using random: inout RandomStream) throws -> [Bool] {
    guard let coverage = ground.inputs.coverage else {
      throw MeasurementError.missingInput(
        specification: description, needs: "the content of its file",
        hint: "Give the function that reads coverage files with the inputs of the measurement.")
    }
    let isObserved = try coverage(path, variable)
    if isObserved.count == ground.entryCount { return isObserved.map { !$0 } }
    guard isObserved.count == ground.vertexCount else {
      throw MeasurementError.sizeMismatch(
        what: "The mask of '\(description)'", expected: ground.vertexCount, found: isObserved.count)
    }
    return isObserved.map { !$0 }.repeatingEach(ground.channelCount)
  }
}
