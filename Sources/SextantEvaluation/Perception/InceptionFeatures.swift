// The features of the Fréchet inception distance: Inception v3 as the package pytorch-fid has it (C. Szegedy and others, "Rethinking the
// Inception Architecture for Computer Vision", 2015; M. Heusel and others, 2017), which follows the TensorFlow network of the FID: means
// in pooling leave out what lies beyond the frame, and the last block pools by the largest value. The weights are the user's, under
// torchvision's names.

import SextantArrays
import SextantStorage

/// The means over an image of the last features of Inception v3.
public struct InceptionFeatures: Sendable {
  private typealias Block = @Sendable (FeatureMaps) -> FeatureMaps

  private let blocks: [Block]

  /// Reads the weights. Throws `FileError`, and `SafetensorsError` for weights of another network.
  public init(weights path: String) throws {
    let file = try SafetensorsFile(path: path)
    func layer(_ name: String, _ window: FeatureWindow = FeatureWindow(1)) throws -> FeatureConvolution {
      try FeatureConvolution(name, in: file, window, normalised: true)
    }
    /// Layers one after the other.
    func chain(_ layers: [FeatureConvolution]) -> Block { { x in layers.reduce(x) { $1($0) } } }
    func beside(_ branches: [Block]) -> Block { { x in .joining(branches.map { $0(x) }) } }
    let same = FeatureWindow(3, padding: 1)
    let halving = FeatureWindow(3, stride: 2)
    let row = FeatureWindow(height: 1, width: 7, down: 0, across: 3)
    let column = FeatureWindow(height: 7, width: 1, down: 3, across: 0)
    let shortRow = FeatureWindow(height: 1, width: 3, down: 0, across: 1)
    let shortColumn = FeatureWindow(height: 3, width: 1, down: 1, across: 0)
    func pooled(_ name: String, byMean: Bool = true) throws -> Block {
      let projection = try layer("\(name).branch_pool")
      return { projection(byMean ? $0.mean(in: same) : $0.largest(in: same)) }
    }
    var blocks: [Block] = [
      chain([try layer("Conv2d_1a_3x3", halving), try layer("Conv2d_2a_3x3", FeatureWindow(3)), try layer("Conv2d_2b_3x3", same)]),
      { $0.largest(in: halving) },
      chain([try layer("Conv2d_3b_1x1"), try layer("Conv2d_4a_3x3", FeatureWindow(3))]),
      { $0.largest(in: halving) },
    ]
    for name in ["Mixed_5b", "Mixed_5c", "Mixed_5d"] {
      blocks.append(
        beside([
          chain([try layer("\(name).branch1x1")]),
          chain([try layer("\(name).branch5x5_1"), try layer("\(name).branch5x5_2", FeatureWindow(5, padding: 2))]),
          chain([
            try layer("\(name).branch3x3dbl_1"), try layer("\(name).branch3x3dbl_2", same), try layer("\(name).branch3x3dbl_3", same),
          ]), try pooled(name),
        ]))
    }
    blocks.append(
      beside([
        chain([try layer("Mixed_6a.branch3x3", halving)]),
        chain([
          try layer("Mixed_6a.branch3x3dbl_1"), try layer("Mixed_6a.branch3x3dbl_2", same),
          try layer("Mixed_6a.branch3x3dbl_3", halving),
        ]), { $0.largest(in: halving) },
      ]))
    for name in ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"] {
      blocks.append(
        beside([
          chain([try layer("\(name).branch1x1")]),
          chain([try layer("\(name).branch7x7_1"), try layer("\(name).branch7x7_2", row), try layer("\(name).branch7x7_3", column)]),
          chain([
            try layer("\(name).branch7x7dbl_1"), try layer("\(name).branch7x7dbl_2", column), try layer("\(name).branch7x7dbl_3", row),
            try layer("\(name).branch7x7dbl_4", column), try layer("\(name).branch7x7dbl_5", row),
          ]), try pooled(name),
        ]))
    }
    blocks.append(
      beside([
        chain([try layer("Mixed_7a.branch3x3_1"), try layer("Mixed_7a.branch3x3_2", halving)]),
        chain([
          try layer("Mixed_7a.branch7x7x3_1"), try layer("Mixed_7a.branch7x7x3_2", row), try layer("Mixed_7a.branch7x7x3_3", column),
          try layer("Mixed_7a.branch7x7x3_4", halving),
        ]), { $0.largest(in: halving) },
      ]))
    for name in ["Mixed_7b", "Mixed_7c"] {
      let first = try layer("\(name).branch3x3_1")
      let both = beside([
        chain([try layer("\(name).branch3x3_2a", shortRow)]), chain([try layer("\(name).branch3x3_2b", shortColumn)]),
      ])
      let second = chain([try layer("\(name).branch3x3dbl_1"), try layer("\(name).branch3x3dbl_2", same)])
      let secondBoth = beside([
        chain([try layer("\(name).branch3x3dbl_3a", shortRow)]), chain([try layer("\(name).branch3x3dbl_3b", shortColumn)]),
      ])
      blocks.append(
        beside([
          chain([try layer("\(name).branch1x1")]), { both(first($0)) }, { secondBoth(second($0)) },
          try pooled(name, byMean: name == "Mixed_7b"),
        ]))
    }
    self.blocks = blocks
  }

  /// The features of an image of three colours (rows·columns·3 numbers from 0 to 1), which is resized to 299×299 pixels.
  public func features(of image: [Float], rows: Int, columns: Int) -> [Double] {
    precondition(image.count == rows * columns * 3, "\(image.count) numbers for an image of \(rows)×\(columns)")
    var x = FeatureMaps(values: Tensor(image, shape: [1, rows * columns, 3]), rows: rows, columns: columns)
      .resized(rows: 299, columns: 299)
    x.values = x.values.map { 2 * $0 - 1 }
    return blocks.reduce(x) { $1($0) }.means()[0]
  }
}
