// The parameters of one coupling, as shapes before they are created and as references into a set afterwards.

/// The parameters of one coupling, including the scalar normalisation before it.
struct CouplingParameters<Value: Sendable>: Sendable {
  /// A scalar shift and log-scale.
  struct Affine: Sendable {
    let shift: Value
    let logScale: Value
  }

  /// Batch normalisation.
  struct Normalisation: Sendable {
    let gain: Value
    let bias: Value
    let runningMean: Value
    let runningVariance: Value
  }

  /// A hidden layer.
  struct Hidden: Sendable {
    let weight: Value
    let bias: Value
    let normalisation: Normalisation?
  }

  /// The last layer, initialised to 0: log-scales first, then shifts.
  struct Output: Sendable {
    let weight: Value
    let bias: Value
    let logScale: Value
  }

  let activation: Affine?
  let first: Hidden
  let second: Hidden
  let output: Output

  /// The same structure with every parameter transformed, in a fixed order.
  func map<Result>(_ transform: (Value) -> Result) -> CouplingParameters<Result> {
    func hidden(_ layer: Hidden) -> CouplingParameters<Result>.Hidden {
      .init(
        weight: transform(layer.weight), bias: transform(layer.bias),
        normalisation: layer.normalisation.map {
          .init(
            gain: transform($0.gain), bias: transform($0.bias), runningMean: transform($0.runningMean),
            runningVariance: transform($0.runningVariance))
        })
    }
    return CouplingParameters<Result>(
      activation: activation.map { .init(shift: transform($0.shift), logScale: transform($0.logScale)) },
      first: hidden(first), second: hidden(second),
      output: .init(
        weight: transform(output.weight), bias: transform(output.bias), logScale: transform(output.logScale)))
  }
}

extension CouplingParameters where Value == ParameterShape {
  /// The shapes for vectors of `dimension` entries and hidden layers of `width` units.
  init(path: String, dimension: Int, width: Int, configuration: CouplingFlowConfiguration) {
    let (read, changed) = (dimension / 2, dimension - dimension / 2)
    func hidden(_ name: String, inputs: Int) -> Hidden {
      let name = "\(path).\(name)"
      let statistics = name + ".normalisation"
      return Hidden(
        weight: ParameterShape(
          name + ".weight", [width, inputs], .normal(standardDeviation: configuration.initialDeviation)),
        bias: ParameterShape(name + ".bias", [width], .constant(0)),
        normalisation: configuration.normalisesBatches
          ? Normalisation(
            gain: ParameterShape(statistics + ".gain", [width], .constant(1)),
            bias: ParameterShape(statistics + ".bias", [width], .constant(0)),
            runningMean: ParameterShape(statistics + ".running_mean", [width], .constant(0), isTrained: false),
            runningVariance: ParameterShape(
              statistics + ".running_variance", [width], .constant(1), isTrained: false))
          : nil)
    }
    activation =
      configuration.activationNormalisation == .scalar
      ? Affine(
        shift: ParameterShape("\(path).shift", [1], .constant(0)),
        logScale: ParameterShape("\(path).log_scale", [1], .constant(0)))
      : nil
    first = hidden("first", inputs: read)
    second = hidden("second", inputs: width)
    output = Output(
      weight: ParameterShape("\(path).output.weight", [2 * changed, width], .constant(0)),
      bias: ParameterShape("\(path).output.bias", [2 * changed], .constant(0)),
      logScale: ParameterShape("\(path).output.log_scale", [2 * changed], .constant(0)))
  }
}
