// The chunks of a NetCDF-4 variable as they lie in the file, packed: the little of HDF5's interface that gives them out.
// HDF5 comes with the NetCDF library and is not bound by this package, so its functions are looked up by name; where one is
// absent (before 1.10.3), nothing is read this way.

import Foundation

/// A variable's data set, open for reading its chunks. All calls belong inside ``NetCDFLibrary/withLock(_:)``.
final class HDF5Dataset {
  private let library: Library
  private let file: Identifier
  private let dataset: Identifier
  /// Whether bytes were sorted by their place in a number before they were deflated.
  let isShuffled: Bool

  private typealias Identifier = Int64

  /// Nil where HDF5 cannot be asked, and where chunks are packed by anything but deflate, with or without shuffling.
  init?(path: String, variable: String) {
    guard let library = Library.loaded else { return nil }
    let file = library.openFile(path, 0, 0)
    guard file >= 0 else { return nil }
    let dataset = library.openDataset(file, "/" + variable, 0)
    let filters = dataset < 0 ? nil : Self.filters(of: dataset, library)
    guard let filters, filters == [Self.deflate] || filters == [Self.shuffle, Self.deflate] else {
      if dataset >= 0 { _ = library.closeDataset(dataset) }
      _ = library.closeFile(file)
      return nil
    }
    (self.library, self.file, self.dataset) = (library, file, dataset)
    isShuffled = filters[0] == Self.shuffle
  }

  /// Not in `deinit`, which might run outside the lock.
  func close() {
    _ = library.closeDataset(dataset)
    _ = library.closeFile(file)
  }

  /// Appends the packed bytes of the chunk whose first entry is at `offset`; false, where it is absent or not packed.
  func appendChunk(at offset: [Int], to bytes: inout [UInt8]) -> Bool {
    let offset = offset.map { UInt64($0) }
    var size: UInt64 = 0
    guard library.chunkSize(dataset, offset, &size) >= 0, size > 0 else { return false }
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: Int(size)))
    var skippedFilters: UInt32 = 0
    let status = bytes.withUnsafeMutableBytes { buffer in
      library.readChunk(dataset, 0, offset, &skippedFilters, buffer.baseAddress?.advanced(by: start))
    }
    return status >= 0 && skippedFilters == 0
  }

  private static let deflate: Int32 = 1
  private static let shuffle: Int32 = 2

  private static func filters(of dataset: Identifier, _ library: Library) -> [Int32]? {
    let list = library.creationList(dataset)
    guard list >= 0 else { return nil }
    defer { _ = library.closeList(list) }
    return (0..<UInt32(max(0, library.filterCount(list)))).map { index in
      var (flags, settingCount, configuration): (UInt32, Int, UInt32) = (0, 0, 0)
      return library.filter(list, index, &flags, &settingCount, nil, 0, nil, &configuration)
    }
  }

  /// HDF5's functions, in the order of their arguments as its reference manual has them.
  private struct Library: Sendable {
    let openFile: @convention(c) (UnsafePointer<CChar>, UInt32, Identifier) -> Identifier
    let closeFile: @convention(c) (Identifier) -> Int32
    let openDataset: @convention(c) (Identifier, UnsafePointer<CChar>, Identifier) -> Identifier
    let closeDataset: @convention(c) (Identifier) -> Int32
    let creationList: @convention(c) (Identifier) -> Identifier
    let closeList: @convention(c) (Identifier) -> Int32
    let filterCount: @convention(c) (Identifier) -> Int32
    let filter:
      @convention(c) (
        Identifier, UInt32, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<Int>, UnsafeMutablePointer<UInt32>?, Int,
        UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<UInt32>
      ) -> Int32
    let chunkSize: @convention(c) (Identifier, UnsafePointer<UInt64>, UnsafeMutablePointer<UInt64>) -> Int32
    let readChunk:
      @convention(c) (
        Identifier, Identifier, UnsafePointer<UInt64>, UnsafeMutablePointer<UInt32>, UnsafeMutableRawPointer?
      ) -> Int32

    /// Nil unless all are there.
    static let loaded: Library? = {
      func function<Function>(_ name: String, as type: Function.Type) -> Function? {
        dlsym(nil, name).map { unsafeBitCast($0, to: Function.self) }
      }
      guard
        let openFile = function("H5Fopen", as: (@convention(c) (UnsafePointer<CChar>, UInt32, Int64) -> Int64).self),
        let closeFile = function("H5Fclose", as: (@convention(c) (Int64) -> Int32).self),
        let openDataset = function(
          "H5Dopen2", as: (@convention(c) (Int64, UnsafePointer<CChar>, Int64) -> Int64).self),
        let closeDataset = function("H5Dclose", as: (@convention(c) (Int64) -> Int32).self),
        let creationList = function("H5Dget_create_plist", as: (@convention(c) (Int64) -> Int64).self),
        let closeList = function("H5Pclose", as: (@convention(c) (Int64) -> Int32).self),
        let filterCount = function("H5Pget_nfilters", as: (@convention(c) (Int64) -> Int32).self),
        let filter = function(
          "H5Pget_filter2",
          as: (@convention(c) (
            Int64, UInt32, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<Int>, UnsafeMutablePointer<UInt32>?, Int,
            UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<UInt32>
          ) -> Int32).self),
        let chunkSize = function(
          "H5Dget_chunk_storage_size",
          as: (@convention(c) (Int64, UnsafePointer<UInt64>, UnsafeMutablePointer<UInt64>) -> Int32).self),
        let readChunk = function(
          "H5Dread_chunk",
          as: (@convention(c) (
            Int64, Int64, UnsafePointer<UInt64>, UnsafeMutablePointer<UInt32>, UnsafeMutableRawPointer?
          ) -> Int32).self)
      else { return nil }
      return Library(
        openFile: openFile, closeFile: closeFile, openDataset: openDataset, closeDataset: closeDataset,
        creationList: creationList, closeList: closeList, filterCount: filterCount, filter: filter,
        chunkSize: chunkSize, readChunk: readChunk)
    }()
  }
}
