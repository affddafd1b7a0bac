// The choice of the fields in the batch of a step: every field once per epoch, in an order that depends on the epoch.
// It is a function of the step alone, so a checkpoint need not store it.

import SextantArrays

/// The order in which a training uses its fields.
struct BatchOrder: Sendable {
  let count: Int
  let batch: Int
  let random: RandomStream

  /// The indices (B) of the fields of step `step`.
  func indices(atStep step: Int) -> [Int] {
    var epoch = -1
    var order: [Int] = []
    return (step * batch..<(step + 1) * batch).map { place in
      if place / count != epoch {
        epoch = place / count
        var stream = random.split(epoch)
        order = Array(0..<count).shuffled(using: &stream)
      }
      return order[place % count]
    }
  }
}
