// Minimisation of a smooth function of a few parameters: BFGS with a backtracking line search (Nocedal and Wright 2006,
// algorithms 6.1 and 3.1) and bounded steps, because the parameters are logarithms. It is not suited to many
// parameters, because the inverse Hessian is dense.

/// The result of a minimisation.
struct Minimum: Sendable {
  var point: [Double]
  var value: Double
  var evaluations: Int
  /// The estimated inverse Hessian, to start another search; empty if there is none.
  var inverseHessian: [[Double]] = []
}

/// Minimises `objective` (value and gradient) from `start`.
///
/// - Parameters:
///   - scale: a reasonable step in each parameter; its square is the diagonal of the initial inverse Hessian.
///   - inverseHessian: an initial inverse Hessian; empty for the default.
///   - bounds: the range of every parameter.
///   - tolerance: the search ends when the relative decrease of the value in an iteration is smaller.
func minimise(
  from start: [Double], scale: [Double], inverseHessian initial: [[Double]] = [], bounds: ClosedRange<Double> = -8...8,
  maximumEvaluations: Int = 30,
  tolerance: Double = 1e-6, _ objective: ([Double]) -> (value: Double, gradient: [Double])
) -> Minimum {
  let n = start.count
  var x = start
  var (value, gradient) = objective(x)
  var evaluations = 1
  guard n > 0, value.isFinite else { return Minimum(point: x, value: value, evaluations: evaluations) }
  var isFirst = initial.isEmpty
  var inverseHessian =
    isFirst ? (0..<n).map { i in (0..<n).map { j in i == j ? scale[i] * scale[i] : 0.0 } } : initial
  while evaluations < maximumEvaluations {
    var direction = (0..<n).map { i in -(0..<n).reduce(0.0) { $0 + inverseHessian[i][$1] * gradient[$1] } }
    // A parameter at its bound whose step would leave the range is kept fixed.
    for i in 0..<n
    where (x[i] <= bounds.lowerBound && direction[i] < 0) || (x[i] >= bounds.upperBound && direction[i] > 0) {
      direction[i] = 0
    }
    let longest = (0..<n).map { abs(direction[$0]) / scale[$0] }.max() ?? 0
    guard longest > 1e-9 else { break }
    // The first step knows nothing about the curvature; later steps may be longer.
    let limit = isFirst ? 0.5 : 2.0
    if longest > limit { direction = direction.map { $0 * limit / longest } }
    let slope = zip(direction, gradient).reduce(0.0) { $0 + $1.0 * $1.1 }
    guard slope < 0 else { break }
    var step = 1.0
    var accepted = false
    var next = (value: value, gradient: gradient)
    var candidate = x
    while evaluations < maximumEvaluations {
      candidate = (0..<n).map { min(max(x[$0] + step * direction[$0], bounds.lowerBound), bounds.upperBound) }
      next = objective(candidate)
      evaluations += 1
      if next.value <= value + 1e-4 * step * slope {
        accepted = true
        break
      }
      // The minimum of the parabola through the known values, kept within reasonable limits.
      let parabola = -slope * step / (2 * (next.value - value - slope * step)) * step
      step = next.value.isFinite ? min(max(parabola, 0.1 * step), 0.5 * step) : 0.1 * step
    }
    guard accepted else { break }
    let moved = (0..<n).map { candidate[$0] - x[$0] }
    let turned = (0..<n).map { next.gradient[$0] - gradient[$0] }
    let curvature = zip(moved, turned).reduce(0.0) { $0 + $1.0 * $1.1 }
    let gain = value - next.value
    (x, value, gradient) = (candidate, next.value, next.gradient)
    if curvature > 1e-12 {
      if isFirst {
        let size = turned.reduce(0.0) { $0 + $1 * $1 }
        // Keep the shape of the scales, and set their size from the observed curvature.
        let ratio = curvature / max(size, 1e-300)
        let mean = scale.reduce(0.0) { $0 + $1 * $1 } / Double(n)
        for i in 0..<n { inverseHessian[i][i] *= ratio / mean }
      }
      let image = (0..<n).map { i in (0..<n).reduce(0.0) { $0 + inverseHessian[i][$1] * turned[$1] } }
      let bend = zip(turned, image).reduce(0.0) { $0 + $1.0 * $1.1 }
      for i in 0..<n {
        for j in 0..<n {
          inverseHessian[i][j] +=
            (1 + bend / curvature) * moved[i] * moved[j] / curvature
            - (image[i] * moved[j] + moved[i] * image[j]) / curvature
        }
      }
      isFirst = false
    }
    if gain < tolerance * max(1, abs(value)) { break }
  }
  return Minimum(
    point: x, value: value, evaluations: evaluations, inverseHessian: isFirst ? [] : inverseHessian)
}
