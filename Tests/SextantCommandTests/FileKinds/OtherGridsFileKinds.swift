// Unstructured, curvilinear and projected grids and GRIB in the table of kinds × commands.

import Foundation
import Sextant
import SextantTestSupport

extension FileKind {
  static let otherGrids: [FileKind] = [
    grid("ICON cells in radians", inspected: "120-cell unstructured grid, global") { file in
      try file.coordinates(lattice(120), along: ["ncells"], names: ("clat", "clon"), inRadians: true)
      try file.field("t_2m", along: ["ncells"], lattice(120).map(truth), ["CDI_grid_type": "unstructured"])
    },
    grid("FESOM nodes of an ocean", inspected: "-cell unstructured grid") { file in
      let nodes = lattice(400).filter { abs($0.latitude) > 30 || abs($0.longitude) > 60 }
      try file.coordinates(nodes, along: ["nod2"], names: ("lat", "lon"))
      try file.field("sst", along: ["nod2"], nodes.map(truth))
    },
    grid("HEALPix without coordinates", inspected: "192-cell HEALPix grid (N = 4, nested), global") { file in
      try file.scalar("crs", ["grid_mapping_name": "healpix", "healpix_order": "nested"], ["healpix_nside": 4])
      let cells = HEALPix(sideCount: 4, order: .nested)
      let places = (0..<192).compactMap { cells?.centre(of: $0) }
      try file.field("tas", along: ["cell"], places.map(truth), ["grid_mapping": "crs"])
    },
    grid("UGRID values on faces", inspected: "80-cell mesh (values on faces)") { file in
      let sphere = try SphereMesh.icosphere(subdivisions: 1)
      let nodes = sphere.nodePositions
      let faces = sphere.triangles.map { (t: SIMD3<Int32>) -> GeographicPoint in
        GeographicPoint(nodes[Int(t.x)] + nodes[Int(t.y)] + nodes[Int(t.z)])
      }
      try file.scalar(
        "mesh",
        [
          "cf_role": "mesh_topology", "node_coordinates": "node_lat node_lon", "face_node_connectivity": "face_nodes",
        ], ["topology_dimension": 2])
      try file.coordinates(sphere.points, along: ["node"], names: ("node_lat", "node_lon"))
      try file.field(
        "face_nodes", along: ["face", "three"], sphere.triangles.flatMap { t -> [Double] in [Double(t.x), Double(t.y), Double(t.z)] },
        ["units": ""], lengths: [faces.count, 3])
      try file.field("level", along: ["face"], faces.map(truth), ["mesh": "mesh", "location": "face"])
    },
    grid("UGRID values on edges", inspected: "120-cell mesh (values on edges)") { file in
      let sphere = try SphereMesh.icosphere(subdivisions: 1)
      var edges: [SIMD2<Int32>] = []
      for t in sphere.triangles {
        let sides: [SIMD2<Int32>] = [SIMD2(t.x, t.y), SIMD2(t.y, t.z), SIMD2(t.z, t.x)]
        for side in sides where side.x < side.y { edges.append(side) }
      }
      try file.scalar(
        "mesh",
        [
          "cf_role": "mesh_topology", "node_coordinates": "node_lat node_lon", "edge_node_connectivity": "edge_nodes",
        ], ["topology_dimension": 1])
      try file.coordinates(sphere.points, along: ["node"], names: ("node_lat", "node_lon"))
      let ends: [Double] = edges.flatMap { (edge: SIMD2<Int32>) -> [Double] in [Double(edge.x), Double(edge.y)] }
      try file.field("edge_nodes", along: ["edge", "two"], ends, ["units": ""], lengths: [edges.count, 2])
      let nodes: [SIMD3<Double>] = sphere.nodePositions
      let places: [GeographicPoint] = edges.map { (edge: SIMD2<Int32>) -> GeographicPoint in
        GeographicPoint(nodes[Int(edge.x)] + nodes[Int(edge.y)])
      }
      try file.field("flow", along: ["edge"], places.map(truth), ["mesh": "mesh", "location": "edge"])
    },
    grid("polar stereographic map", inspected: "12×14 curvilinear grid") { file in
      try file.scalar(
        "crs", ["grid_mapping_name": "polar_stereographic"],
        ["straight_vertical_longitude_from_pole": -45, "standard_parallel": 70, "latitude_of_projection_origin": 90])
      for (name, count) in [("y", 12), ("x", 14)] {
        try file.field(
          name, along: [name], (0..<count).map { 300_000 * (Double($0) - 5) },
          ["units": "m", "standard_name": "projection_\(name)_coordinate"])
      }
      let values = (0..<168).map { (cell: Int) -> Double in
        let (row, column) = (Double(cell / 14), Double(cell % 14))
        return 280 + 3 * sin(row / 4) + 2 * cos(column / 4)
      }
      try file.field("ice", along: ["y", "x"], values, ["grid_mapping": "crs"], lengths: [12, 14])
    },
    grid("curvilinear grid with land of zeros", inspected: "cells left out (14×16)") { file in
      let isLand = (0..<224).map { (4..<9).contains($0 / 16) && (6..<11).contains($0 % 16) }
      let places = (0..<224).map { (cell: Int) -> GeographicPoint in
        isLand[cell]
          ? GeographicPoint(latitude: 0, longitude: 0)
          : tilted(row: Double(cell / 16), column: Double(cell % 16))
      }
      try file.coordinates(places, along: ["j", "i"], names: ("nav_lat", "nav_lon"), lengths: [14, 16])
      try file.field(
        "thetao", along: ["j", "i"], zip(places, isLand).map { $1 ? .nan : truth($0) },
        ["coordinates": "nav_lat nav_lon"], lengths: [14, 16])
    },
    grib("GRIB on a latitude–longitude grid", GRIBSample(texts: ["shortName": "2t"]) { latitude, longitude in
      truth(GeographicPoint(latitude: latitude, longitude: longitude))
    }, inspected: "31×16 latitude–longitude grid"),
    grib(
      "reduced Gaussian GRIB",
      GRIBSample(
        "reduced_gg_pl_32_grib2", texts: ["shortName": "t"], pointsOfRows: [8, 12, 16, 20, 20, 16, 12, 8]
      ) { latitude, longitude in truth(GeographicPoint(latitude: latitude, longitude: longitude)) },
      inspected: "112-cell unstructured grid, global"),
  ]

  /// A NetCDF file of one smooth variable.
  private static func grid(
    _ name: String, inspected: String, _ fill: @escaping @Sendable (inout GridFile) throws -> Void
  ) -> FileKind {
    FileKind(
      name: name,
      make: { folder in
        var file = GridFile()
        try fill(&file)
        return try file.write(to: folder.path("grid.nc"))
      }, outputEnding: "nc", inspected: inspected)
  }

  private static func grib(_ name: String, _ sample: GRIBSample, inspected: String) -> FileKind {
    FileKind(
      name: name, make: { folder in try GRIBSample.write([sample], to: folder.path("field.grib")) }, outputEnding: "nc",
      inspected: inspected)
  }

  @Sendable private static func truth(_ place: GeographicPoint) -> Double {
    let (phi, lambda): (Double, Double) = (place.latitude * .pi / 180, place.longitude * .pi / 180)
    return 280 + 15 * cos(phi) + 3 * sin(lambda) * cos(phi)
  }

  /// A place of a grid whose rows and columns do not follow latitudes and longitudes.
  private static func tilted(row: Double, column: Double) -> GeographicPoint {
    GeographicPoint(latitude: -20 + 3 * row + 0.3 * column, longitude: 30 + 3 * column - 0.4 * row)
  }

  /// Places of about equal distances on the whole sphere.
  private static func lattice(_ count: Int) -> [GeographicPoint] {
    (try? SphereMesh.fibonacci(vertexCount: count).points) ?? []
  }
}

/// A NetCDF file that grows variable by variable.
private struct GridFile {
  private struct Entry {
    var name: String
    var dimensions: [String]
    var values: [Double]
    var texts: [String: String]
    var numbers: [String: Double]
  }

  private var lengths: [String: Int] = [:]
  private var entries: [Entry] = []

  mutating func scalar(_ name: String, _ texts: [String: String], _ numbers: [String: Double]) throws {
    entries.append(Entry(name: name, dimensions: [], values: [0], texts: texts, numbers: numbers))
  }

  /// A variable in kelvin unless its attributes say otherwise; a single dimension is as long as there are values.
  mutating func field(
    _ name: String, along dimensions: [String], _ values: [Double], _ texts: [String: String] = [:],
    lengths: [Int]? = nil
  ) throws {
    for (dimension, length) in zip(dimensions, lengths ?? [values.count]) { self.lengths[dimension] = length }
    entries.append(
      Entry(
        name: name, dimensions: dimensions, values: values,
        texts: ["units": "K"].merging(texts) { _, own in own }, numbers: [:]))
  }

  mutating func coordinates(
    _ places: [GeographicPoint], along dimensions: [String], names: (String, String), inRadians: Bool = false,
    lengths: [Int]? = nil
  ) throws {
    let scale = inRadians ? Double.pi / 180 : 1
    for (name, standardName, values, units) in [
      (names.0, "latitude", places.map(\.latitude), "degrees_north"),
      (names.1, "longitude", places.map(\.longitude), "degrees_east"),
    ] {
      try field(
        name, along: dimensions, values.map { $0 * scale },
        ["units": inRadians ? "radian" : units, "standard_name": standardName], lengths: lengths)
    }
  }

  func write(to path: String) throws -> String {
    let output = try NetCDFFileWriter(creating: path, reportedAs: path)
    var ids: [String: Int32] = [:]
    for (name, length) in lengths.sorted(by: { $0.key < $1.key }) {
      ids[name] = try output.defineDimension(name, length: length)
    }
    let variables = try entries.map { entry in
      let id = try output.defineVariable(
        entry.name, type: .double, dimensions: entry.dimensions.compactMap { ids[$0] })
      for (name, text) in entry.texts.sorted(by: { $0.key < $1.key }) where !text.isEmpty {
        try output.setAttribute(name, .text(text), of: id)
      }
      for (name, number) in entry.numbers.sorted(by: { $0.key < $1.key }) {
        try output.setAttribute(name, .numbers([number], .double), of: id)
      }
      return id
    }
    try output.endDefinitions()
    for (entry, id) in zip(entries, variables) {
      let count = entry.dimensions.map { lengths[$0] ?? 1 }
      try output.put(entry.values, variable: id, name: entry.name, start: count.map { _ in 0 }, count: count)
    }
    try output.close()
    return path
  }
}
