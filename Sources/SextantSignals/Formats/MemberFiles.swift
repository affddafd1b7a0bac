// The names of the files of an ensemble that has one file for each member.

import Foundation

/// An ensemble as one file for each member.
public enum MemberFiles {
  /// The paths of `count` members: "out.nc" gives "out_member001.nc" and so on, and a folder ("out/"), whose name has
  /// no ending, "out/member001" with the given ending. An image in single precision, "out.float.tif", gives
  /// "out_member001.float.tif".
  public static func paths(for path: String, count: Int, ending: String) -> [String] {
    let digits = max(3, String(count).count)
    let own = Self.ending(of: path)
    let isFolder = path.hasSuffix("/") || own.isEmpty
    let stem = isFolder ? (path.hasSuffix("/") ? path : path + "/") : String(path.dropLast(own.count + 1)) + "_"
    let suffix = isFolder ? ending : own
    return (0..<count).map { stem + String(format: "member%0\(digits)d", $0 + 1) + "." + suffix }
  }

  /// The ending of a name without its dot: "tif", or "float.tif" of an image in single precision.
  private static func ending(of path: String) -> String {
    let own = (path as NSString).pathExtension
    return ImageNames.wantsFloat(path) ? String(path.suffix(own.count + 6)) : own
  }

  /// The files beside `paths`, which are members, that have the name of a further member.
  static func others(than paths: [String]) -> [String] {
    guard let first = paths.first else { return [] }
    let folder = (first as NSString).deletingLastPathComponent
    let ending = "." + Self.ending(of: first)
    let name = (first as NSString).lastPathComponent.dropLast(ending.count)
    let stem = String(name.dropLast(name.reversed().prefix(while: \.isNumber).count))
    let known = Set(paths.map { ($0 as NSString).lastPathComponent })
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    return names.sorted().filter { other in
      guard other.hasPrefix(stem), other.hasSuffix(ending), !known.contains(other) else { return false }
      let number = other.dropFirst(stem.count).dropLast(ending.count)
      return !number.isEmpty && number.allSatisfy(\.isNumber)
    }.map { (folder as NSString).appendingPathComponent($0) }
  }
}
