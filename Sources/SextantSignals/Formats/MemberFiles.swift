// The names of the files of an ensemble that has one file for each member.

import Foundation

/// An ensemble as one file for each member.
public enum MemberFiles {
  /// The paths of `count` members: "out.nc" gives "out_member001.nc" and on, a folder ("out/") "out/member001.nc".
  ///
  /// - Parameter ending: the ending in a folder, where the output's name has none.
  public static func paths(for path: String, count: Int, ending: String) -> [String] {
    let digits = max(3, String(count).count)
    let own = (path as NSString).pathExtension
    let isFolder = path.hasSuffix("/") || own.isEmpty
    let stem = isFolder ? (path.hasSuffix("/") ? path : path + "/") : (path as NSString).deletingPathExtension + "_"
    let suffix = isFolder ? ending : own
    return (0..<count).map { stem + String(format: "member%0\(digits)d", $0 + 1) + "." + suffix }
  }
}
