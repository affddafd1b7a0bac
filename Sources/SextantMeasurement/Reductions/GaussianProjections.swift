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
    GaussianProjectionOperator(
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
    // Of V×C arrays side by side (V×B·C), the product with the rows has all outputs.
    let fields = columns(of: signals, count: vertexCount)
    return rows(of: blocks.map { matrixProduct($0, fields) }.joinedRows, batch: signals.rowCount, count: rowCount)
  }

  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    let values = columns(of: measurements, count: rowCount)
    var sum = Tensor<Float>.zeros([vertexCount, values.columnCount])
    var start = 0
    for block in blocks {
      sum = sum + matrixProduct(block, values.rows(start..<start + block.rowCount), transposingFirst: true)
      start += block.rowCount
    }
    return rows(of: sum, batch: measurements.rowCount, count: vertexCount)
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

  /// B×count·C as count×B·C.
  private func columns(of rows: Tensor<Float>, count: Int) -> Tensor<Float> {
    let (batch, channels) = (rows.rowCount, channelCount)
    precondition(rows.columnCount == count * channels, "Rows of \(rows.columnCount) entries for \(count * channels)")
    return Tensor(shape: [count, batch * channels]) { out in
      rows.withUnsafeScalars { source in
        for b in 0..<batch {
          for i in 0..<count {
            for c in 0..<channels { out[(i * batch + b) * channels + c] = source[(b * count + i) * channels + c] }
          }
        }
      }
    }
  }

  /// count×B·C as B×count·C.
  private func rows(of columns: Tensor<Float>, batch: Int, count: Int) -> Tensor<Float> {
    let channels = channelCount
    return Tensor(shape: [batch, count * channels]) { out in
      columns.withUnsafeScalars { source in
        for b in 0..<batch {
          for i in 0..<count {
            for c in 0..<channels { out[(b * count + i) * channels + c] = source[(i * batch + b) * channels + c] }
          }
        }
      }
    }
  }
}

extension Sequence where Element == Tensor<Float> {
  /// The rows of all matrices, one below the other.
  fileprivate var joinedRows: Tensor<Float> {
    let all = Array(self)
    let width = all.first?.columnCount ?? 0
    return Tensor(all.flatMap(\.scalars), shape: [all.reduce(0) { $0 + $1.rowCount }, width])
  }
}
