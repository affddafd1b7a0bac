// Deterministic masks: everything observed, land or sea missing, and the mask of a file.

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

  func missingEntries(in context: MeasurementContext, using random: inout RandomStream) -> [Bool] {
    [Bool](repeating: false, count: context.entryCount)
  }
}

/// All land is missing, or all sea. Written `land` and `sea`.
struct LandMissing: MaskDesign, Equatable {
  /// Whether the sea is missing instead.
  let isSea: Bool

  var description: String { isSea ? "sea" : "land" }

  func missingEntries(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    try context.isLand(for: self).map { $0 != isSea }.repeatingEach(context.channelCount)
  }
}

/// The mask of a file's variable. Written `file:PATH:VARIABLE`.
struct FileMask: MaskDesign, Equatable {
  /// The file.
  let path: String
  /// Its variable; nil for the only variable of the file.
  let variable: String?

  init(path: String, variable: String? = nil) {
    self.path = path
    self.variable = variable
  }

  init(_ text: inout DesignText) throws {
    let body = text.takeWhole() ?? ""
    var (path, variable) = (body, String?.none)
    // The last colon separates the variable, unless the text after it looks like a part of the path.
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

  var files: [String] { [path] }
  var description: String { "file:\(path)\(variable.map { ":\($0)" } ?? "")" }

  func missingEntries(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    guard let coverage = context.inputs.coverage else {
      throw MeasurementError.missingInput(
        specification: description, needs: "the content of its file",
        hint: "Pass a function that reads coverage files in the inputs of the measurement.")
    }
    let isObserved = try coverage(path, variable)
    if isObserved.count == context.entryCount { return isObserved.map { !$0 } }
    guard isObserved.count == context.vertexCount else {
      throw MeasurementError.sizeMismatch(
        what: "The mask of '\(description)'", expected: context.vertexCount, found: isObserved.count)
    }
    return isObserved.map { !$0 }.repeatingEach(context.channelCount)
  }
}
