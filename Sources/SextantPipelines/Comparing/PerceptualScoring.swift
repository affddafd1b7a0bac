// Scores of images by networks, whose weights the user has: LPIPS of each image, and the FID of all images of a file. Files of weights
// are named by their SHA-256, and refused where the user states another.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantGeometry
import SextantModels
import SextantSignals
import SextantStorage

/// The weights by which images are compared.
public struct PerceptualScoring: Sendable {
  /// A file of weights and the SHA-256 that it must have, if that is stated.
  public struct Weights: Sendable, Equatable {
    public var path: String
    public var digest: String?

    /// Reads "FILE" or "FILE@SHA256".
    public init(_ text: String) {
      let parts = text.split(separator: "@", omittingEmptySubsequences: false)
      let last = parts.last.map { $0.lowercased() } ?? ""
      let isDigest = parts.count > 1 && last.count == 64 && last.allSatisfy(\.isHexDigit)
      (path, digest) = isDigest ? (parts.dropLast().joined(separator: "@"), last) : (text, nil)
    }

    /// What is said of the file. Throws ``RunError`` where its hash is another than the stated one, and `FileError`.
    fileprivate func remark(_ score: String) throws -> Remark {
      let found = try FileDigest.sha256(of: path)
      if let digest, digest != found {
        throw RunError.invalid("\(path): expected the SHA-256 \(digest), found \(found). Give the weights that you mean.")
      }
      return Remark(
        .note, "weights",
        "\(score) is by the weights in \(path) (SHA-256 \(found)\(digest == nil ? ", not compared with a stated one" : "")).")
    }
  }

  /// AlexNet's and the linear layers of LPIPS.
  public var lpips: Weights?
  /// Those of Inception v3 for the FID.
  public var inception: Weights?
  /// An array (.npy) of the features of another set of images, which takes the place of the truth in the FID.
  public var features: String?

  public init(lpips: Weights? = nil, inception: Weights? = nil, features: String? = nil) {
    (self.lpips, self.inception, self.features) = (lpips, inception, features)
  }

  var isEmpty: Bool { lpips == nil && inception == nil && features == nil }
}

/// The scores of the images of one file by networks.
public struct PerceptualScore: Sendable, Codable {
  /// The file.
  public var path: String
  /// The mean LPIPS of its images, and the standard error of the mean; nil without weights, and the error for one image.
  public var lpips, lpipsError: Double?
  /// The FID of its images; nil without weights.
  public var fid: Double?
  /// The number of images.
  public var imageCount: Int

  /// One table for all files, for people.
  static func table(_ scores: [PerceptualScore]) -> ScoreTable {
    ScoreTable(
      headings: ["Images", "LPIPS", "FID", "Number"],
      rows: scores.map { score in
        let lpips = ScoreTable.cell(score.lpips, decimals: 4)
        return [
          score.path, score.lpipsError.map { "\(lpips) ± \(ScoreTable.cell($0, decimals: 4))" } ?? lpips,
          ScoreTable.cell(score.fid, decimals: 2), "\(score.imageCount)",
        ]
      })
  }
}

/// The networks of a comparison, read once.
struct PerceptualJudge {
  private let distance: PerceptualDistance?
  private let inception: InceptionFeatures?
  private let reference: FeatureStatistics?
  /// What is said of the weights.
  let remarks: [Remark]

  init(_ scoring: PerceptualScoring) throws {
    remarks = try [scoring.lpips?.remark("LPIPS"), scoring.inception?.remark("The FID")].compactMap(\.self)
    distance = try scoring.lpips.map { try PerceptualDistance(weights: $0.path) }
    inception = try scoring.inception.map { try InceptionFeatures(weights: $0.path) }
    guard let path = scoring.features else {
      reference = nil
      return
    }
    guard inception != nil else {
      throw RunError.invalid("--fid-features: give --fid, too: the weights by which the features of the answers are computed.")
    }
    let array = try NPYFile.read(path)
    guard array.shape.count == 2, array.shape[0] > 1 else {
      throw RunError.invalid("\(path): expected an array of at least two images by their features, found the shape \(array.shape).")
    }
    let width = array.shape[1]
    reference = FeatureStatistics(
      (0..<array.shape[0]).map { row in (0..<width).map { Double(array.scalars[row * width + $0]) } })
  }

  /// The images of one file and of the truth.
  struct Tally {
    fileprivate var distances: [Double] = []
    fileprivate var answers: [[Double]] = []
    fileprivate var truths: [[Double]] = []
    fileprivate var count = 0
  }

  /// Compares an image with the truth (rows·columns·channels numbers, in units of the scale).
  func compare(_ answer: [Float], with truth: [Float], on document: any SignalDocument, in tally: inout Tally) throws {
    let channels = document.variables.count
    guard let raster = document.domain.raster, channels == 1 || channels == 3 else {
      throw RunError.invalid(
        "--lpips, --fid: the networks see grey images and those of three colours, and \(channels == 1 ? "this is one variable" : "these are \(channels) variables") on \(document.domain.summaryWithArticle).")
    }
    func coloured(_ image: [Float]) -> [Float] { channels == 3 ? image : image.flatMap { [$0, $0, $0] } }
    let (one, other) = (coloured(answer), coloured(truth))
    if let distance {
      guard min(raster.rows, raster.columns) >= PerceptualDistance.smallestSide else {
        throw RunError.invalid(
          "--lpips: images of at least \(PerceptualDistance.smallestSide) pixels along each side are needed, and these have \(raster.rows)×\(raster.columns).")
      }
      tally.distances.append(distance.distance(one, other, rows: raster.rows, columns: raster.columns))
    }
    if let inception {
      tally.answers.append(inception.features(of: one, rows: raster.rows, columns: raster.columns))
      if reference == nil { tally.truths.append(inception.features(of: other, rows: raster.rows, columns: raster.columns)) }
    }
    tally.count += 1
  }

  /// The scores of the images that were compared, and what is to be said of them.
  func score(_ tally: Tally, path: String) throws -> (score: PerceptualScore, remarks: [Remark]) {
    var score = PerceptualScore(path: path, imageCount: tally.count)
    if !tally.distances.isEmpty {
      let (count, sum) = (Double(tally.distances.count), tally.distances.reduce(0, +))
      let mean = sum / count
      score.lpips = mean
      if count > 1 {
        let variance = tally.distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        score.lpipsError = (variance / count).squareRoot()
      }
    }
    guard let width = tally.answers.first?.count else { return (score, []) }
    guard tally.answers.count > 1 else {
      throw RunError.invalid("\(path): the FID compares sets of images, and there is one image. Leave out --fid.")
    }
    let truth = reference ?? FeatureStatistics(tally.truths)
    guard truth.mean.count == width else {
      throw RunError.invalid("--fid-features: expected \(width) features of each image, found \(truth.mean.count).")
    }
    score.fid = try FeatureStatistics(tally.answers).distance(to: truth)
    let few = min(tally.answers.count, truth.count)
    guard few <= width else { return (score, []) }
    return (
      score,
      [
        Remark(
          .warning, "few-images",
          "\(path): the FID of \(few) images is too large, because they are not more than the \(width) features. Compare it only with the FID of the same number of images.")
      ]
    )
  }
}
