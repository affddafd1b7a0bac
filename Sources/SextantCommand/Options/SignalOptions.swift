// Which fields of a file a command works on: the same options for every command and every format.

import ArgumentParser
import Foundation
import Sextant

/// Options about the fields of a file.
struct SignalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The names of the variables, separated by commas: variables of NetCDF, properties of a mesh, columns of a table. If this is not given, they are those of the model, where the command has one, and otherwise the file's own.",
      valueName: "names"))
  var variables: String?

  @Option(name: [.customLong("property"), .customLong("variable")], help: .hidden)
  var otherName: String?

  @Option(
    help: ArgumentHelp(
      "The mesh or the cloud of points at whose vertices the values of an array (.npy), a table (.csv), GIFTI data or a FreeSurfer file are.",
      valueName: "file"))
  var mesh: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Keep only the fields with this coordinate, such as level=500. The option may be repeated.", valueName: "name=value"))
  var select: [String] = []

  @OptionGroup var table: TableOptions

  @Option(
    help: ArgumentHelp(
      "The time over which observations at places make one field: 6h, 1day, 1month, … or all. If this is not given, each time is a field of its own.",
      valueName: "duration"))
  var every: String?

  @Option(
    help: ArgumentHelp(
      "The axes of a stack of images, where the file does not name them: TYX for times, ZYX for depths, CYX for channels, or T5C2YX for 5 times of 2 channels each.",
      valueName: "letters"))
  var axes: String?

  @Option(
    help: ArgumentHelp(
      "An image of two colours that says which pixels of the images are missing. It needs --missing-where.", valueName: "image"))
  var missingImage: String?

  @Option(
    help: ArgumentHelp("The pixels of --missing-image that are missing: white (the brighter of its two colours) or black (the darker).", valueName: "colour"))
  var missingWhere: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A condition under which values count as missing, in a file of any kind: NAME, one of < <= > >= = !=, and a number, such as 'confidence<0.2' or 't2m=-9999'. The only variable of an array or of a grey image is called value. Flags may be given by name, as in 'quality_level<acceptable_quality', and bits by &, as in 'l2p_flags&ice'. NAME may also be a file with a number for each vertex, as in 'lh.aparc.annot=unknown'. The option may be repeated.",
      valueName: "condition"))
  var missing: [String] = []

  @Flag(help: "Take values for measurements although they look like missing ones that the file does not declare, such as -9999.")
  var acceptValues = false

  func validate() throws {
    if variables != nil, otherName != nil {
      throw ValidationError("--variables and --property (or --variable) mean the same: give one of them.")
    }
    guard (missingImage == nil) == (missingWhere == nil) else {
      throw ValidationError(
        missingImage == nil
          ? "--missing-where \(missingWhere ?? ""): give the image whose pixels say what is missing, --missing-image."
          : "--missing-image \(missingImage ?? ""): give --missing-where white or --missing-where black, the pixels of it that are missing.")
    }
    if let missingWhere, !["white", "black"].contains(missingWhere) {
      throw ValidationError("--missing-where \(missingWhere): expected white or black, the pixels of --missing-image that are missing.")
    }
  }

  /// The fields that the options choose of a file.
  func input(_ path: String) throws -> SignalInput {
    SignalInput(
      path, mesh: mesh, variables: (variables ?? otherName).map(Self.names), select: try selection(),
      settings: try settings(),
      missing: try missing.map(MissingCondition.init), acceptsValues: acceptValues)
  }

  /// Reads a list by commas.
  private static func names(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The settings of formats: the columns of a table, and the times that make one field.
  private func settings() throws -> [String: String] {
    var result = try table.settings()
    if let every { result["every"] = every }
    if let axes { result["axes"] = axes }
    if let missingImage { result["mask"] = missingImage }
    if let missingWhere { result["missing_where"] = missingWhere }
    return result
  }

  /// Reads "name=value" texts; several values of one name are alternatives.
  private func selection() throws -> [String: [String]] {
    var result: [String: [String]] = [:]
    for text in select {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--select \(text): expected NAME=VALUE, such as level=500.")
      }
      result[parts[0], default: []].append(parts[1])
    }
    return result
  }
}
