// Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019), linear warm-up and clipping of
// the global gradient norm. One fused loop updates each tensor in place. Sums are partitioned by shape, so the number
// of threads does not change any bit. A gradient in two factors is multiplied out tile by tile within this loop.

import SextantArrays
import SextantAutodiff

/// The settings of an ``Adam`` optimiser.
public struct AdamSettings: Sendable, Equatable, Codable {
  /// The learning rate after the warm-up.
  public var rate: Double
  /// The decay of the mean gradient in each step.
  public var beta1: Double
  /// The decay of the mean squared gradient in each step.
  public var beta2: Double
  /// Added to the square root of the mean squared gradient.
  public var epsilon: Double
  /// The decoupled weight decay of AdamW: each step subtracts this fraction of a parameter times the learning rate.
  public var decay: Double
  /// The number of steps over which the learning rate grows from 0; in step 1 it is 1/`warmUpSteps` of its full value.
  public var warmUpSteps: Int
  /// The largest norm of the whole gradient; gradients with a larger norm are scaled down to it. Nil for no limit.
  public var largestNorm: Double?

  public init(
    rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, decay: Double = 0,
    warmUpSteps: Int = 0, largestNorm: Double? = nil
  ) {
    (self.rate, self.beta1, self.beta2, self.epsilon) = (rate, beta1, beta2, epsilon)
    (self.decay, self.warmUpSteps, self.largestNorm) = (decay, warmUpSteps, largestNorm)
  }
}

/// An optimiser and its state, two moments for each trained parameter.
public struct Adam<Scalar: TensorScalar>: Sendable {
  /// The settings, which may change between steps to follow a schedule.
  public var settings: AdamSettings
  /// The number of steps taken.
  public internal(set) var step = 0
  /// The mean gradients in the order of the set; empty for tensors that are not trained.
  var moments: [Tensor<Scalar>]
  /// The mean squared gradients.
  var squares: [Tensor<Scalar>]

  /// An optimiser for `parameters`, before its first step.
  public init(_ settings: AdamSettings, for parameters: ParameterSet<Scalar>) {
    self.settings = settings
    moments = zip(parameters.tensors, parameters.isTrained).map { .zeros($1 ? $0.shape : [0]) }
    squares = moments.map { .zeros($0.shape) }
  }

  /// The learning rate of the next step.
  public var nextRate: Double {
    settings.rate * (settings.warmUpSteps > 0 ? min(1, Double(step + 1) / Double(settings.warmUpSteps)) : 1)
  }

  /// Takes one step. Release the pass first: parameters that it still holds would be copied instead of updated in
  /// place. The gradients are in the order of the set, with nil for parameters that stay unchanged.
  ///
  /// - Returns: the norm of the whole gradient before clipping. If it is not finite, nothing was changed.
  public mutating func update(
    _ parameters: inout ParameterSet<Scalar>, gradients: [ParameterGradient<Scalar>?]
  ) -> Double {
    precondition(
      gradients.count == parameters.tensors.count && moments.count == gradients.count,
      "\(gradients.count) gradients and \(moments.count) moments for \(parameters.tensors.count) parameters")
    let norm = globalNorm(gradients)
    guard norm.isFinite else { return norm }
    let rate = nextRate
    step += 1
    let factor = settings.largestNorm.map { norm > $0 ? $0 / norm : 1 } ?? 1
    let constants = StepConstants(settings, step: step, rate: rate, factor: factor)
    for (index, gradient) in gradients.enumerated() where parameters.isTrained[index] {
      guard let gradient else { continue }
      precondition(
        gradient.count == parameters.tensors[index].count,
        "Gradient of \(gradient.count) numbers for parameter of shape \(parameters.tensors[index].shape)")
      Self.step(&parameters.tensors[index], &moments[index], &squares[index], gradient, constants)
    }
    return norm
  }

  /// The constants of one step.
  private struct StepConstants: Sendable {
    let factor, beta1, beta2, rate, rootScale, epsilon, decay: Scalar

    init(_ settings: AdamSettings, step: Int, rate: Double, factor: Double) {
      self.factor = Scalar(factor)
      (beta1, beta2) = (Scalar(settings.beta1), Scalar(settings.beta2))
      self.rate = Scalar(rate / (1 - power(settings.beta1, step)))
      rootScale = Scalar(1 / (1 - power(settings.beta2, step)).squareRoot())
      (epsilon, decay) = (Scalar(settings.epsilon), Scalar(rate * settings.decay))
    }
  }

  private static func step(
    _ parameter: inout Tensor<Scalar>, _ moment: inout Tensor<Scalar>, _ square: inout Tensor<Scalar>,
    _ gradient: ParameterGradient<Scalar>, _ constants: StepConstants
  ) {
    parameter.withUnsafeMutableScalars { parameter in
      moment.withUnsafeMutableScalars { moment in
        square.withUnsafeMutableScalars { square in
          guard let parameter = parameter.baseAddress, let moment = moment.baseAddress, let square = square.baseAddress
          else { return }
          switch gradient {
          case .whole(let gradient): step(parameter, moment, square, gradient, constants)
          case .product(let g, let x): step(parameter, moment, square, product: g, x, constants)
          }
        }
      }
    }
  }

  private static func step(
    _ parameter: UnsafeMutablePointer<Scalar>, _ moment: UnsafeMutablePointer<Scalar>,
    _ square: UnsafeMutablePointer<Scalar>, _ gradient: Tensor<Scalar>, _ constants: StepConstants
  ) {
    let kernels = Scalar.kernels
    gradient.withUnsafeScalars { gradient in
      guard let base = gradient.baseAddress else { return }
      // Sound, because the ranges do not overlap.
      nonisolated(unsafe) let (x, m, s, g) = (parameter, moment, square, base)
      let c = constants
      Parallel.forEachRange(of: gradient.count, grain: 1 << 16) { range in
        let start = range.lowerBound
        kernels.adam(
          count: range.count, factor: c.factor, beta1: c.beta1, beta2: c.beta2, rate: c.rate, rootScale: c.rootScale,
          epsilon: c.epsilon, decay: c.decay, gradient: g + start, moment: m + start, square: s + start,
          parameter: x + start)
      }
    }
  }

  /// The same with the gradient Gᵀ·X of G (rows×outputs) and X (rows×inputs).
  private static func step(
    _ parameter: UnsafeMutablePointer<Scalar>, _ moment: UnsafeMutablePointer<Scalar>,
    _ square: UnsafeMutablePointer<Scalar>, product g: Tensor<Scalar>, _ x: Tensor<Scalar>, _ constants: StepConstants
  ) {
    let kernels = Scalar.kernels
    let (depth, outputs, inputs) = (x.rowCount, g.columnCount, x.columnCount)
    let tall = kernels.tileRows
    packed(g, width: tall).withUnsafeScalars { g in
      packed(x, width: kernels.tileColumns).withUnsafeScalars { x in
        guard let g = g.baseAddress, let x = x.baseAddress else { return }
        // Sound, because the ranges do not overlap.
        nonisolated(unsafe) let (w, m, s) = (parameter, moment, square)
        let c = constants
        nonisolated(unsafe) let (left, right) = (g, x)
        Parallel.forEachRange(of: (outputs + tall - 1) / tall, grain: 4) { panels in
          let rows = panels.lowerBound * tall..<min(outputs, panels.upperBound * tall)
          let start = rows.lowerBound * inputs
          kernels.adamProduct(
            rows: rows.count, columns: inputs, depth: depth, left: left + rows.lowerBound * depth, right: right,
            factor: c.factor, beta1: c.beta1, beta2: c.beta2, rate: c.rate, rootScale: c.rootScale, epsilon: c.epsilon,
            decay: c.decay, moment: m + start, square: s + start, parameter: w + start)
        }
      }
    }
  }

  /// The columns of `matrix` in panels of `width`, the layout that `adamProduct` takes.
  private static func packed(_ matrix: Tensor<Scalar>, width: Int) -> Tensor<Scalar> {
    let (rows, columns) = (matrix.rowCount, matrix.columnCount)
    let panels = (columns + width - 1) / width
    return Tensor(shape: [panels, rows, width]) { out in
      matrix.withUnsafeScalars { matrix in
        guard let matrix = matrix.baseAddress, let out = out.baseAddress else { return }
        // Sound, because the ranges do not overlap.
        nonisolated(unsafe) let (source, target) = (matrix, out)
        Parallel.forEachRange(of: panels, grain: max(1, (1 << 16) / (rows * width + 1))) { range in
          let start = range.lowerBound * width
          let count = min(columns, range.upperBound * width) - start
          Scalar.kernels.packColumns(
            columns: count, rows: rows, stride: columns, width: width, from: source + start, to: target + start * rows)
        }
      }
    }
  }
}

/// βⁿ by repeated squaring, which avoids millions of multiplications in a long run.
private func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, factor, rest) = (1.0, base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result *= factor }
    factor *= factor
    rest >>= 1
  }
  return result
}
