// A noise predictor that counts what it is asked: what solvers and losses report is held against it.

import Sextant
import Synchronization

/// Counts the fields that another predictor is given, and those that gradients come back for.
public final class CountingPredictor<Scalar: TensorScalar>: NoisePredictor {
  private let inner: any NoisePredictor<Scalar>
  private let counts = Mutex((evaluations: 0, gradients: 0))

  public var schedule: VariancePreservingSchedule { inner.schedule }
  /// Fields that noise was predicted in.
  public var evaluations: Int { counts.withLock { $0.evaluations } }
  /// Fields that a gradient came back for.
  public var gradients: Int { counts.withLock { $0.gradients } }

  public init(_ inner: any NoisePredictor<Scalar>) { self.inner = inner }

  /// Counts from 0 again.
  public func reset() { counts.withLock { $0 = (0, 0) } }

  public func predictedNoise(in x: DifferentiableTensor<Scalar>, at times: [Double])
    -> DifferentiableTensor<Scalar>
  {
    counts.withLock { $0.evaluations += times.count }
    let output = inner.predictedNoise(in: x, at: times)
    return x.tape.record(output.value, operation: "count", from: [output]) { [self] gradient, cotangents in
      counts.withLock { $0.gradients += times.count }
      cotangents.add(gradient, to: output)
    }
  }
}
