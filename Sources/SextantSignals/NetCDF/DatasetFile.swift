// How the dataset of a file is opened, again and again: archives have more files than a process can keep open.

/// A file that can be opened as a dataset of variables, dimensions and attributes.
struct DatasetFile: Sendable {
  /// The path of the file.
  let path: String
  /// Opens the file.
  let open: @Sendable () throws -> NetCDFFile

  /// A NetCDF file, which is opened anew each time.
  init(path: String) {
    self.path = path
    open = { try NetCDFFile(path: path) }
  }

  /// A file that is described in memory and stays open.
  init(_ file: NetCDFFile) {
    path = file.path
    open = { file }
  }
}
