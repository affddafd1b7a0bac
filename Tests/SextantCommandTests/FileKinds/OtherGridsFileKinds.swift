// Unstructured, curvilinear and projected grids and GRIB in the table of kinds × commands.

extension FileKind {
  static let otherGrids: [FileKind] = []
}
