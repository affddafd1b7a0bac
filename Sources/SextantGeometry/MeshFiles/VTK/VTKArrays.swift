// What legacy and XML files of VTK have in common: arrays at points and cells with their names, and cells of which only
// those on a surface are kept.
//
// This package reads VTK's files itself. VTK is in Debian, but it brings a gigabyte of libraries with a graphical system
// and MPI, for four formats that are short to describe; nothing lighter there reads them all.

import Foundation

/// A named array of a VTK file.
struct VTKArray {
  var name: String
  var type: ArrayNumber
  /// The numbers of each point or cell.
  var componentCount: Int
  /// The numbers, those of a point or cell one after another.
  var values: [Double]
  /// What the file calls the array, such as "NORMALS"; empty if it says nothing.
  var role = ""

  /// The columns of the array, with a name for each component.
  var properties: [MeshProperty] {
    let names = componentNames
    return names.enumerated().map { component, name in
      let column = stride(from: component, to: values.count, by: componentCount).map { values[$0] }
      return MeshProperty(name: name, type: type.meshType(of: column), values: column)
    }
  }

  private var componentNames: [String] {
    if componentCount == 1 { return [name] }
    let plain = name.lowercased()
    if componentCount == 3, role == "NORMALS" || plain == "normals" { return ["nx", "ny", "nz"] }
    let colours = ["colours", "colors", "colour", "color", "rgb", "rgba"]
    if componentCount == 3 || componentCount == 4, role == "COLOR_SCALARS" || colours.contains(plain) {
      return Array(["red", "green", "blue", "alpha"].prefix(componentCount))
    }
    let letters = ["x", "y", "z"]
    return (0..<componentCount).map { componentCount <= 3 ? "\(name)_\(letters[$0])" : "\(name)_\($0 + 1)" }
  }
}

/// The cells of a VTK file, of which polygons are kept.
struct VTKCells {
  private(set) var polygons = PolygonList()
  /// The cell that each polygon came from.
  private(set) var cellOfPolygon: [Int] = []
  private(set) var count = 0
  private var lineCount = 0
  private var volumeCount = 0
  private var otherTypes: Set<Int> = []

  /// Adds a cell of one of VTK's types with its corners.
  mutating func add(type: Int, _ corners: ArraySlice<Int32>) {
    let c = Array(corners)
    switch type {
    case 1, 2, 0: break
    case 3, 4, 21, 35: lineCount += 1
    case 5, 7, 9: append(c)
    case 8 where c.count == 4: append([c[0], c[1], c[3], c[2]])
    case 6:
      for k in 0..<max(0, c.count - 2) {
        append(k.isMultiple(of: 2) ? [c[k], c[k + 1], c[k + 2]] : [c[k + 1], c[k], c[k + 2]])
      }
    // The corners, and then the points in the middle of the sides.
    case 22 where c.count == 6: append([c[0], c[3], c[1], c[4], c[2], c[5]])
    case 23 where c.count == 8: append([c[0], c[4], c[1], c[5], c[2], c[6], c[3], c[7]])
    case 10...16, 24...27, 29...33, 41, 42, 71...75, 78...80: volumeCount += 1
    default: otherTypes.insert(type)
    }
    count += 1
  }

  private mutating func append(_ corners: [Int32]) {
    polygons.append(corners)
    cellOfPolygon.append(count)
  }

  /// What is not kept, one line each.
  var omissions: [String] {
    var lines: [String] = []
    if lineCount > 0 { lines.append("\(lineCount) lines") }
    if volumeCount > 0 { lines.append("\(volumeCount) volume cells") }
    if !otherTypes.isEmpty {
      lines.append("cells of the VTK types \(otherTypes.sorted().map(String.init).joined(separator: ", "))")
    }
    return lines
  }

  /// Throws ``GeometryError/invalidMesh(_:)`` if there are cells and none of them lies on a surface.
  func checkSurface(path: String) throws {
    guard polygons.count == 0, !omissions.isEmpty else { return }
    throw GeometryError.invalidMesh(
      "\(path): the VTK file holds \(omissions.joined(separator: " and ")), and no cell of a surface: expected triangles, quadrilaterals or polygons, or points alone."
        + (volumeCount > 0
          ? " Extract the surface of the volume first, for example with ParaView's filter \"Extract Surface\", and save it as .vtp." : ""))
  }
}

extension MeshDocument {
  /// Adds the arrays at points and at cells, those of points with a value for each of them, and what the cells hold.
  mutating func take(
    _ cells: VTKCells, points: [VTKArray], cellArrays: [VTKArray]
  ) throws {
    try cells.checkSurface(path: path)
    polygons = cells.polygons
    omissions += cells.omissions
    for array in points {
      guard array.componentCount > 0, array.values.count == array.componentCount * vertexCount else {
        throw GeometryError.invalidMesh(
          "\(path): the array \"\(array.name)\" has \(array.values.count) numbers, but \(vertexCount) points with \(array.componentCount) each need \(array.componentCount * vertexCount).")
      }
      vertexProperties += array.properties.map { Self.distinct($0, among: vertexProperties) }
    }
    for array in cellArrays {
      guard array.componentCount > 0, array.values.count == array.componentCount * cells.count else {
        throw GeometryError.invalidMesh(
          "\(path): the array \"\(array.name)\" has \(array.values.count) numbers, but \(cells.count) cells with \(array.componentCount) each need \(array.componentCount * cells.count).")
      }
      faceProperties += array.properties.map { Self.distinct($0.gathering(cells.cellOfPolygon), among: faceProperties) }
    }
  }

  /// The property under a name that no other has.
  private static func distinct(_ property: MeshProperty, among others: [MeshProperty]) -> MeshProperty {
    var (result, number) = (property, 1)
    while result.name.isEmpty || others.contains(where: { $0.name == result.name }) {
      number += 1
      result.name = property.name.isEmpty ? "array_\(number - 1)" : "\(property.name)_\(number)"
    }
    return result
  }
}
