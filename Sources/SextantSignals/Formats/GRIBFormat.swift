// GRIB files as weather centres give them, as a format. GRIBDataset describes them, and everything else is as for
// NetCDF: an answer is written as NetCDF, on the axes that the messages have.

import SextantStorage

/// GRIB files of both editions, read through ecCodes.
public struct GRIBFormat: SignalFormat {
  public init() {}

  public var name: String { "GRIB" }
  public var help: String { "GRIB files of both editions, such as ERA5 as downloaded; answers are NetCDF (.grib)" }
  public var endings: [String] { ["grib", "grb", "grib2", "grb2", "grib1", "grb1"] }

  public func recognises(_ path: String) -> Bool { FileKind.isGRIB(at: path) }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    let dataset = try GRIBDataset(request.path)
    return try GriddedDocument(request, of: DatasetFile(dataset.file), in: self, remarks: dataset.remarks)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    let dataset = try GRIBDataset(request.path)
    let inspection = try FileInspection(DatasetFile(dataset.file), remarks: dataset.remarks)
    try request.refusePart(for: self)
    try request.refuseSettings(for: self)
    return inspection
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    throw SignalFormatError.unwritable(
      path: output.path, format: name,
      reason: "GRIB is only read. Give an output that ends in .nc, which keeps the axes of the messages.")
  }
}
