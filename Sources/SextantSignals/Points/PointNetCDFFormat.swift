// NetCDF files of observations at places, by CF's discrete sampling geometries, as a format. Stations that share their
// times are read like grids; what has a time for each observation, or is stored as ragged arrays, is read as
// observations.

import Foundation
import SextantArrays
import SextantGeometry

/// NetCDF files of stations, points, profiles and tracks (CF chapter 9).
public struct PointNetCDFFormat: SignalFormat {
  public init() {}

  public var name: String { "NetCDF of observations" }
  public var help: String {
    "NetCDF files of stations, points and profiles by CF's discrete sampling geometries (.nc)"
  }

  public var writtenEndings: [String] { NetCDFFormat().writtenEndings }

  public func recognises(_ path: String) -> Bool {
    PointGeometry.isDeclared(inFileAt: path)
  }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    try request.checkNames()
    try request.refuseGeometry(for: self, because: "the file has places of its own. Leave it out.")
    try request.refuseSettings(except: [ObservationWindow.settingName], for: self)
    let file = try NetCDFFile(path: request.path)
    let dataset = CFDataset(file)
    let window = request.settings[ObservationWindow.settingName]
    try PointGeometry.checkPlaces(in: dataset)
    let geometry = try PointGeometry(in: dataset, variables: request.wantedNames)
    guard geometry.hasOwnTimes || window != nil else {
      return try GriddedDocument(
        request, of: DatasetFile(path: request.path), in: self, names: geometry.variables.map(\.name), acceptsPoints: true)
    }
    try request.refuseMonthVariable(for: self)
    return try PointDocument(
      geometry.observations(), window: ObservationWindow(text: window, path: request.path), for: request, format: self)
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    try NetCDFSink(output, like: source)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    let inspection = try FileInspection(
      DatasetFile(path: request.path), openingPoints: { try open(SignalRequest(path: request.path)) })
    try request.refusePart(for: self)
    try request.refuseSettings(for: self)
    return inspection
  }
}
