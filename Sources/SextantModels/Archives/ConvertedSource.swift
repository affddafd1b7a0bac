// Fields of a file in the units of a model, converted while they are read.

import SextantArrays
import SextantGeometry
import SextantSignals

/// A source whose values are in other units than those of the source that it reads.
package struct ConvertedSource: SignalSource {
  private let source: any SignalSource
  private let match: UnitConversion
  package let variables: [Variable]

  package var domain: any Domain { source.domain }
  package var labels: [FieldLabel] { source.labels }

  /// - Parameter variables: one for each of the source's, with the units that are wanted; its names are kept.
  /// - Throws: ``UnitsError`` where a conversion is not certain.
  package init(_ source: any SignalSource, inUnitsOf variables: [Variable]) throws {
    self.source = source
    match = try UnitConversion(file: source.variables, model: variables)
    self.variables = zip(source.variables, variables).map { own, wanted in
      var variable = own
      variable.units = wanted.units
      return variable
    }
  }

  package func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try source.read(indices)
    fields.variables = variables
    guard !match.isIdentity else { return fields }
    let (channels, flags) = (fields.channelCount, fields.isValid)
    fields.values.withUnsafeMutableScalars { values in
      for entry in values.indices where flags[entry] {
        values[entry] = match.toModel(values[entry], channel: entry % channels)
      }
    }
    return fields
  }
}
