// The data sets that `sextant fetch` knows: where their makers publish them, and by which hash the right bytes are known.
// Nothing of them is kept in the repository. The hashes are those of the published archives.

/// A data set that anyone can fetch from its home.
public enum PublicDataSet: String, Sendable, CaseIterable {
  /// The Stanford bunny in four resolutions.
  case bunny
  /// Handwritten digits: 60,000 and 10,000 images of 28×28.
  case mnist
  /// Small colour photographs: 50,000 and 10,000 of 32×32.
  case cifar10

  /// Its home page, with the terms of its use.
  public var homePage: String {
    switch self {
    case .bunny: "http://graphics.stanford.edu/data/3Dscanrep/"
    case .mnist: "http://yann.lecun.com/exdb/mnist/"
    case .cifar10: "https://www.cs.toronto.edu/~kriz/cifar.html"
    }
  }

  /// What its makers ask of those who use it.
  public var terms: String {
    switch self {
    case .bunny:
      "Free for research with credit to the Stanford Computer Graphics Laboratory; no commercial use without permission."
    case .mnist: "LeCun, Cortes, Burges; CC BY-SA 3.0, as commonly stated."
    case .cifar10: "No explicit licence; for research, citing Krizhevsky 2009, Learning Multiple Layers of Features."
    }
  }

  /// The files that are fetched, and what becomes of them.
  public var files: [RemoteFile] {
    switch self {
    case .bunny:
      [
        RemoteFile(
          name: "bunny.tar.gz", homes: ["http://graphics.stanford.edu/pub/3Dscanrep/"], byteCount: 4_894_286,
          sha256: "a5720bd96d158df403d153381b8411a727a1d73cff2f33dc9b212d6f75455b84",
          unpacking: RemoteFile.Unpacking(member: "bunny/reconstruction", depth: 2))
      ]
    case .mnist:
      [
        ("train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        ("train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
      ].map { RemoteFile(name: $0, homes: Self.homesOfMNIST, byteCount: $1, sha256: $2) }
    case .cifar10:
      [
        RemoteFile(
          name: "cifar-10-binary.tar.gz", homes: ["https://www.cs.toronto.edu/~kriz/"], byteCount: 170_052_171,
          sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
          unpacking: RemoteFile.Unpacking(member: "cifar-10-batches-bin", depth: 1))
      ]
    }
  }

  /// The home page refuses strangers at times; the others are copies that the large frameworks keep.
  private static let homesOfMNIST = [
    "http://yann.lecun.com/exdb/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
  ]
}

/// A file on the network, and how to know that it is the right one.
public struct RemoteFile: Sendable, Equatable {
  /// What of an archive is unpacked.
  public struct Unpacking: Sendable, Equatable {
    /// The folder in the archive.
    public var member: String
    /// How many folders are left off the paths inside.
    public var depth: Int

    public init(member: String, depth: Int) { (self.member, self.depth) = (member, depth) }
  }

  /// The name, at home and here.
  public var name: String
  /// The folders that have it, each ending in "/", in the order in which they are tried.
  public var homes: [String]
  /// Its length.
  public var byteCount: Int
  /// Its hash, 64 hexadecimal digits.
  public var sha256: String
  /// Nil for a file that is kept as it is; the archive itself is not kept.
  public var unpacking: Unpacking?

  public init(name: String, homes: [String], byteCount: Int, sha256: String, unpacking: Unpacking? = nil) {
    (self.name, self.homes, self.byteCount) = (name, homes, byteCount)
    (self.sha256, self.unpacking) = (sha256, unpacking)
  }
}
