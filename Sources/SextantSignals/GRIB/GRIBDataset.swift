// A GRIB file as a dataset with dimensions, coordinates and variables, as cfgrib and CDO would make of it: the axes are
// found in the keys of the messages, and described in a NetCDF header in memory. Whatever reads NetCDF reads this; the
// values are decoded from the messages when they are asked for, and a place without a message is missing.

import Foundation

/// The dataset of a GRIB file.
struct GRIBDataset {
  /// The description, with the values behind it.
  let file: NetCDFFile
  let remarks: [Remark]

  /// Throws ``GRIBError``.
  init(_ path: String) throws {
    let index = try GRIBIndex(path)
    let axes = GRIBAxes(index)
    let output = try NetCDFFileWriter(inMemoryFor: path)
    var header = Header(output)
    let plans = try header.define(axes, of: index)
    var messages: [String: GRIBValues.Variable] = [:]
    var repeated = 0
    for plan in plans {
      var places: [[Int]: (offset: Int, number: Int)] = [:]
      for entry in index.entries where entry.variable == plan.key {
        let place = axes.place(of: entry, along: plan.axes)
        if places[place] == nil {
          places[place] = (entry.offset, entry.number)
        } else {
          repeated += 1
        }
      }
      messages[plan.name] = GRIBValues.Variable(messages: places, horizontal: header.horizontal.map(\.length))
    }
    let values = GRIBValues(path: path, variables: messages)
    file = try NetCDFFile(
      header: output.closeInMemory(), of: path, format: "GRIB edition \(index.edition)", values: values)
    remarks =
      repeated == 0
      ? []
      : [
        Remark(
          .warning, "repeated-messages",
          "\(repeated) GRIB messages repeat the variable, member, time and level of another one: the first of each is used.")
      ]
  }

  /// A variable of the dataset and its axes.
  private struct Plan {
    let key: GRIBIndex.VariableKey
    let name: String
    let axes: [GRIBAxes.Axis]
  }

  /// The header during its definition.
  private struct Header {
    private let output: NetCDFFileWriter
    private var dimensions: [String: Int32] = [:]
    private var lengths: [String: Int] = [:]
    private var pending: [(name: String, id: Int32, values: [Double], count: [Int])] = []
    private(set) var horizontal: [(name: String, length: Int)] = []

    init(_ output: NetCDFFileWriter) { self.output = output }

    mutating func define(_ axes: GRIBAxes, of index: GRIBIndex) throws -> [Plan] {
      try output.setAttribute("Conventions", .text("CF-1.8"))
      if let centre = index.centre { try output.setAttribute("GRIB_centre", .text(centre)) }
      for axis in axes.all { try dimension(axis.name, axis.values.count) }
      try defineHorizontal(index.grid)
      for axis in axes.all { try coordinate(axis.name, axis.values, along: [axis.name], axis.attributes) }
      for scalar in axes.scalars { try coordinate(scalar.name, scalar.values, along: [], scalar.attributes) }
      for other in axes.auxiliary { try coordinate(other.name, other.values, along: other.axes, other.attributes) }
      let plans = try axes.variables.map { variable in
        try define(variable, index.descriptions[variable.key], auxiliary: axes)
      }
      try output.endDefinitions()
      for variable in pending {
        try output.put(
          variable.values, variable: variable.id, name: variable.name, start: variable.count.map { _ in 0 },
          count: variable.count)
      }
      return plans
    }

    private mutating func dimension(_ name: String, _ length: Int) throws {
      dimensions[name] = try output.defineDimension(name, length: length)
      lengths[name] = length
    }

    private mutating func coordinate(
      _ name: String, _ values: [Double], along axes: [String], _ attributes: [(String, String)]
    ) throws {
      let id = try output.defineVariable(name, type: .double, dimensions: axes.compactMap { dimensions[$0] })
      for (attribute, text) in attributes { try output.setAttribute(attribute, .text(text), of: id) }
      pending.append((name, id, values, axes.map { lengths[$0] ?? 1 }))
    }

    private mutating func defineHorizontal(_ grid: GRIBGrid) throws {
      func degrees(_ name: String) -> [(String, String)] {
        [("standard_name", name), ("units", name == "latitude" ? "degrees_north" : "degrees_east")]
      }
      let (rows, columns): ((String, Int), (String, Int))
      switch grid.shape {
      case .rectilinear: (rows, columns) = (("latitude", grid.rows), ("longitude", grid.columns))
      case .curvilinear: (rows, columns) = (("y", grid.rows), ("x", grid.columns))
      case .cells:
        horizontal = [("cell", grid.rows)]
        try dimension("cell", grid.rows)
        try coordinate("latitude", grid.latitudes, along: ["cell"], degrees("latitude"))
        try coordinate("longitude", grid.longitudes, along: ["cell"], degrees("longitude"))
        return
      }
      horizontal = grid.columnsFirst ? [columns, rows] : [rows, columns]
      for (name, length) in horizontal { try dimension(name, length) }
      let along = horizontal.map(\.name)
      let isSeparate = grid.shape == .rectilinear
      try coordinate("latitude", grid.latitudes, along: isSeparate ? ["latitude"] : along, degrees("latitude"))
      try coordinate("longitude", grid.longitudes, along: isSeparate ? ["longitude"] : along, degrees("longitude"))
    }

    private func define(
      _ variable: GRIBAxes.PlacedVariable, _ description: GRIBIndex.VariableDescription?, auxiliary axes: GRIBAxes
    ) throws -> Plan {
      let own = variable.axes.map(\.name) + horizontal.map(\.name)
      // A chunk without values takes no room in the header.
      let chunk = variable.axes.map { _ in 1 } + horizontal.map(\.length)
      let id = try output.defineVariable(
        variable.name, type: .float, dimensions: own.compactMap { dimensions[$0] }, chunk: chunk)
      if let description {
        if !description.units.isEmpty { try output.setAttribute("units", .text(description.units), of: id) }
        for (name, text) in description.attributes { try output.setAttribute(name, .text(text), of: id) }
      }
      var named = axes.scalars.map(\.name) + axes.auxiliary.filter { $0.axes.allSatisfy(own.contains) }.map(\.name)
      if horizontal.count == 1 || horizontal.map(\.name).contains("y") { named += ["latitude", "longitude"] }
      if !named.isEmpty { try output.setAttribute("coordinates", .text(named.joined(separator: " ")), of: id) }
      return Plan(key: variable.key, name: variable.name, axes: variable.axes)
    }
  }
}
