// The network that shows a convolutional flow its condition: feature maps at the resolution of each level of the flow, and numbers for
// its dense couplings (as in AmbientFlow: two convolutions at the finest level, two with a stride before the second level, one with a
// stride before each further one, then the mean over squares of pixels and a dense layer).

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Feature maps of a condition.
struct ConditioningNetwork<Scalar: TensorScalar>: Sendable {
  private static var slope: Scalar { 0.01 }

  /// The convolutions of each level; the last one of each but the first halves the resolution.
  private let convolutions: [[StencilLayer<Scalar>]]
  private let dense: Dense<Scalar>
  private let stencils: [(same: Stencil, down: Stencil?)]
  /// The pixels of the last level, square after square, and the number of them in a square.
  private let squares: (order: [Int32], count: Int)

  init(
    _ configuration: ConvolutionalFlowConfiguration, rows: Int, columns: Int, channels: Int,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    let widths = configuration.levels.map(\.conditionWidth)
    (convolutions, dense) = builder.scope("condition") { builder in
      let convolutions = widths.indices.map { level in
        let before = level == 0 ? channels : widths[level - 1]
        return (0..<(level < 2 ? 2 : 1)).map { place in
          StencilLayer<Scalar>(
            "level.\(level).conv.\(place)", inputs: place == 0 ? before : widths[level], outputs: widths[level], neighbours: 9,
            initial: .uniformByInputs, in: &builder)
        }
      }
      let last = widths.count - 1
      let pixels = (rows >> last) * (columns >> last) / (configuration.dense.pooling * configuration.dense.pooling)
      return (
        convolutions,
        Dense("dense", inputs: pixels * widths[last], outputs: configuration.dense.conditionWidth, in: &builder)
      )
    }
    stencils = widths.indices.map { level in
      let (own, others) = (rows >> level, columns >> level)
      return (
        ArrayLattice.window(rows: own, columns: others, offsets: -1...1, stride: 1),
        level + 1 < widths.count ? ArrayLattice.window(rows: own, columns: others, offsets: -1...1, stride: 2) : nil
      )
    }
    let last = widths.count - 1
    let side = configuration.dense.pooling
    squares = (PixelSquares.order(rows: rows >> last, columns: columns >> last, side: side), side * side)
  }

  /// The feature maps (P×V_l×width of each level) and the numbers of the dense couplings (P×width) of a condition (P×V×channels).
  func callAsFunction(
    _ condition: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> (maps: [DifferentiableTensor<Scalar>], numbers: DifferentiableTensor<Scalar>) {
    var maps: [DifferentiableTensor<Scalar>] = []
    var h = condition
    for (level, layers) in convolutions.enumerated() {
      for (place, layer) in layers.enumerated() {
        if level > 0 || place > 0 { h = h.leakyReLU(slope: Self.slope) }
        let halves = level > 0 && place == layers.count - 1
        // The convolutions before the step of a level still see the pixels of the level before.
        let stencil = level == 0 ? stencils[0].same : halves ? stencils[level - 1].down : stencils[level - 1].same
        guard let stencil else { preconditionFailure("A level without a step to it") }
        h = layer(h, stencil, in: pass)
      }
      maps.append(h)
    }
    h = h.leakyReLU(slope: Self.slope)
    let (batch, channels) = (h.shape[0], h.shape[2])
    let count = squares.order.count / squares.count
    let gathered = gatherRows(h, squares.order).reshaped(to: [batch, count, squares.count * channels])
    let share = Scalar(1 / Double(squares.count))
    let mean = Tensor<Scalar>(
      (0..<channels).flatMap { channel in (0..<squares.count * channels).map { $0 % channels == channel ? share : 0 } },
      shape: [channels, squares.count * channels])
    let pooled = SextantAutodiff.dense(gathered, weight: pass.tape.constant(mean), bias: nil)
    return (maps, dense(pooled.reshaped(to: [batch, count * channels]), in: pass))
  }
}

/// Pixels in the order of the squares that they form.
enum PixelSquares {
  /// The pixels of an image (row · columns + column), square after square, row by row within each.
  static func order(rows: Int, columns: Int, side: Int) -> [Int32] {
    var order: [Int32] = []
    order.reserveCapacity(rows * columns)
    for row in 0..<rows / side {
      for column in 0..<columns / side {
        for down in 0..<side {
          for across in 0..<side { order.append(Int32((row * side + down) * columns + column * side + across)) }
        }
      }
    }
    return order
  }
}
