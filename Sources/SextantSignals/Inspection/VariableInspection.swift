// A summary of a variable that needs only one pass: role, units, range, missing values.

/// One variable of an inspected file.
public struct VariableInspection: Sendable, Codable, Equatable {
  public let name: String
  /// The type in the file, such as "short".
  public let type: String
  /// Names of the dimensions, outermost first.
  public let dimensions: [String]
  public let role: VariableRole
  public let units: String
  public let standardName: String?
  public let longName: String?
  /// The chunk shape of the variable; nil if it is stored contiguously.
  public let chunks: [Int]?
  /// The smallest and the largest finite value, unpacked; nil for texts and if there are none.
  public let minimum: Double?
  public let maximum: Double?
  /// The fraction of missing values, 0…1; nil for texts.
  public let missingShare: Double?
  /// The number of infinite values that no attribute declares as missing.
  public let infiniteCount: Int
  /// Values that are probably no measurements; empty for variables that are no data.
  public let suspects: [SuspectValue]

  init(_ variable: NetCDFVariable, in dataset: CFDataset) throws {
    name = variable.name
    type = "\(variable.type)"
    dimensions = variable.dimensions.map(\.name)
    role = dataset.role(of: variable)
    units = variable.text("units") ?? ""
    standardName = variable.text("standard_name")
    longName = variable.text("long_name")
    chunks = try dataset.file.chunkShape(of: variable)
    guard variable.type.isNumeric else {
      (minimum, maximum, missingShare, infiniteCount, suspects) = (nil, nil, nil, 0, [])
      return
    }
    let isData = [.data, .points].contains(role)
    var scan = ValueScan(
      named: isData ? ValueDecoder.namedGaps(of: [variable], in: dataset.file) : [],
      range: isData
        ? PhysicalRange(of: Variable(name: name, units: units, standardName: standardName, longName: longName)) : nil)
    let decoder = try ValueDecoder(variable, in: dataset.file)
    var (low, high) = (Double.infinity, -Double.infinity)
    var (missing, infinite) = (0, 0)
    try dataset.file.forEachSlab(of: variable) { slab in
      for number in slab {
        let value = decoder.decode(number)
        if value.isNaN {
          missing += 1
        } else if value.isInfinite {
          infinite += 1
        } else {
          low = min(low, value)
          high = max(high, value)
          if isData { scan.add(value) }
        }
      }
    }
    minimum = low <= high ? low : nil
    maximum = low <= high ? high : nil
    missingShare = variable.valueCount > 0 ? Double(missing) / Double(variable.valueCount) : nil
    infiniteCount = infinite
    suspects = isData ? scan.suspects(name: name) : []
  }
}
