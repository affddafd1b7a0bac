// The stored, compressed chunks of a NetCDF-4 variable, by the small part of HDF5's interface that gives access to
// them; NetCDF's interface does not.

import CHDF5

/// The data set of a variable, opened to read its chunks. All calls must be made inside ``NetCDFLibrary/withLock(_:)``.
final class HDF5Dataset {
  private let file: hid_t
  private let dataset: hid_t
  /// Whether bytes were shuffled, that is sorted by their position in a number, before compression.
  let isShuffled: Bool

  /// Nil if the file has no such variable, or if its chunks are compressed by anything but deflate, with or without
  /// shuffling.
  init?(path: String, variable: String) {
    // Read-only, because NetCDF has the same file open.
    let file = H5Fopen(path, 0, hid_t(H5P_DEFAULT))
    guard file >= 0 else { return nil }
    let dataset = H5Dopen2(file, "/" + variable, hid_t(H5P_DEFAULT))
    let filters = dataset < 0 ? nil : Self.filters(of: dataset)
    guard let filters, filters == [H5Z_FILTER_DEFLATE] || filters == [H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE] else {
      if dataset >= 0 { _ = H5Dclose(dataset) }
      _ = H5Fclose(file)
      return nil
    }
    (self.file, self.dataset) = (file, dataset)
    isShuffled = filters[0] == H5Z_FILTER_SHUFFLE
  }

  /// Not in `deinit`, which might run outside the lock.
  func close() {
    _ = H5Dclose(dataset)
    _ = H5Fclose(file)
  }

  /// Appends the compressed bytes of the chunk whose first entry is at `offset`; false if it does not exist or is not
  /// compressed.
  func appendChunk(at offset: [Int], to bytes: inout [UInt8]) -> Bool {
    let offset = offset.map { hsize_t($0) }
    var size: hsize_t = 0
    guard H5Dget_chunk_storage_size(dataset, offset, &size) >= 0, size > 0 else { return false }
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: Int(size)))
    var skippedFilters: UInt32 = 0
    let status = bytes.withUnsafeMutableBytes { buffer in
      H5Dread_chunk(dataset, hid_t(H5P_DEFAULT), offset, &skippedFilters, buffer.baseAddress?.advanced(by: start))
    }
    return status >= 0 && skippedFilters == 0
  }

  /// The filters of a variable, in the order in which they were applied; none if it cannot be opened. To be called inside
  /// ``NetCDFLibrary/withLock(_:)``.
  static func filters(path: String, variable: String) -> [Int32] {
    let file = H5Fopen(path, 0, hid_t(H5P_DEFAULT))
    guard file >= 0 else { return [] }
    defer { _ = H5Fclose(file) }
    let dataset = H5Dopen2(file, "/" + variable, hid_t(H5P_DEFAULT))
    guard dataset >= 0 else { return [] }
    defer { _ = H5Dclose(dataset) }
    return filters(of: dataset) ?? []
  }

  private static func filters(of dataset: hid_t) -> [Int32]? {
    let list = H5Dget_create_plist(dataset)
    guard list >= 0 else { return nil }
    defer { _ = H5Pclose(list) }
    return (0..<UInt32(max(0, H5Pget_nfilters(list)))).map { index in
      var (flags, settingCount, configuration): (UInt32, Int, UInt32) = (0, 0, 0)
      return H5Pget_filter2(list, index, &flags, &settingCount, nil, 0, nil, &configuration)
    }
  }
}
