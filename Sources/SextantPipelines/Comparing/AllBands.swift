// The bands of an image as one variable beside each of them, wherever images are scored.

import SextantEvaluation
import SextantGeometry

extension [ScoredVariable] {
  /// The variables, each by itself, and of an image also its bands together. Their PSNR is that of the mean squared error over all
  /// bands, and their SSIM is the mean of those of the bands, as scikit-image has them with `channel_axis`. Bands with different scales are not
  /// scored together.
  func withAllBands(of domain: any Domain) -> [ScoredVariable] {
    guard domain.isImage, count > 1, let first, !contains(where: { $0.name == ScoredFiles.allBands }),
      allSatisfy({ $0.peak == first.peak && $0.origin == first.origin })
    else { return self }
    return self + [
      ScoredVariable(name: ScoredFiles.allBands, channels: flatMap(\.channels), peak: first.peak, origin: first.origin)
    ]
  }
}
