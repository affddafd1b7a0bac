// A conditional flow on images: levels of couplings with convolutions, between which pixels become channels and a part of the channels
// leaves, and dense couplings of what is left. The condition is an image of the same size, seen through a network of its own
// (AmbientFlow's CondConvINN; see ConvolutionalFlowConfiguration). Two things differ from that program: the last layers of the
// couplings start at 0, so that the untrained flow is linear, and the mask can be a part of the condition.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks

/// A conditional flow of convolutional couplings on the pixels of images.
public struct ConvolutionalFlow<Scalar: TensorScalar>: ConditionalFlow {
  public let dimension: Int
  public let conditionWidth: Int
  /// All settings of the flow.
  public let configuration: ConvolutionalFlowConfiguration
  /// The size of the images.
  public let rows, columns, channels: Int

  /// One resolution.
  private struct Level: Sendable {
    var stencil: Stencil
    /// The number of pixels, and of channels before the split.
    var pixels, channels: Int
    var couplings: [ConvolutionalCoupling<Scalar>]
    /// The pixels of the finer level, square after square, and the way back; nil for the finest level.
    var squares: [Int32]?
    var pixelsOfSquares: [Int32]?
    /// The Haar transform of the channels of squares and its inverse, times the factor between levels (4C×4C); nil where pixels become
    /// channels as they are.
    var haar: (forward: Tensor<Scalar>, back: Tensor<Scalar>)?
  }

  private let levels: [Level]
  private let dense: [ConvolutionalCoupling<Scalar>]
  private let conditioning: ConditioningNetwork<Scalar>

  /// Creates the flow's parameters in `builder`.
  ///
  /// - Parameters:
  ///   - builder: the builder of the parameter set.
  ///   - rows: the number of rows of pixels.
  ///   - columns: the number of columns.
  ///   - channels: C; an image is a vector of rows·columns·C entries, channels fastest.
  ///   - configuration: all settings of the flow.
  /// - Throws: ``FlowError`` for settings that do not fit images of this size.
  public init(
    _ builder: inout ParameterBuilder<Scalar>, rows: Int, columns: Int, channels: Int, configuration: ConvolutionalFlowConfiguration
  ) throws(FlowError) {
    try configuration.validate(rows: rows, columns: columns, channels: channels)
    (self.rows, self.columns, self.channels, self.configuration) = (rows, columns, channels, configuration)
    dimension = rows * columns * channels
    conditionWidth = (configuration.conditionsOnMask ? 2 : 1) * dimension
    var levels: [Level] = []
    for (place, (settings, own)) in zip(configuration.levels, configuration.channels(from: channels)).enumerated() {
      let (height, width) = (rows >> place, columns >> place)
      let couplings = builder.scope("level.\(place)") { builder in
        (0..<settings.blocks).map { block in
          ConvolutionalCoupling<Scalar>(
            "block.\(block)", channels: own, conditionWidth: settings.conditionWidth, width: settings.width,
            seesNeighbours: !settings.alternates || block % 2 == 1, clamp: settings.clamp, seed: settings.permutes ? block : nil,
            initialDeviation: configuration.initialDeviation, in: &builder)
        }
      }
      var level = Level(
        stencil: ArrayLattice.window(rows: height, columns: width, offsets: -1...1, stride: 1), pixels: height * width,
        channels: own, couplings: couplings)
      if place > 0 {
        let squares = PixelSquares.order(rows: 2 * height, columns: 2 * width, side: 2)
        var back = squares
        for (position, pixel) in squares.enumerated() { back[Int(pixel)] = Int32(position) }
        (level.squares, level.pixelsOfSquares) = (squares, back)
        if configuration.step == .haar {
          level.haar = (Self.haar(own, factor: configuration.rebalance), Self.haar(own, factor: 1 / configuration.rebalance))
        }
      }
      levels.append(level)
    }
    self.levels = levels
    let left = (levels.last?.pixels ?? 0) * (configuration.levels.last?.continuing ?? 0)
    dense = builder.scope("dense") { builder in
      (0..<configuration.dense.blocks).map { block in
        ConvolutionalCoupling<Scalar>(
          "block.\(block)", channels: left, conditionWidth: configuration.dense.conditionWidth, width: configuration.dense.width,
          seesNeighbours: false, clamp: configuration.dense.clamp, seed: block, initialDeviation: configuration.initialDeviation,
          in: &builder)
      }
    }
    conditioning = ConditioningNetwork(
      configuration, rows: rows, columns: columns, channels: (configuration.conditionsOnMask ? 2 : 1) * channels, in: &builder)
  }

  public var start: FlowStart { configuration.step == .squeeze && configuration.rebalance == 1 ? .permutation : .linear }

  public func prepare(
    _ condition: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> PreparedCondition<Scalar> {
    checkCondition(condition)
    return pass.tape.scope("condition") {
      let (count, pixels) = (condition.value.rowCount, rows * columns)
      let parts = (0..<conditionWidth / dimension).map {
        condition.columns($0 * dimension..<($0 + 1) * dimension).reshaped(to: [count, pixels, channels])
      }
      let (maps, numbers) = conditioning(concatenateColumns(parts), in: pass)
      return PreparedCondition(
        projection: concatenateColumns(
          maps.map { $0.reshaped(to: [count, $0.value.count / count]) } + [numbers]))
    }
  }

  /// The feature maps of each level and the numbers of the dense couplings, of each of P conditions.
  private func shown(
    _ condition: PreparedCondition<Scalar>
  ) -> (maps: [DifferentiableTensor<Scalar>], numbers: DifferentiableTensor<Scalar>) {
    guard let all = condition.projection else { preconditionFailure("The flow has a condition") }
    let (count, width) = (all.value.rowCount, all.value.columnCount)
    var start = 0
    let maps = zip(levels, configuration.levels).map { level, settings -> DifferentiableTensor<Scalar> in
      let size = level.pixels * settings.conditionWidth
      defer { start += size }
      return all.columns(start..<start + size).reshaped(to: [count, level.pixels, settings.conditionWidth])
    }
    return (maps, all.columns(start..<width))
  }

  /// The log-determinant of all steps between levels, in the direction x → z.
  private var stepLogDeterminant: Double {
    levels.dropFirst().reduce(0.0) { $0 + Double($1.pixels * $1.channels) } * log(configuration.rebalance)
  }

  public func invert(
    _ x: DifferentiableTensor<Scalar>, given condition: PreparedCondition<Scalar>, in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    let count = x.value.rowCount
    precondition(x.value.columnCount == dimension, "Points of shape \(x.shape) for \(dimension) entries")
    let (maps, numbers) = shown(condition)
    var total = pass.tape.constant(Tensor<Scalar>(repeating: Scalar(stepLogDeterminant), shape: [count]))
    var parts: [DifferentiableTensor<Scalar>] = []
    var h = x.reshaped(to: [count, rows * columns, channels])
    func couple(_ couplings: [ConvolutionalCoupling<Scalar>], _ condition: DifferentiableTensor<Scalar>, _ stencil: Stencil?) {
      for coupling in couplings {
        let step = coupling(h, condition: condition, stencil, direction: .normalising, in: pass)
        (h, total) = (step.values, total + step.logScaleSums)
      }
    }
    for (place, level) in levels.enumerated() {
      pass.tape.scope("level \(place)") {
        if let squares = level.squares {
          h = transformed(
            gatherRows(h, squares).reshaped(to: [count, level.pixels, level.channels]), by: level.haar?.forward,
            or: Scalar(configuration.rebalance), in: pass)
        }
        couple(level.couplings, maps[place], level.stencil)
        let continuing = configuration.levels[place].continuing
        guard continuing < level.channels else { return }
        parts.append(h.columns(continuing..<level.channels).reshaped(to: [count, level.pixels * (level.channels - continuing)]))
        h = h.columns(0..<continuing)
      }
    }
    h = h.reshaped(to: [count, h.value.count / count])
    pass.tape.scope("dense") { couple(dense, numbers, nil) }
    return FlowPoints(values: parts.isEmpty ? h : concatenateColumns(parts + [h]), logDeterminant: total)
  }

  public func sample(
    _ z: DifferentiableTensor<Scalar>, given condition: PreparedCondition<Scalar>, in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    let count = z.value.rowCount
    precondition(z.value.columnCount == dimension, "Points of shape \(z.shape) for \(dimension) entries")
    let (maps, numbers) = shown(condition)
    var total = pass.tape.constant(Tensor<Scalar>(repeating: Scalar(-stepLogDeterminant), shape: [count]))
    // What left at each level lies in z in the order of the levels, before what is left.
    var parts: [DifferentiableTensor<Scalar>?] = []
    var start = 0
    for (place, level) in levels.enumerated() {
      let leaving = level.channels - configuration.levels[place].continuing
      parts.append(
        leaving > 0
          ? z.columns(start..<start + level.pixels * leaving).reshaped(to: [count, level.pixels, leaving]) : nil)
      start += level.pixels * leaving
    }
    var h = z.columns(start..<dimension)
    func couple(_ couplings: [ConvolutionalCoupling<Scalar>], _ condition: DifferentiableTensor<Scalar>, _ stencil: Stencil?) {
      for coupling in couplings.reversed() {
        let step = coupling(h, condition: condition, stencil, direction: .sampling, in: pass)
        (h, total) = (step.values, total - step.logScaleSums)
      }
    }
    pass.tape.scope("dense") { couple(dense, numbers, nil) }
    for (place, level) in levels.enumerated().reversed() {
      pass.tape.scope("level \(place)") {
        h = h.reshaped(to: [count, level.pixels, configuration.levels[place].continuing])
        if let part = parts[place] { h = concatenateColumns([h, part]) }
        couple(level.couplings, maps[place], level.stencil)
        guard let back = level.pixelsOfSquares else { return }
        h = transformed(h, by: level.haar?.back, or: Scalar(1 / configuration.rebalance), in: pass)
        h = gatherRows(h.reshaped(to: [count, 4 * level.pixels, level.channels / 4]), back)
      }
    }
    return FlowPoints(values: h.reshaped(to: [count, dimension]), logDeterminant: total)
  }

  /// The four pixels of each square (channels of B×V×4C) by a transform of the channels or, without one, times a factor.
  private func transformed(
    _ x: DifferentiableTensor<Scalar>, by weight: Tensor<Scalar>?, or factor: Scalar, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    if let weight { return SextantAutodiff.dense(x, weight: pass.tape.constant(weight), bias: nil) }
    return factor == 1 ? x : x * factor
  }

  /// The Haar transform of squares of pixels times a factor (size×size), with rows (wavelet, channel) and columns (pixel of the square,
  /// channel): the signs of wavelet w at pixel p. It is its own inverse but for the factor.
  private static func haar(_ size: Int, factor: Double) -> Tensor<Scalar> {
    let (share, factor) = (size / 4, Scalar(factor))
    return Tensor<Scalar>(shape: [size, size]) { out in
      for row in 0..<size {
        for column in 0..<size {
          let (wavelet, pixel) = (row / share, column / share)
          let isNegative = (wavelet & pixel).nonzeroBitCount % 2 == 1
          out[row * size + column] = row % share == column % share ? (isNegative ? -factor : factor) * 0.5 : 0
        }
      }
    }
  }
}
