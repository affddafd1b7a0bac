// The mixture of patches of an archive of images: patches at random places, whole and without gaps, as many of each image.

import SextantArrays
import SextantGeometry
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

extension PatchSettings {
  /// Learns the mixture of the images of an archive.
  ///
  /// - Parameters:
  ///   - source: the images.
  ///   - indices: those that are learned from.
  ///   - random: chooses places and first components.
  /// - Throws: ``RunError`` for fields that are no images, `PriorError`, what reading throws, ``InterruptionError``.
  func learn(
    from source: any SignalSource, indices: [Int], using random: RandomStream, progress: any ProgressObserver,
    interruption: Interruption
  ) throws -> PatchMixture {
    guard source.domain.isImage, let raster = source.domain.raster, raster.rows >= side, raster.columns >= side else {
      throw RunError.invalid(
        "patches: the archive is on \(source.domain.summaryWithArticle), and patches of \(side)×\(side) need images of at least as many rows and columns. Make patches.side smaller, or leave the section out."
      )
    }
    guard count >= 2 * components else {
      throw RunError.invalid(
        "patches: {count: \(count)}: \(components) components are learned from \(2 * components) patches or more. Make patches.count larger, or patches.components smaller.")
    }
    let channels = source.variables.count
    let deviations = try noise.deviations(vertexCount: 1, variables: source.variables, peaks: [:])
    let places = (raster.rows - side + 1) * (raster.columns - side + 1)
    // A place is drawn again where it meets a gap, but not for ever.
    let each = min(places, max(1, (count + indices.count - 1) / max(1, indices.count)))
    var patches: [Float] = []
    var field = 0
    try source.forEachChunk(of: indices) { chunk in
      try interruption.check()
      let size = chunk.vertexCount * channels
      chunk.values.withUnsafeScalars { values in
        for row in 0..<chunk.count where patches.count < count * side * side * channels {
          var stream = random.split("places").split(field)
          field += 1
          var order = Array(0..<places)
          order.shuffle(using: &stream)
          var taken = 0
          for place in order where taken < each {
            let (top, left) = place.quotientAndRemainder(dividingBy: raster.columns - side + 1)
            let entries = (0..<side).flatMap { i in
              let first = row * size + ((top + i) * raster.columns + left) * channels
              return first..<first + side * channels
            }
            guard entries.allSatisfy({ chunk.isValid[$0] }) else { continue }
            patches += entries.map { values[$0] }
            taken += 1
          }
        }
      }
    }
    let d = side * side * channels
    let training = PatchTraining(side: side, components: components, rounds: rounds)
    progress.start("patches", unit: "round", count: rounds)
    defer { progress.finish() }
    return try training.learn(
      from: Tensor(patches, shape: [patches.count / d, d]), noise: deviations, identity: canonicalText(),
      using: random.split("components")
    ) { round, _ in
      try interruption.check()
      progress.advance(to: round)
    }
  }
}
