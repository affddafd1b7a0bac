// Hashes of what was learned: two models, or the parts of one, are told apart by them. The same in every process and for any number of
// threads.

import SextantArrays
import SextantPriors
import SextantSolvers

/// Hashes of many numbers, as short texts.
package enum TensorDigest {
  /// A hash of tensors, of which nothing is copied.
  package static func text(of tensors: [Tensor<Float>]) -> String {
    text(tensors.reduce(start) { state, tensor in digests(of: tensor).reduce(hash(state, UInt64(tensor.count)), hash) })
  }

  /// A hash of a text.
  package static func text(of text: String) -> String { Self.text(text.utf8.reduce(start) { hash($0, UInt64($1)) }) }

  /// A hash of each piece of a tensor, several pieces at once.
  private static func digests(of tensor: Tensor<Float>) -> [UInt64] {
    let (grain, lanes) = (1 << 16, 4)
    var digests = [UInt64](repeating: start, count: (tensor.count + grain - 1) / grain)
    tensor.withUnsafeScalars { scalars in
      digests.withUnsafeMutableBufferPointer { digests in
        // Sound: each piece has a place of its own.
        nonisolated(unsafe) let (scalars, digests) = (scalars, digests)
        Parallel.forEachRange(of: scalars.count, grain: grain) { range in
          // Every fourth number enters the same of four hashes, because one would wait for each product.
          let whole = range.lowerBound + range.count / lanes * lanes
          var (a, b, c, d) = (start, start, start, start)
          for i in stride(from: range.lowerBound, to: whole, by: lanes) {
            a = hash(a, UInt64(scalars[i].bitPattern))
            b = hash(b, UInt64(scalars[i + 1].bitPattern))
            c = hash(c, UInt64(scalars[i + 2].bitPattern))
            d = hash(d, UInt64(scalars[i + 3].bitPattern))
          }
          let rest = scalars[whole..<range.upperBound].map { UInt64($0.bitPattern) }
          digests[range.lowerBound / grain] = ([a, b, c, d] + rest).reduce(start, hash)
        }
      }
    }
    return digests
  }

  private static let start: UInt64 = 0xCBF2_9CE4_8422_2325

  /// FNV-1a, over words; it guards against mistakes, not against people.
  private static func hash(_ state: UInt64, _ word: UInt64) -> UInt64 { (state ^ word) &* 0x100_0000_01B3 }

  private static func text(_ state: UInt64) -> String { String(state, radix: 16) }
}

extension GaussianPrior {
  /// What networks that were trained on top of this prior state of it: a hash of its states' scales and of its covariance. The climatology is
  /// left out, because networks learn anomalies, and a model for files of anomalies has none.
  var fingerprint: String {
    TensorDigest.text(of: [Tensor(space.scales), functions.scaledModes, Tensor(functions.residualVariance)])
  }

  /// Throws ``ModelError/anotherPrior(path:model:)`` where a network was trained on top of another prior.
  ///
  /// - Parameters:
  ///   - fingerprint: what the network's file states; nil in files of earlier versions, which state nothing.
  ///   - path: the network's file.
  ///   - folder: the folder of the run.
  func check(_ fingerprint: String?, statedBy path: String, inFolder folder: String) throws(ModelError) {
    guard let fingerprint, fingerprint != self.fingerprint else { return }
    throw .anotherPrior(path: path, model: folder + "/" + Model.fileName)
  }
}
