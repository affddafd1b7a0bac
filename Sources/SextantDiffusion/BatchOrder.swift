// Which of N fields make up the batch of a step: all of them once in every epoch, in an order of the epoch's own. A
// function of the step alone, so that nothing of it has to be kept in a checkpoint.

import SextantArrays

/// The order in which a training sees its fields.
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
