// Loads a mesh file, hides half of a signal on it, fills the gaps and prints the error.

import Sextant

@main
struct Fill {
  static func main() throws {
    guard CommandLine.arguments.count == 2 else { throw Complaint(text: "usage: fill MESH") }
    let surface = try SurfaceMesh(MeshFile.read(CommandLine.arguments[1]))
    let truth = surface.nodeOfVertex.map { node in
      let place = surface.nodePositions[Int(node)]
      return Float(place.x * place.y + place.z)
    }

    // Half of the vertices are observed, with noise of standard deviation 0.01.
    var random = RandomStream(seed: 1)
    let isObserved = truth.map { _ in random.uniform() < 0.5 }
    let observation = SelectionOperator(observed: isObserved)
    let noise: Tensor<Float> = random.normals([observation.outputCount])
    let values = zip(observation.apply(Tensor(truth, shape: [1, truth.count])).scalars, noise.scalars).map { $0 + 0.01 * $1 }
    let measurement = FieldMeasurement(
      values: values, noise: [Float](repeating: 0.01, count: values.count), operation: observation)

    let solver = HarmonicSolver(domain: surface, channelCount: 1)
    let filled = try solver.posterior(given: measurement, samples: 0, using: &random).mean

    func rootMeanSquare(_ values: [Float]) -> Double {
      (values.reduce(0) { $0 + Double($1 * $1) } / Double(values.count)).squareRoot()
    }
    let hidden = truth.indices.filter { !isObserved[$0] }
    let error = rootMeanSquare(hidden.map { filled[$0] - truth[$0] })
    let signal = rootMeanSquare(hidden.map { truth[$0] })
    print("\(truth.count) vertices, \(hidden.count) hidden: the error is \(error) where the signal is \(signal)")
    guard error < 0.2 * signal else { throw Complaint(text: "the error is too large") }
  }
}

/// What went wrong, for the caller of the program.
struct Complaint: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}
