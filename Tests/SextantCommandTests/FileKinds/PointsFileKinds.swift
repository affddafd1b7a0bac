// Stations, tables and observations at points in the table of kinds × commands.

extension FileKind {
  static let points: [FileKind] = []
}
