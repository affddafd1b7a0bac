// Compressed sensing with Gaussian rows: m numbers, each a sum over all places of the field with normal weights of variance
// 1/m. No row is kept: each is made again from the seed whenever the operator is applied. Every channel has the same rows, so
// that variables of different units are never added.

import SextantArrays
import SextantGeometry

/// Sums of all places with random weights.
struct GaussianProjections: Sendable, Equatable {
  /// How many numbers are measured of each channel.
  enum Amount: Sendable, Equatable {
    case count(Int)
    /// A share of the number of places.
    case share(Double)
  }

  var amount: Amount
  /// The seed of the rows.
  var seed: UInt64
  /// The rows and columns of the image, for files that do not say; 0 if they are not stated.
  var rows: Int
  var columns: Int

  static let kind = MeasurementDesignKind(
    name: "compressed", help: "sums over the whole field with normal weights, as in compressed sensing",
    example: "compressed:share=0.25,seed=1"
  ) { try GaussianProjections(&$0) }

  init(_ text: inout DesignText) throws {
    let count = text.takeText("count")
    let share = text.takeText("share")
    switch (count, share) {
    case (let count?, nil):
      guard let number = Int(count), (1...10_000_000).contains(number) else {
        throw text.failure(expected: "count as a whole number from 1", found: "'\(count)'")
      }
      amount = .count(number)
    case (nil, let share?):
      let isPercent = share.hasSuffix("%")
      guard let number = Double(isPercent ? String(share.dropLast()) : share).map({ isPercent ? $0 / 100 : $0 }), number > 0, number <= 1
      else { throw text.failure(expected: "share as a number above 0 and at most 1", found: "'\(share)'") }
      amount = .share(number)
    default:
      throw text.failure(expected: "either count=NUMBERS or share=SHARE", found: count == nil ? "neither" : "both")
    }
    (rows, columns) = try text.takeImageSize()
    let seedText = text.takeText("seed") ?? "0"
    guard let seed = UInt64(seedText) else {
      throw text.failure(expected: "seed as a whole number of at least 0", found: "'\(seedText)'")
    }
    self.seed = seed
  }

  private func count(of vertexCount: Int) -> Int {
    switch amount {
    case .count(let count): count
    case .share(let share): max(1, Int((share * Double(vertexCount)).rounded()))
    }
  }
}

extension GaussianProjections: MeasurementDesign {
  var mayHide: Bool { true }

  func valueDomain(for domain: any Domain, inputs: MeasurementInputs) throws -> (any Domain)? {
    try domain.plane?.resized(toRows: count(of: domain.vertexCount), columns: 1)
  }

  func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField {
    try values.resized(toRows: rows, columns: columns, for: self)
  }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    if case .count(let number) = amount, number > context.vertexCount {
      throw MeasurementError.missingInput(
        specification: description, needs: "at most as many sums as there are places, \(context.vertexCount)",
        hint: "Give a smaller count, or share=1 for as many sums as places.")
    }
    return GaussianProjectionOperator(
      vertexCount: context.vertexCount, channelCount: context.channelCount, rowCount: count(of: context.vertexCount),
      seed: RandomStream(seed: seed).split("compressed"))
  }
}

extension GaussianProjections: CustomStringConvertible {
  var description: String {
    let amountText =
      switch amount {
      case .count(let count): "count=\(count)"
      case .share(let share): "share=\(share.short)"
      }
    return "compressed:\(amountText)\(rows > 0 ? ",rows=\(rows),columns=\(columns)" : ""),seed=\(seed)"
  }
}

/// A·x with rows of independent normal weights of variance 1/m, made from a seed.
struct GaussianProjectionOperator: LinearOperator {
  let vertexCount: Int
  let channelCount: Int
  /// m, the number of rows for each channel.
  let rowCount: Int
  let seed: RandomStream

  var inputCount: Int { vertexCount * channelCount }
  var outputCount: Int { rowCount * channelCount }

  /// The rows that are made at a time.
  private static let blockSize = 64

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> {
    let fields = channelRows(of: signals, count: vertexCount)
    var result = Tensor<Float>.zeros([fields.rowCount, rowCount])
    var start = 0
    for block in blocks {
      let part = matrixProduct(fields, block, transposingSecond: true)
      let (width, first, total) = (block.rowCount, start, rowCount)
      result.withUnsafeMutableScalars { out in
        part.withUnsafeScalars { source in
          for row in 0..<fields.rowCount {
            for i in 0..<width { out[row * total + first + i] = source[row * width + i] }
          }
        }
      }
      start += width
    }
    return interleaved(result, count: rowCount)
  }

  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    let values = channelRows(of: measurements, count: rowCount)
    var sum = Tensor<Float>.zeros([values.rowCount, vertexCount])
    var start = 0
    for block in blocks {
      sum = sum + matrixProduct(values.columns(start..<start + block.rowCount), block)
      start += block.rowCount
    }
    return interleaved(sum, count: vertexCount)
  }

  /// The rows of A for one channel (m×V), a block at a time.
  private var blocks: some Sequence<Tensor<Float>> {
    let deviation = Float(1 / Double(rowCount).squareRoot())
    return stride(from: 0, to: rowCount, by: Self.blockSize).lazy.map { start in
      var random = seed.split(start / Self.blockSize)
      let draws: Tensor<Float> = random.normals([Swift.min(Self.blockSize, rowCount - start), vertexCount])
      return draws * deviation
    }
  }

  /// B×count·C, channel fastest, as a row for each channel of each field (B·C×count).
  private func channelRows(of rows: Tensor<Float>, count: Int) -> Tensor<Float> {
    let (batch, channels) = (rows.rowCount, channelCount)
    precondition(rows.columnCount == count * channels, "Rows of \(rows.columnCount) entries for \(count * channels)")
    return Tensor(shape: [batch * channels, count]) { out in
      rows.withUnsafeScalars { source in
        for b in 0..<batch {
          for c in 0..<channels {
            for i in 0..<count { out[(b * channels + c) * count + i] = source[(b * count + i) * channels + c] }
          }
        }
      }
    }
  }

  /// The inverse of ``channelRows(of:count:)``.
  private func interleaved(_ rows: Tensor<Float>, count: Int) -> Tensor<Float> {
    let (batch, channels) = (rows.rowCount / channelCount, channelCount)
    return Tensor(shape: [batch, count * channels]) { out in
      rows.withUnsafeScalars { source in
        for b in 0..<batch {
          for c in 0..<channels {
            for i in 0..<count { out[(b * count + i) * channels + c] = source[(b * channels + c) * count + i] }
          }
        }
      }
    }
  }
}
