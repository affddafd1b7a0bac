// A clean signal on a mesh made into one with gaps and noise: what `sextant degrade` runs where its input is not NetCDF.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantStorage

extension FileDegradation {
  /// Degrades every field of a signal on a mesh; `variables` and `landMask` have no meaning here.
  ///
  /// A .ply or .vtp file gets the mesh with all that its file had: the signal's properties are replaced, with not-a-number where a
  /// value is missing, and NAME_noise says how large the noise is. A .npy file gets V numbers, V×C or N×V×C.
  ///
  /// - Parameters:
  ///   - input: the clean signal, without a mask of its own.
  ///   - history: one line of provenance for the output.
  /// - Throws: ``RunError``, ``MeasurementError``, and what reading and writing throw.
  public func run(on input: SurfaceInput, output: String, overwrite: Bool, history: String) throws -> Summary {
    let outputs = try SurfaceAnswerFiles(output)
    try WholeFile.checkIsFree(output, overwrite: overwrite)
    let opened = try input.open(for: nil, seed: seed)
    let fields = opened.fields
    var document = opened.document
    try outputs.checkThatTheyTake(fields, of: input)
    let deviations = try noise.map { level in
      try level.deviations(vertexCount: fields.vertexCount, variables: fields.variables) { name in
        try input.numbers(name, document: document).map(Float.init)
      }
    }
    let source = DegradedSource(
      fields, mask: mask, inputs: MeasurementInputs(on: fields.domain, landShare: nil), noise: deviations,
      seed: RandomStream(seed: seed).split("degrade"))
    let degraded = try source.read(Array(0..<fields.count))
    let values = zip(degraded.values.scalars, degraded.isValid).map { $1 ? $0 : Float.nan }
    if outputs.isArray {
      try NPYFile.write(
        Tensor(values, shape: SurfaceAnswerFiles.shape(of: fields)), to: output, overwrite: overwrite)
    } else {
      for (channel, variable) in fields.variables.enumerated() {
        func own(_ all: [Float]) -> [Float] {
          stride(from: channel, to: all.count, by: fields.channelCount).map { all[$0] }
        }
        try document.setVertexProperty(MeshProperty(signal: variable.name, values: own(values)))
        guard let deviations else { continue }
        try document.setVertexProperty(MeshProperty(name: "\(variable.name)_noise", values: own(deviations)))
      }
      document.comments.append(history)
      try MeshFile.write(document, to: output, overwrite: overwrite)
    }
    return try summary(fields, deviations)
  }
}
