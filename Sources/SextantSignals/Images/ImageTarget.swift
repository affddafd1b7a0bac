// One file of images that is to be written: which part of an answer it holds, with what header, and which field, row and
// channel each of its pages is.

import Foundation
import SextantImages

/// A file that a sink writes.
struct ImageTarget: Sendable {
  /// A part of an answer.
  enum Part: Sendable, Equatable {
    case values, spread, quantiles, samples, noise
    case member(Int)
  }

  /// A page: a channel of a row (a member, a level) of a field.
  struct Page: Sendable, Equatable {
    var field: Int
    var row: Int
    var channel: Int
  }

  let path: String
  let container: ImageContainer
  let header: ImageHeader
  let part: Part
  let pages: [Page]
  /// Whether the samples are those of the input with what changed in them, rather than plain numbers.
  let keepsSamples: Bool
}

extension ImageContainer {
  /// The kind that the ending of a name chooses; nil for any other.
  init?(ending path: String) {
    switch (path as NSString).pathExtension.lowercased() {
    case "png": self = .png
    case "tif", "tiff": self = .tiff
    case "jpg", "jpeg": self = .jpeg
    default: return nil
    }
  }
}

/// The names of the files of one output.
public enum ImageNames {
  /// The name of the answer to an image: that of the image, where JPEG, which is not written, becomes PNG.
  public static func answer(to path: String) -> String {
    ImageContainer(ending: path) == .jpeg ? (path as NSString).deletingPathExtension + ".png" : path
  }

  /// What the names of the files beside an output begin with, "out" of "out.png" and of "out.float.tif"; nil where the name is not
  /// that of an image.
  public static func stem(of path: String) -> String? {
    guard ImageContainer(ending: path) != nil else { return nil }
    let stem = (path as NSString).deletingPathExtension
    return wantsFloat(path) ? (stem as NSString).deletingPathExtension : stem
  }

  /// Whether a name asks for single precision: "out.float.tif".
  static func wantsFloat(_ path: String) -> Bool {
    let name = path.lowercased()
    return name.hasSuffix(".float.tif") || name.hasSuffix(".float.tiff")
  }

  /// "out.png" with "spread" gives "out.spread.tif".
  static func path(_ what: String, beside path: String) -> String {
    var stem = (path as NSString).deletingPathExtension
    if wantsFloat(path) { stem = (stem as NSString).deletingPathExtension }
    return stem + ".\(what).tif"
  }

  /// What is said of the answer "out.png": "out.about.json"; of a folder, "about.json" in it.
  static func about(_ path: String, isFolder: Bool) -> String {
    guard !isFolder else { return (path as NSString).appendingPathComponent(aboutName) }
    var stem = (path as NSString).deletingPathExtension
    if wantsFloat(path) { stem = (stem as NSString).deletingPathExtension }
    return stem + "." + aboutName
  }

  public static let aboutName = "about.json"

  /// "spread/a.tif" in a folder, for the image "a.png".
  static func path(_ what: String, in folder: String, of image: String) -> String {
    let name = ((image as NSString).lastPathComponent as NSString).deletingPathExtension
    return ((folder as NSString).appendingPathComponent(what) as NSString).appendingPathComponent(name + ".tif")
  }
}
