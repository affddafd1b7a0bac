// Which fields of which file a command works on, and which of their values count: the same for every command and every format.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantSolvers

/// Fields of a file.
public struct SignalInput: Sendable, Equatable, Encodable {
  /// The file.
  public var path: String
  /// The mesh that the values belong to, for files that do not hold it; nil where the file or a model has the domain.
  public var mesh: String?
  /// The variables, in this order; nil for those of the model, or else the format's default.
  public var variables: [String]?
  /// Keeps fields whose coordinate has one of these values.
  public var select: [String: [String]]
  /// Settings of the format, such as the columns of a table of observations and the times that make one field.
  public var settings: [String: String]
  /// Values count as missing where one of these holds.
  public var missing: [MissingCondition]
  /// Whether values that look like undeclared fill values are taken for measurements.
  public var acceptsValues: Bool

  public init(
    _ path: String, mesh: String? = nil, variables: [String]? = nil, select: [String: [String]] = [:],
    settings: [String: String] = [:], missing: [MissingCondition] = [], acceptsValues: Bool = false
  ) {
    self.path = path
    self.mesh = mesh
    self.variables = variables
    self.select = select
    self.settings = settings
    self.missing = missing
    self.acceptsValues = acceptsValues
  }

  /// Opens the fields as they are.
  ///
  /// - Parameters:
  ///   - content: Whether measured values or estimates are wanted.
  ///   - formats: The formats that are known.
  /// - Throws: `FileError`, `SignalFormatError`, and what the format throws.
  public func open(
    content: SignalRequest.Content = .fields, formats: [any SignalFormat] = .standard
  ) throws -> any SignalDocument {
    try open(SignalRequest(path: path, content: content), formats: formats)
  }

  /// Opens the fields for an output of the same form.
  ///
  /// - Parameters:
  ///   - space: The space of a model, which gives names and units of variables, and a domain to values that have none.
  ///     Without one, numbers that single precision would round too much are held relative to an offset, which is added
  ///     again in the output.
  ///   - keepsOffsets: Whether numbers are held as they are in any case, because fields of other files are compared with them.
  ///   - formats: The formats that are known.
  /// - Throws: `FileError`, `SignalFormatError`, and what the format throws.
  public func open(
    for space: FieldSpace?, keepsOffsets: Bool = false, formats: [any SignalFormat] = .standard
  ) throws -> any SignalDocument {
    try open(
      SignalRequest(
        path: path, expectedVariables: space?.variables, domain: space?.domain, removesOffsets: space == nil && !keepsOffsets),
      formats: formats)
  }

  /// Opens the fields that a request describes but for what is said here.
  private func open(_ request: SignalRequest, formats: [any SignalFormat]) throws -> any SignalDocument {
    var request = request
    (request.geometry, request.variables, request.select) = (mesh, variables, select)
    (request.settings, request.missing, request.acceptsValues) = (settings, missing, acceptsValues)
    return try formats.open(request)
  }
}

extension HeldOutSource {
  /// A document of whose values a design holds some out.
  ///
  /// - Parameters:
  ///   - design: Draws what is left, anew for each field. It has to be a mask.
  ///   - landShare: The share of land at each vertex (V), for masks that need it.
  ///   - seed: Field n is drawn from the n-th stream of it.
  package init(
    _ document: any SignalDocument, by design: AnyMeasurementDesign, landShare: [Float]?, seed: UInt64,
    formats: [any SignalFormat]
  ) {
    let inputs = MeasurementInputs(on: document.domain, landShare: landShare, formats: formats)
    let domain = document.domain
    self.init(document) { index, isValid in
      var random = RandomStream(seed: seed).split("mask").split(index)
      let context = try MeasurementContext(
        domain: domain, isValid: isValid, inputs: inputs,
        series: SeriesPlace(step: index, stream: RandomStream(seed: seed).split("mask")))
      guard let entries = try design.draw(in: context, using: &random).selectedEntries else {
        throw RunError.invalid(
          "--mask \(design): this design is not a mask: it does not leave values as they are. Values can be held out by a mask only, such as random:0.3."
        )
      }
      var isLeft = [Bool](repeating: false, count: isValid.count)
      for entry in entries { isLeft[entry] = true }
      return isLeft
    }
  }
}
