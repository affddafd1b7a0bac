// What the machine offers: the facts behind `sextant doctor`. Facts only; how they are shown is the command line's business.

import Foundation
import SextantArrays
import SextantGeometry
import SextantReport
import SextantSignals
import SextantSparse

/// The machine that the program runs on, as far as it matters to speed and to what can be read and drawn.
public struct SystemReport: Sendable, Codable, Equatable {
  /// A thing that is there, with where or what it is, or that is missing, with what to do about it.
  public struct Finding: Sendable, Codable, Equatable {
    /// What was looked for.
    public let name: String
    /// True when it is there.
    public let isPresent: Bool
    /// Where or which it is, or how to get it.
    public let detail: String
  }

  /// The processor's name.
  public let processor: String
  /// The processors that the program may use.
  public let coreCount: Int
  /// The best instruction set that the processor has.
  public let bestInstructionSet: Processor.InstructionSet
  /// The instruction set that loops use.
  public let chosenInstructionSet: Processor.InstructionSet
  /// The threads of parallel loops.
  public let threadCount: Int
  /// The threads of the linear algebra library.
  public let linearAlgebraThreadCount: Int
  /// The kernels that the linear algebra library uses.
  public let linearAlgebraCore: String
  /// The kernels that would be faster; nil when those in use are right.
  public let betterLinearAlgebraCore: String?
  /// The system libraries and their versions.
  public let libraries: [LinkedLibrary]
  /// Fonts and coastlines, which pictures want.
  public let assets: [Finding]
  /// Programs that are not needed but good to have.
  public let tools: [Finding]
  /// Bytes free in the folder for temporary files; nil when the system does not say.
  public let temporaryBytesFree: Int?
  /// The folder for temporary files.
  public let temporaryFolder: String

  /// Looks around.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    processor = Processor.name
    coreCount = Processor.coreCount
    bestInstructionSet = Processor.bestInstructionSet
    chosenInstructionSet = Processor.chosenInstructionSet
    threadCount = Parallel.threadCount
    linearAlgebraThreadCount = OpenBLAS.threadCount
    linearAlgebraCore = OpenBLAS.coreName
    betterLinearAlgebraCore = OpenBLAS.betterCoreType
    libraries =
      [.openBLAS] + LinkedLibrary.sparseFactorisation + [.netCDF] + [LinkedLibrary.hdf5].compactMap(\.self)
      + [.udunits, .proj, .ecCodes, .assimp, .cairo]
    assets = [Self.findFont(), Self.findCoastlines()]
    let path = environment["PATH"] ?? ""
    tools = [
      Self.findTool("cdo", in: path, packageName: "cdo", use: "compares with the tool that climate users know"),
      Self.findFilters(),
      Self.findTool("ncdump", in: path, packageName: "netcdf-bin", use: "prints NetCDF files"),
      Self.findXarray(in: path),
    ]
    temporaryFolder = FileManager.default.temporaryDirectory.path
    temporaryBytesFree = Self.bytesFree(at: temporaryFolder)
  }

  /// True when nothing is in the way of speed, reading or drawing.
  public var isHealthy: Bool { betterLinearAlgebraCore == nil && assets.allSatisfy(\.isPresent) }
}

extension SystemReport {
  private static func findFont() -> Finding {
    let folders = ["/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF"]
    let found = folders.map { $0 + "/DejaVuSans.ttf" }.first(where: FileManager.default.fileExists)
    return Finding(
      name: "font DejaVu Sans", isPresent: found != nil,
      detail: found ?? "Labels of pictures need it: apt-get install fonts-dejavu-core")
  }

  private static func findCoastlines() -> Finding {
    let found = ["/usr/share/gmt-gshhg", "/usr/share/gshhg-gmt-nc4"].map { $0 + "/binned_GSHHS_l.nc" }
      .first(where: FileManager.default.fileExists)
    return Finding(
      name: "coastlines", isPresent: found != nil,
      detail: found ?? "Maps are drawn without: apt-get install gmt-gshhg-low")
  }

  private static func findFilters() -> Finding {
    let missing = CompressionFilter.common.filter { !$0.isAvailable }.map(\.name)
    let all = CompressionFilter.common.map(\.name).joined(separator: ", ")
    return Finding(
      name: "NetCDF filters", isPresent: missing.isEmpty,
      detail: missing.isEmpty
        ? all : "Files compressed by \(missing.joined(separator: ", ")) cannot be read. \(CompressionFilter.remedy)")
  }

  private static func executable(_ name: String, in path: String) -> String? {
    path.split(separator: ":").map { "\($0)/\(name)" }.first(where: FileManager.default.isExecutableFile)
  }

  private static func findTool(_ name: String, in path: String, packageName: String, use: String) -> Finding {
    let found = executable(name, in: path)
    return Finding(
      name: name, isPresent: found != nil, detail: found ?? "Optional, \(use): apt-get install \(packageName)")
  }

  private static func findXarray(in path: String) -> Finding {
    let missing = "Optional, reads Sextant's files in Python: pip install xarray netCDF4"
    guard let python = executable("python3", in: path) else {
      return Finding(name: "python3 with xarray", isPresent: false, detail: missing)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    // Finding the module is enough; importing it takes a second.
    process.arguments = ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('xarray') is None)"]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    guard (try? process.run()) != nil else {
      return Finding(name: "python3 with xarray", isPresent: false, detail: missing)
    }
    process.waitUntilExit()
    let isPresent = process.terminationStatus == 0
    return Finding(name: "python3 with xarray", isPresent: isPresent, detail: isPresent ? python : missing)
  }

  private static func bytesFree(at folder: String) -> Int? {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
  }
}
