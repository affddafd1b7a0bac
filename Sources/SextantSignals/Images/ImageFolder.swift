// A folder as an archive of images: which of its files are images, whatever their names are, or say that they are. An empty
// file that is called a.png was meant to be an image, so that it counts as one that cannot be read.

import Foundation
import SextantImages

/// The images of a folder, in the order of their names.
struct ImageFolder {
  let path: String
  let images: [String]
  /// The names of its other files.
  let others: [String]

  /// Nil where there is no folder.
  init?(path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return nil }
    self.path = path
    var (images, others): ([String], [String]) = ([], [])
    for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted() where !name.hasPrefix(".") && name != ImageNames.aboutName {
      let full = (path as NSString).appendingPathComponent(name)
      var isInner: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: full, isDirectory: &isInner)
      if isInner.boolValue { continue }
      let isImage = ImageContainer(of: full) != nil || ImageContainer(ending: name) != nil
      if isImage { images.append(full) } else { others.append(name) }
    }
    (self.images, self.others) = (images, others)
  }
}
