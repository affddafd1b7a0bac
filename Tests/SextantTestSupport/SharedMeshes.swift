// Where the meshes that are not in the repository lie, for tests that need real ones.

import Foundation

/// The folder of shared meshes.
public enum SharedMeshes {
  /// The folder `meshes` in `$SEXTANT_DATA` or beside it, or in `../shared`; nil where there is none.
  public static let folder: String? = {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = ProcessInfo.processInfo.environment["SEXTANT_DATA"].map { URL(fileURLWithPath: $0) }
    let roots = data.map { [$0, $0.deletingLastPathComponent()] }
    return (roots ?? [repository.deletingLastPathComponent().appendingPathComponent("shared")])
      .map { $0.appendingPathComponent("meshes").path }.first { FileManager.default.fileExists(atPath: $0) }
  }()

  /// Whether they are there.
  public static var arePresent: Bool { folder != nil }

  /// What tests say when they skip.
  public static let absence = "needs the shared meshes: set SEXTANT_DATA"

  /// The path of a mesh, such as "bunny/bun_zipper_res3.ply".
  public static func path(_ name: String) -> String { (folder ?? "") + "/" + name }
}
