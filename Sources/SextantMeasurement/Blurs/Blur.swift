// The design of blurs: by a kernel over rows and columns, or by the heat kernel of any domain. By default nothing is known
// beyond the frame of an image: a blur maps a larger image to the frame, and of a complete image it gives the values that
// depend on that image alone.

import Foundation
import SextantArrays
import SextantGeometry

/// A blur of every field by the same kernel.
struct Blur: Sendable, Equatable {
  /// What the field is blurred by.
  enum Shape: Sendable, Equatable {
    /// A Gaussian of a standard deviation in pixels, on a square of an odd number of pixels.
    case gaussian(deviation: Double, size: Int)
    /// The mean of a square of an odd number of pixels.
    case box(size: Int)
    /// The mean along a line of a length in pixels, at an angle in degrees.
    case motion(length: Double, angle: Double)
    /// The numbers of a file.
    case file(String)
    /// Diffusion to a standard deviation; on the sphere in degrees or km, elsewhere in the units of the positions.
    case heat(deviation: StatedWidth)
  }

  var shape: Shape
  var boundary: RasterBoundary

  static let kind = MeasurementDesignKind(
    name: "blur", help: "a blur: gaussian, box, motion, heat, or a kernel file; nothing is known beyond the frame, or boundary=periodic|reflect",
    example: "blur:gaussian,sigma=1.5,size=3"
  ) { try Blur(&$0) }

  /// Kernels of more weights times pixels than this are applied without a matrix.
  private static let matrixLimit = 4_000_000
}

extension Blur {
  init(_ text: inout DesignText) throws {
    let file = text.takeText("file")
    let word = text.takeText("shape", orPositional: true)
    func oddSize(fallback: Double) throws -> Int {
      let size = try text.takeNumber("size", in: 1...9999, fallback: fallback)
      guard let whole = Int(exactly: size), whole % 2 == 1 else {
        throw text.failure(expected: "size as an odd whole number of pixels, so that the kernel has a centre", found: "'\(size.short)'")
      }
      return whole
    }
    switch (word, file) {
    case ("gaussian", nil):
      let deviation = try text.takeNumber("sigma", in: 0.01...1000, fallback: 1.5)
      shape = .gaussian(deviation: deviation, size: try oddSize(fallback: 2 * (3 * deviation).rounded(.up) + 1))
    case ("box", nil): shape = .box(size: try oddSize(fallback: 3))
    case ("motion", nil):
      shape = .motion(
        length: try text.takeNumber("length", in: 1...9999, fallback: 9),
        angle: try text.takeNumber("angle", in: -360...360, fallback: 0))
    case ("heat", nil):
      guard let word = text.takeText("sigma") else {
        throw text.failure(expected: "sigma, such as sigma=200km or sigma=2deg on the sphere, sigma=1.5 elsewhere", found: "nothing")
      }
      guard let deviation = StatedWidth(word) else {
        throw text.failure(expected: "sigma as a positive number, with km or deg on the sphere", found: "'\(word)'")
      }
      shape = .heat(deviation: deviation)
    case (nil, let path?) where !path.isEmpty: shape = .file(path)
    default:
      throw text.failure(
        expected: "one of gaussian, box, motion and heat, or file=KERNEL", found: word.map { "'\($0)'" } ?? (file == nil ? "nothing" : "file="))
    }
    let boundary = try text.takeBoundary()
    if case .heat = shape, boundary != .unknown {
      throw text.failure(expected: "no boundary beside heat, which diffuses inside of the domain", found: "'\(boundary.rawValue)'")
    }
    self.boundary = boundary
  }

  /// The kernel over rows and columns; nil for diffusion. Throws ``MeasurementError`` for a file without a usable kernel.
  private func kernel(_ inputs: MeasurementInputs) throws -> BlurKernel? {
    switch shape {
    case .gaussian(let deviation, let size): return .gaussian(deviation: deviation, size: size)
    case .box(let size): return .box(size: size)
    case .motion(let length, let angle): return .motion(length: length, angle: angle)
    case .heat: return nil
    case .file(let path):
      guard let read = inputs.table else {
        throw MeasurementError.missingInput(
          specification: description, needs: "the content of its file",
          hint: "Pass a function that reads tables of numbers in the inputs of the measurement.")
      }
      let table = try read(path)
      guard let kernel = BlurKernel(rows: table.rows, columns: table.columns, weights: table.values) else {
        throw MeasurementError.invalidSpecification(
          text: description, expected: "a kernel whose weights have a sum other than 0, by which they are divided",
          found: "\(table.rows)×\(table.columns) weights of the sum \(table.values.reduce(0, +).short)",
          example: "blur:file=psf.tif")
      }
      return kernel
    }
  }
}

extension Blur: MeasurementDesign {
  var files: [String] {
    if case .file(let path) = shape { [path] } else { [] }
  }

  var mayHide: Bool {
    if case .heat = shape { return false }
    return boundary == .unknown
  }

  func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField {
    guard boundary == .unknown, let kernel = try kernel(inputs) else { return values }
    return values.enlarged(byRows: kernel.reach.rows, columns: kernel.reach.columns)
  }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    let (domain, channels) = (context.domain, context.channelCount)
    guard let kernel = try kernel(context.inputs) else {
      guard case .heat(let deviation) = shape else { return SelectionOperator(all: context.entryCount) }
      return try HeatKernelOperator(
        deviation: deviation.size(
          on: domain, name: "sigma", text: description, examples: ("blur:heat,sigma=200km", "blur:heat,sigma=1.5")), on: domain, channelCount: channels)
    }
    guard let raster = domain.raster else {
      throw MeasurementError.missingInput(
        specification: description, needs: "rows and columns",
        hint: "The domain (\(domain.summary)) has none; use blur:heat,sigma=WIDTH, which needs only areas and neighbours.")
    }
    let whole = RasterConvolution(kernel, on: raster, channelCount: channels, boundary: boundary)
    let isInside = whole.isInside
    guard isInside.contains(true) else {
      throw MeasurementError.nothingObserved(
        specification: description,
        reason: "the kernel of \(kernel.rows)×\(kernel.columns) fits nowhere into \(raster.rows)×\(raster.columns) (rows × columns)")
    }
    let operation: any LinearOperator =
      if kernel.count * context.entryCount <= Self.matrixLimit {
        SparseOperator(whole.matrix)
      } else if let passes = kernel.passes {
        RasterConvolution(passes[1], on: raster, channelCount: channels, boundary: boundary).composed(
          after: RasterConvolution(passes[0], on: raster, channelCount: channels, boundary: boundary))
      } else {
        whole
      }
    return SelectionOperator(observed: isInside.repeatingEach(channels)).composed(after: operation)
  }
}

extension Blur: CustomStringConvertible {
  var description: String {
    let shapeText =
      switch shape {
      case .gaussian(let deviation, let size): "gaussian,sigma=\(deviation.short),size=\(size)"
      case .box(let size): "box,size=\(size)"
      case .motion(let length, let angle): "motion,length=\(length.short),angle=\(angle.short)"
      case .file(let path): "file=\(path)"
      case .heat(let deviation): "heat,sigma=\(deviation)"
      }
    return "blur:\(shapeText)\(boundary == .unknown ? "" : ",boundary=\(boundary.rawValue)")"
  }
}
