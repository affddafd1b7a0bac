// Errors in requests to read or write a file of signals. Errors in the file itself are those of its format.

/// A file that no format can read, or a request that a format cannot honour.
public enum SignalFormatError: Error, Equatable, CustomStringConvertible {
  /// No format recognises a file.
  case unrecognised(path: String, found: String, formats: [String])
  /// An option that the format of a file cannot honour; the reason says what to do instead.
  case refused(path: String, format: String, option: String, reason: String)
  /// Values at the vertices of a mesh that was not given.
  case meshUnknown(path: String)
  /// Several variables, of which none was named.
  case variablesUnclear(path: String, available: [String])
  /// A variable that does not exist.
  case absentVariable(path: String, name: String, available: [String])
  /// A variable that was named twice.
  case repeatedVariable(path: String, name: String)
  /// Numbers beside the fields that do not exist.
  case absentCompanion(path: String, name: String, available: [String])
  /// Numbers beside the fields that belong neither to each field nor to all of them.
  case companionCount(path: String, name: String, expected: Int, found: Int)
  /// Numbers beside the fields that do not fit them for another reason.
  case unusableCompanion(path: String, name: String, reason: String)
  /// A selection that leaves no field.
  case emptySelection(path: String, coordinate: String, wanted: [String], available: [String])
  /// A setting of a format with a value that it cannot have.
  case invalidSetting(path: String, name: String, expected: String, found: String)
  /// A condition on values that cannot be read.
  case invalidCondition(text: String)
  /// A word of a condition that the flags of the file do not have.
  case unknownFlag(path: String, name: String, word: String, known: [String])
  /// A comparison by size with a word that names bits.
  case unorderedFlag(path: String, condition: String)
  /// Values that are no measurements, although nothing in the file says so.
  case suspectValues(path: String, field: String, finding: SuspectValue)
  /// Observations at places of which a part is missing or cannot be right; the reason says what to do.
  case unusablePlaces(path: String, reason: String)
  /// Conditions that exclude all values of the fields.
  case nothingLeft(path: String, conditions: [String], count: Int)
  /// An output whose name does not choose a format.
  case unknownOutput(path: String, endings: [String])
  /// Fields that a format cannot hold; the reason says what to do instead.
  case unwritable(path: String, format: String, reason: String)

  public var description: String {
    switch self {
    case .unrecognised(let path, let found, let formats):
      "\(path): none of the known formats (\(formats.joined(separator: ", "))) recognises this file. Found \(found)."
    case .refused(let path, let format, let option, let reason):
      "\(path): \(option) cannot be used with this file (\(format)): \(reason)"
    case .meshUnknown(let path):
      "\(path): these values belong to the vertices of a mesh, and the file does not hold it. Give --mesh FILE"
        + (path.lowercased().hasSuffix(".npy") ? ", or for an array of images the letters of its axes, such as --axes YX, YXC or TYX." : ".")
    case .variablesUnclear(let path, let available):
      "\(path): which variables are meant? Give --variables with one or more of: \(available.isEmpty ? "none, the vertices have no properties" : available.joined(separator: ", "))."
    case .absentVariable(let path, let name, let available):
      "\(path): there is no variable \"\(name)\". The file has: \(NetCDFError.abridged(available))."
    case .repeatedVariable(let path, let name):
      "\(path): the variable \"\(name)\" is named twice. Name each variable once."
    case .absentCompanion(let path, let name, let available):
      "\(path): there are no values \"\(name)\" beside the fields. The file has: \(NetCDFError.abridged(available))."
    case .companionCount(let path, let name, let expected, let found):
      "\(path): \"\(name)\" has values for \(found) field\(found == 1 ? "" : "s"), but there \(expected == 1 ? "is one field" : "are \(expected) fields"). Expected values for each of them, or for exactly one, which then hold for all."
    case .unusableCompanion(let path, let name, let reason):
      "\(path): \"\(name)\" cannot be used beside the fields: \(reason)"
    case .emptySelection(let path, let coordinate, let wanted, let available):
      "\(path): no field has \(coordinate) = \(wanted.joined(separator: " or ")). "
        + (available.isEmpty
          ? "The fields have no such coordinate." : "The file has: \(NetCDFError.abridged(available)).")
    case .invalidSetting(let path, let name, let expected, let found):
      "\(path): \(name): expected \(expected), found \(found)."
    case .invalidCondition(let text):
      "'\(text)' is not a valid condition: expected NAME, one of < <= > >= = != &, and a number or the name of a flag, such as confidence<0.2 or flags&ice."
    case .unknownFlag(let path, let name, let word, let known):
      "\(path): \(name) has no flag \"\(word)\". "
        + (known.isEmpty
          ? "The file does not name its flags (flag_meanings): compare with a number." : "Its flags are: \(NetCDFError.abridged(known, limit: 40)).")
    case .unorderedFlag(let path, let condition):
      "\(path): '\(condition)' compares bits by size. Bits are set or not: use & or !=, such as flags&ice."
    case .suspectValues(let path, let field, let finding):
      "\(path), \(field): \(finding.text) \(finding.advice) Or give --accept-values (in a configuration: accept_values: true) if these are measurements."
    case .unusablePlaces(let path, let reason): "\(path): \(reason)"
    case .nothingLeft(let path, let conditions, let count):
      "\(path): --missing \(conditions.map { "'\($0)'" }.joined(separator: " --missing ")) leaves nothing: all \(count) values are excluded. Look at the ranges with \"sextant inspect\", and correct the condition."
    case .unknownOutput(let path, let endings):
      "\(path): the ending of the name chooses the format of the output. Expected one of \(Self.distinct(endings).map { ".\($0)" }.joined(separator: ", "))."
    case .unwritable(let path, let format, let reason): "\(path): \(format) cannot hold these fields: \(reason)"
    }
  }

  /// The endings, each once: several formats share some.
  private static func distinct(_ endings: [String]) -> [String] {
    var seen: Set<String> = []
    return endings.filter { seen.insert($0).inserted }
  }
}
