// Fields that are cheap to generate at any size: 48 plane waves of random direction, length and phase, evaluated on the
// sphere, with random amplitudes, and white noise. A seed determines every number.

import Foundation
import Sextant

/// A generator of fields on one domain.
struct SyntheticArchive {
  let domain: any Domain
  /// The waves at each vertex (48×V).
  private let waves: Tensor<Float>
  private static let waveCount = 48
  private let random = RandomStream(seed: 25)

  init(on domain: any Domain) {
    self.domain = domain
    let positions = domain.positions
    var stream = random.split("waves")
    let waves = (0..<Self.waveCount).map { index in
      // Long waves carry most of the variance.
      let length = 2 + 10 * Double(index) / Double(Self.waveCount)
      let direction = SIMD3(stream.normal(), stream.normal(), stream.normal())
      return (vector: direction * length / 1.7, phase: stream.uniform(in: 0..<2 * .pi), amplitude: 2 / length)
    }
    self.waves = Tensor(shape: [waves.count, positions.count]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEach(waves.count) { row in
        let wave = waves[row]
        for (j, position) in positions.enumerated() {
          target[row * positions.count + j] = Float(wave.amplitude * cos((wave.vector * position).sum() + wave.phase))
        }
      }
    }
  }

  /// `count` fields (count×V), which differ between purposes.
  private func values(_ count: Int, for purpose: String) -> Tensor<Float> {
    var stream = random.split(purpose)
    let amplitudes: Tensor<Float> = stream.normals([count, Self.waveCount])
    var fields = matrixProduct(amplitudes, waves)
    fields.add(stream.normals(fields.shape), scaledBy: 0.1)
    return fields
  }

  /// An archive of `count` fields of one variable.
  func fields(_ count: Int) -> SignalSet {
    let vertices = domain.vertexCount
    return SignalSet(
      domain: domain, variables: [Variable(name: "x")],
      values: values(count, for: "archive").reshaped(to: [count, vertices, 1]),
      isValid: [Bool](repeating: true, count: count * vertices),
      labels: [FieldLabel](repeating: FieldLabel(), count: count))
  }

  /// Two vertices in five.
  func mask() -> any LinearOperator {
    var stream = random.split("mask")
    return SelectionOperator(observed: (0..<domain.vertexCount).map { _ in stream.uniform() < 0.4 })
  }

  /// The mean of every eighth vertex and the next.
  func means() -> any LinearOperator {
    let first = Array(stride(from: 0, to: domain.vertexCount - 1, by: 8))
    return SparseOperator(
      SparseMatrix(
        rowCount: first.count, columnCount: domain.vertexCount,
        entries: first.enumerated().flatMap { row, vertex in [(row, vertex, 0.5), (row, vertex + 1, 0.5)] }))
  }

  /// Other fields, measured by one operator with noise of standard deviation 0.3.
  func measurements(_ count: Int, by operation: any LinearOperator) -> [FieldMeasurement] {
    var stream = random.split("series")
    var seen = operation.apply(values(count, for: "truth"))
    seen.add(stream.normals(seen.shape), scaledBy: 0.3)
    let noise = [Float](repeating: 0.3, count: operation.outputCount)
    return (0..<count).map { row in
      FieldMeasurement(values: seen.row(row).scalars, noise: noise, operation: operation)
    }
  }

  /// Another field, of which two vertices in five were measured with noise of standard deviation 0.3.
  func measurement() -> FieldMeasurement {
    var stream = random.split("mask")
    let isObserved = (0..<domain.vertexCount).map { _ in stream.uniform() < 0.4 }
    let operation = SelectionOperator(observed: isObserved)
    var seen = operation.apply(values(1, for: "truth"))
    seen.add(stream.normals(seen.shape), scaledBy: 0.3)
    return FieldMeasurement(
      values: seen.scalars, noise: [Float](repeating: 0.3, count: seen.count), operation: operation)
  }
}
