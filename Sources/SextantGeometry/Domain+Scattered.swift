// Places alone: a domain of stations, profiles or tracks, which nothing connects.

extension Domain {
  /// Whether the vertices are places on the Earth without rows, columns or triangles between them.
  public var isScattered: Bool { geography != nil && raster == nil && surface == nil }
}
