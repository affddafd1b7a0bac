// Images from a mixture of Gaussians of their patches: every patch has its exact posterior given the values measured in it,
// a mixture again, and a pixel takes the mean of the posteriors of all patches that contain it, each with a weight of one over
// its variance there. This is the aggregation of Zoran and Weiss (2011) with posterior means instead of most probable values.
//
// The spread follows from the patches: the expected squared error of the mean over patches is the mean of their variances less the
// variance of their means (PatchSum). It is exact where the posterior of each patch is, and not the posterior's of the whole
// image, because patches do not see what lies farther away. Samples add deviations of half-overlapping patches, drawn from the posterior of each
// and scaled to the spread: neighbours within a patch deviate together, as in its posterior.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// Recovers images under a mixture of Gaussians of patches, from measurements of single values.
struct PatchMixtureSolver: DirectSolver {
  let name = "patch mixture"
  private let mixture: PatchMixture
  private let raster: Raster
  private let step: Int
  /// The factors of the covariances of the components (K), for draws.
  private let factors: [CholeskyFactor<Float>]

  /// The patches that are worked on together.
  private static let bandSize = 4096
  /// Components with a smaller probability have no part in a patch.
  private static let leastWeight: Float = 1e-3
  /// A noise variance below this share of a pixel's own counts as nearly none.
  private static let nearlyExactShare: Float = 1e-3
  /// Images of more pixels take every second patch in either direction.
  private static let denseLimit = 1_000_000

  /// Makes the solver. Throws `MethodError`, `LinearAlgebraError`.
  init(_ mixture: PatchMixture, on domain: any Domain) throws {
    // On a grid of the sphere, columns meet at the poles, of which patches know nothing.
    guard domain.isImage, let raster = domain.raster else {
      throw MethodError.noRaster(method: "patches", domain: domain.summary)
    }
    self.raster = raster
    step = raster.vertexCount > Self.denseLimit ? 2 : 1
    // Samples need factors of the covariances themselves, without noise.
    (self.mixture, factors) = try mixture.factorised()
  }

  func check(_ operation: any LinearOperator) throws {
    let size = raster.vertexCount * mixture.channelCount
    guard operation.inputCount == size else {
      throw MeasurementError.sizeMismatch(what: "The operator", expected: size, found: operation.inputCount)
    }
    _ = try selection(
      of: operation,
      hint: "Use kriging or eof for blurs and projections; a patch sees only the values that were measured in it.")
  }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    try measurement.model.checkNoise()
    let entries = try selection(of: measurement.operation, hint: "")
    let (channels, side) = (mixture.channelCount, mixture.side)
    // An image that is smaller than a patch is a part of a larger one of which nothing more was measured.
    let (rows, columns) = (max(raster.rows, side), max(raster.columns, side))
    func place(_ entry: Int) -> Int {
      let (vertex, channel) = entry.quotientAndRemainder(dividingBy: channels)
      return (vertex / raster.columns * columns + vertex % raster.columns) * channels + channel
    }
    var image = MeasuredImage(count: rows * columns * channels)
    for (row, entry) in entries.enumerated() {
      let (origin, scale) = (mixture.origins[entry % channels], mixture.scales[entry % channels])
      image.add((measurement.values[row] - origin) / scale, deviation: measurement.noise[row] / scale, at: place(entry))
    }
    image.finish()
    let base = random.split(Int(bitPattern: UInt(random.next())))
    var sum = PatchSum(count: image.values.count, samples: samples)
    let tops = Self.starts(rows, side: side, step: step)
    let lefts = Self.starts(columns, side: side, step: step)
    let drawn = (
      Set(Self.starts(rows, side: side, step: max(1, side / 2))),
      Set(Self.starts(columns, side: side, step: max(1, side / 2)))
    )
    let places = tops.flatMap { top in lefts.map { (top: top, left: $0) } }
    for start in stride(from: 0, to: places.count, by: Self.bandSize) {
      let band = places[start..<min(places.count, start + Self.bandSize)]
      var groups: [[Float]: [PatchSum.Patch]] = [:]
      var keys: [[Float]] = []
      for (number, (top, left)) in zip(band.indices, band) {
        let inside = (0..<side).flatMap { i in
          let first = ((top + i) * columns + left) * channels
          return first..<first + side * channels
        }
        let key = inside.map { image.variances[$0] }
        if groups[key] == nil { keys.append(key) }
        groups[key, default: []].append(
          PatchSum.Patch(
            number: number, entries: inside,
            isDrawn: samples > 0 && (drawn.0.contains(top) || step > 1 && top % (side / 2) < step)
              && (drawn.1.contains(left) || step > 1 && left % (side / 2) < step)))
      }
      for key in keys { try solve(groups[key] ?? [], variances: key, image, into: &sum, base: base) }
    }
    sum.finish()
    func own(_ values: [Float], _ body: (Float, Int) -> Float) -> [Float] {
      (0..<raster.vertexCount * channels).map { body(values[place($0)], $0 % channels) }
    }
    let (origins, scales) = (mixture.origins, mixture.scales)
    let members = sum.members().map { tensor -> Tensor<Float> in
      let wide = tensor.columnCount
      let kept = (0..<raster.vertexCount * channels).map(place)
      return tensor.withUnsafeScalars { source in
        Tensor(shape: [samples, kept.count]) { out in
          for n in 0..<samples {
            for (entry, from) in kept.enumerated() {
              out[n * kept.count + entry] =
                origins[entry % channels] + scales[entry % channels] * source[n * wide + from]
            }
          }
        }
      }
    }
    return Posterior(
      mean: own(sum.mean) { origins[$1] + scales[$1] * $0 }, spread: own(sum.spread) { scales[$1] * $0 },
      samples: members)
  }

  /// The first rows of patches: every `step`-th, and the last.
  private static func starts(_ count: Int, side: Int, step: Int) -> [Int] {
    let last = count - side
    let regular = Array(stride(from: 0, through: last, by: step))
    return regular.last == last ? regular : regular + [last]
  }

  /// The posteriors of patches that were measured at the same of their pixels, with the same noise.
  private func solve(
    _ patches: [PatchSum.Patch], variances: [Float], _ image: MeasuredImage, into sum: inout PatchSum,
    base: RandomStream
  ) throws {
    let (count, d) = (mixture.count, mixture.dimension)
    let observed = variances.indices.filter { variances[$0].isFinite }
    let noise = observed.map { variances[$0] }
    let values = Tensor<Float>(
      patches.flatMap { patch in observed.map { image.values[patch.entries[$0]] } },
      shape: [patches.count, observed.count])
    /// What a component knows of the patches: L⁻¹·Σ(observed, all), and L; none where nothing was measured.
    var parts: [(half: Tensor<Float>, factor: CholeskyFactor<Float>?)] = []
    var weights = Tensor<Float>.zeros([patches.count, count])
    for k in 0..<count {
      let mean = mixture.means.row(k).scalars
      var constant = log(mixture.weights[k])
      var squares: [Float]?
      if observed.isEmpty {
        parts.append((.zeros([0, d]), nil))
      } else {
        let known = mixture.covariances[k].gatheringRows(observed)
        let factor = try CholeskyFactor(known.gatheringColumns(observed).addingDiagonal(noise))
        constant -= Float(factor.logDeterminant / 2)
        squares = factor.squaredDistances(of: values, from: observed.map { mean[$0] })
        parts.append((factor.solveLower(known), factor))
      }
      weights.withUnsafeMutableScalars { out in
        for i in patches.indices { out[i * count + k] = constant - (squares?[i] ?? 0) / 2 }
      }
    }
    _ = weights.normaliseExponentials()
    weights.withUnsafeMutableScalars { weights in
      for i in patches.indices {
        let row = i * count..<(i + 1) * count
        for place in row where weights[place] < Self.leastWeight { weights[place] = 0 }
        let kept = row.reduce(Float(0)) { $0 + weights[$1] }
        for place in row { weights[place] /= kept }
      }
    }
    let shares = weights.scalars
    // The moments of the mixtures: Σ w·m, and then Σ w·(v + (m − Σ w·m)²), which loses no digits where a variance is small.
    let found = weights.rowsOfColumns(above: 0).enumerated().map { k, part in
      (
        rows: part.rows,
        means: part.rows.isEmpty ? [] : conditionalMeans(k, parts[k], values.gatheringRows(part.rows), observed).scalars
      )
    }
    var means = [Float](repeating: 0, count: patches.count * d)
    var moments = means
    for (k, part) in found.enumerated() {
      for (row, i) in part.rows.enumerated() {
        let weight = shares[i * count + k]
        for j in 0..<d { means[i * d + j] += weight * part.means[row * d + j] }
      }
    }
    for (k, part) in found.enumerated() where !part.rows.isEmpty {
      let own = try conditionalVariances(k, parts[k].half, parts[k].factor, noise, observed)
      for (row, i) in part.rows.enumerated() {
        let weight = shares[i * count + k]
        for j in 0..<d {
          let deviation = part.means[row * d + j] - means[i * d + j]
          moments[i * d + j] += weight * (own[j] + deviation * deviation)
        }
      }
    }
    for (i, patch) in patches.enumerated() {
      let mean = Array(means[i * d..<(i + 1) * d])
      let variance = (0..<d).map { max(moments[i * d + $0], 1e-12) }
      sum.add(patch, mean: mean, variance: variance)
      guard patch.isDrawn else { continue }
      let own = Array(shares[i * count..<(i + 1) * count])
      var random = base.split(patch.number)
      sum.add(
        patch,
        deviations: draws(
          sum.sampleCount, own, parts, values.rows(i..<i + 1), mean, noise, observed, using: &random),
        variance: variance, side: mixture.side, channelCount: mixture.channelCount)
    }
  }

  /// The mean of component `k` given the measured values of some patches (rows×observed): rows×d.
  private func conditionalMeans(
    _ k: Int, _ part: (half: Tensor<Float>, factor: CholeskyFactor<Float>?), _ values: Tensor<Float>, _ observed: [Int]
  ) -> Tensor<Float> {
    let mean = mixture.means.row(k).scalars
    guard let factor = part.factor else {
      return Tensor<Float>.zeros([values.rowCount, mean.count]).subtractingRow(mean.map { -$0 })
    }
    let white = factor.solveLower(rows: values.subtractingRow(observed.map { mean[$0] }))
    return matrixProduct(white, part.half).subtractingRow(mean.map { -$0 })
  }

  /// The variances of component `k` given measured values (d).
  private func conditionalVariances(
    _ k: Int, _ half: Tensor<Float>, _ factor: CholeskyFactor<Float>?, _ noise: [Float], _ observed: [Int]
  ) throws -> [Float] {
    let prior = mixture.covariances[k].diagonal
    guard let factor else { return prior }
    var result = zip(prior, half.columnSquaredNorms()).map { max($0 - Float($1), 0) }
    // A nearly exact pixel: the difference above has no digit left, and n − n²·(Σ + N)⁻¹ⱼⱼ has all.
    let exact = observed.indices.filter { noise[$0] < Self.nearlyExactShare * prior[observed[$0]] }
    if !exact.isEmpty {
      let inverse = factor.solveLower(Tensor<Float>.identity(observed.count)).columnSquaredNorms()
      for row in exact { result[observed[row]] = noise[row] * max(1 - noise[row] * Float(inverse[row]), 0) }
    }
    return result
  }

  /// Draws from the posterior of a patch, less its mean (N×d).
  private func draws(
    _ samples: Int, _ weights: [Float],
    _ parts: [(half: Tensor<Float>, factor: CholeskyFactor<Float>?)], _ values: Tensor<Float>, _ mean: [Float],
    _ noise: [Float], _ observed: [Int], using random: inout RandomStream
  ) -> Tensor<Float> {
    let d = mixture.dimension
    let choices = (0..<samples).map { _ in
      random.categorical(weights.map(Double.init), total: Double(weights.reduce(0, +))) ?? 0
    }
    var result = Tensor<Float>.zeros([samples, d])
    for k in Set(choices).sorted() {
      let own = choices.indices.filter { choices[$0] == k }
      // A draw of the prior, less what its own values measured with noise say of it.
      let free: Tensor<Float> = random.normals([own.count, d])
      var deviations = factors[k].multiplyLower(rows: free)
      if let factor = parts[k].factor {
        let errors: Tensor<Float> = random.normals([own.count, observed.count])
        let measured = deviations.gatheringColumns(observed) + errors.scalingColumns(by: noise.map { $0.squareRoot() })
        deviations = deviations - matrixProduct(factor.solveLower(rows: measured), parts[k].half)
      }
      let centre = conditionalMeans(k, parts[k], values, observed).scalars
      let shifted = deviations.subtractingRow(zip(mean, centre).map { $0 - $1 })
      for (i, sample) in own.enumerated() { result.replaceRows(from: sample, with: shifted.rows(i..<i + 1)) }
    }
    return result
  }
}

/// The values and the noise variances of an image; a variance is infinite where nothing was measured.
private struct MeasuredImage {
  var values: [Float]
  var variances: [Float]

  init(count: Int) {
    values = [Float](repeating: 0, count: count)
    variances = [Float](repeating: 0, count: count)
  }

  /// Adds a measurement of an entry: several of one entry count together.
  mutating func add(_ value: Float, deviation: Float, at entry: Int) {
    let precision = 1 / (deviation * deviation)
    values[entry] += precision * value
    variances[entry] += precision
  }

  /// Turns sums into means and variances.
  mutating func finish() {
    for entry in values.indices {
      if variances[entry] > 0 { values[entry] /= variances[entry] }
      variances[entry] = 1 / variances[entry]
    }
  }
}

extension Method {
  /// The mixture of Gaussians of image patches.
  public static let patches = Method(
    name: "patches", title: "mixture of patches",
    traits: Traits(answersInStates: false, answersAnySize: true), needs: .patches, handles: [.selection]
  ) { context in
    guard let mixture = context.model.patches else {
      throw MethodError.missingPart(.patches, model: context.model.provenance.name)
    }
    return try PatchMixtureSolver(mixture, on: context.space.domain)
  }
}
