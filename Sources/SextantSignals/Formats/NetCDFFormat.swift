// Gridded fields in NetCDF files that follow the CF conventions, as a format. GriddedFile reads them, NetCDFSink writes
// them.

import Foundation
import SextantArrays
import SextantGeometry

/// CF-NetCDF files of fields on grids of any kind.
public struct NetCDFFormat: SignalFormat {
  public init() {}

  public var name: String { "NetCDF" }
  public var help: String { "NetCDF files of fields on a grid, by the CF conventions (.nc)" }
  public var endings: [String] { ["nc", "nc4", "nc3", "cdf", "netcdf", "h5", "hdf5"] }
  public var writtenEndings: [String] { ["nc", "nc4", "cdf", "netcdf"] }

  public func recognises(_ path: String) -> Bool {
    FileKind.isNetCDF(at: path) && !PointGeometry.isDeclared(inFileAt: path)
  }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    try GriddedDocument(request, of: DatasetFile(path: request.path), in: self)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    let inspection = try FileInspection(path: request.path)
    try request.refusePart(for: self)
    try request.refuseSettings(for: self)
    return inspection
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    try NetCDFSink(output, like: source)
  }
}

/// The name of the noise of a variable, in every format.
public enum NoiseNaming {
  private static let suffix = "_noise"

  /// The name of the noise of the variable called `name`.
  public static func noise(of name: String) -> String { name + suffix }

  /// Whether `name` is the name of the noise of another variable in `names`.
  public static func isNoise(_ name: String, among names: [String]) -> Bool {
    name.hasSuffix(suffix) && names.contains(String(name.dropLast(suffix.count)))
  }
}

/// The fields of a NetCDF file, and the other variables on their grid.
public struct GriddedDocument: SignalDocument {
  /// The fields.
  public let file: GriddedFile
  private let ahead: ReadAhead

  /// The fields of an open file.
  public init(_ file: GriddedFile) {
    self.file = file
    ahead = ReadAhead(file, blockLength: file.blockLength)
  }

  /// The requested fields of a file that can be opened as a dataset, with what its attributes say of values that may not
  /// be trusted.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - dataset: The file.
  ///   - format: Its format.
  ///   - names: The variables, where the request names none and the format chooses.
  ///   - acceptsPoints: Whether fields at places without a grid are wanted.
  ///   - remarks: What was found odd when the file was prepared.
  init(
    _ request: SignalRequest, of dataset: DatasetFile, in format: some SignalFormat, names chosen: [String]? = nil,
    acceptsPoints: Bool = false, remarks found: [Remark] = []
  ) throws {
    let names = request.wantedNames ?? chosen
    let other = request.series?.origin as? GriddedDocument
    var file = try GriddedFile(
      dataset, variables: names, selecting: request.select, monthVariable: request.monthVariable,
      acceptsPoints: acceptsPoints, sharing: other?.file)
    try request.checkNames()
    try request.refuseGeometry(for: format, because: "the file has a grid of its own. Leave it out.")
    try request.refuseSettings(for: format)
    let leftOut = file.remarkOnLeftOut
    let all = file.variables.map(\.name)
    let fields = all.filter { !NoiseNaming.isNoise($0, among: all) }
    if names == nil, fields.count < all.count {
      file = try GriddedFile(
        dataset, variables: fields, selecting: request.select, monthVariable: request.monthVariable,
        acceptsPoints: acceptsPoints, sharing: file)
    }
    try self.init(request.removesOffsets ? file.removingOffsets() : file, qualitiesOf: dataset.open())
    self.format = format
    remarks = found + [file.grid.remark, leftOut].compactMap(\.self) + remarks
  }

  private init(_ file: GriddedFile, qualitiesOf inventory: NetCDFFile) throws {
    self.init(file)
    let own = file.variables.compactMap { inventory.variable($0.name) }
    namedGaps = ValueDecoder.namedGaps(of: own, in: inventory)
    remarks = own.flatMap { variable in
      ValueDecoder.unreadableGaps(of: variable).map { attribute in
        Remark(.warning, "unreadable-attribute", FileInspection.text(of: attribute, of: variable.name))
      }
    }
    qualities = CFDataset(inventory).qualityVariables
  }

  public private(set) var remarks: [Remark] = []
  public private(set) var namedGaps: [Double] = []
  public private(set) var qualities: [QualityVariable] = []

  public var path: String { file.path }
  public private(set) var format: any SignalFormat = NetCDFFormat()
  public var domain: any Domain { file.domain }
  public var variables: [Variable] { file.variables }
  public var labels: [FieldLabel] { file.labels }
  public func read(_ indices: [Int]) throws -> SignalSet { try ahead.read(indices) }

  public var companionNames: [String] {
    guard let dataset = try? CFDataset(file.dataset.open()) else { return variables.map(\.name) }
    let points = file.grid.kind == .points ? dataset.file.variables.filter { dataset.role(of: $0) == .points } : []
    return (points + dataset.griddedVariables).map(\.name)
  }

  public func companion(_ name: String) throws -> FieldCompanion? {
    if let own = ownCompanion(name) {
      let offset = variables.firstIndex { $0.name == name }.map { file.offsets[$0] } ?? 0
      return offset == 0 ? own : own.scaled(by: 1, offset: offset)
    }
    guard let other = try gridded([name]), let variable = try file.dataset.open().variable(name) else { return nil }
    let isConstant = other.count == 1
    let map = isConstant ? nil : file.placesAlong(other)
    if !isConstant, map == nil {
      guard other.count != file.count else {
        throw SignalFormatError.unusableCompanion(
          path: path, name: name, reason: "it varies along other dimensions than the fields.")
      }
      throw SignalFormatError.companionCount(path: path, name: name, expected: file.count, found: other.count)
    }
    let ahead = ReadAhead(other, blockLength: other.blockLength)
    let place: @Sendable (Int) -> Int = { index in map.map { $0(index) } ?? 0 }
    let exactValues: @Sendable (Int) throws -> [Double] = { try other.exactValues(ofField: place($0)) }
    return FieldCompanion(
      name: name, units: other.variables[0].units, isConstant: isConstant, flags: FlagMeanings(of: variable),
      values: { index in
        let field = try ahead.read([place(index)])
        return field.values.withUnsafeScalars { values in zip(values, field.isValid).map { $1 ? $0 : Float.nan } }
      }, exactValues: ValueDecoder.isWide(variable) ? exactValues : nil)
  }

  public func members(of index: Int) throws -> Tensor<Float>? {
    let names = variables.map { "\($0.name)_ensemble" }
    guard let ensemble = try gridded(names) else { return nil }
    guard let places = file.placesAlongMembers(of: ensemble) else {
      throw SignalFormatError.unusableCompanion(
        path: path, name: names[0], reason: "it should vary along the dimensions of \(variables[0].name) and one more.")
    }
    let set = try ensemble.read(places(index))
    return set.values.reshaped(to: [set.count, set.vertexCount * set.channelCount])
  }

  /// Variables beside the fields, whatever was selected of these; nil where the first is not in the file.
  private func gridded(_ names: [String]) throws -> GriddedFile? {
    guard try file.dataset.open().variable(names[0]) != nil else { return nil }
    let other = try GriddedFile(
      file.dataset, variables: names, selecting: [:], monthVariable: nil, acceptsPoints: file.grid.kind == .points,
      sharing: file)
    guard other.domain.fingerprint == file.domain.fingerprint else {
      throw SignalFormatError.unusableCompanion(
        path: path, name: names[0], reason: "it is on another grid (\(other.domain.summary)) than the fields.")
    }
    return other
  }
}

extension GriddedFile {
  /// The mapping from the fields of this file to those of `other`, a variable of the same file along the same
  /// dimensions in any order and without a selection; nil if its dimensions differ.
  fileprivate func placesAlong(_ other: GriddedFile) -> (@Sendable (Int) -> Int)? {
    let (own, along) = (long(dimensions), long(other.dimensions))
    guard Set(own) == Set(along) else { return nil }
    return { other.flatIndex(of: self.places(ofField: $0)) }
  }

  /// The mapping from a field to its members in `ensemble`, which has one more dimension; nil if its dimensions do not
  /// fit.
  fileprivate func placesAlongMembers(of ensemble: GriddedFile) -> (@Sendable (Int) -> [Int])? {
    let own = Set(dimensions.map(\.dimension))
    let more = ensemble.dimensions.filter { !own.contains($0.dimension) }
    guard more.count == 1, Set(long(dimensions)).isSubset(of: Set(long(ensemble.dimensions))) else { return nil }
    let extra = more[0].dimension
    return { index in
      var places = self.places(ofField: index)
      return (0..<extra.length).map { member in
        places[extra] = member
        return ensemble.flatIndex(of: places)
      }
    }
  }

  /// The dimensions of more than one entry.
  private func long(_ dimensions: [FieldDimension]) -> [NetCDFDimension] {
    dimensions.map(\.dimension).filter { $0.length > 1 }
  }

  private func places(ofField index: Int) -> [NetCDFDimension: Int] {
    Dictionary(
      zip(dimensions.map(\.dimension), dimensions.places(ofField: index)), uniquingKeysWith: { first, _ in first })
  }

  /// The index of the field at `places` in a file without a selection.
  private func flatIndex(of places: [NetCDFDimension: Int]) -> Int {
    dimensions.reduce(0) { $0 * $1.dimension.length + (places[$1.dimension] ?? 0) }
  }
}
