// Real images have the values that Pillow and tifffile give them.

import Foundation
import SextantArrays
import SextantSignals
import SextantStorage
import SextantTestSupport
import Testing

@Suite struct ImageReferenceTests {
  /// A few images of each archive, and the first batch of CIFAR.
  static let files: [String] = [
    SharedData.files("celeba/png64", endings: ["png"], limit: 10),
    SharedData.files("celeba/original_89x109", endings: ["png", "jpg"], limit: 5),
    SharedData.files("tubulin/png16", endings: ["png"], limit: 5),
    SharedData.files("tubulin/crops64", endings: ["tif"], limit: 10),
    SharedData.files("tubulin/original", endings: ["tif"], limit: 1),
    SharedData.files("cifar10", endings: ["bin"], limit: 1),
  ].flatMap { (list: [String]) in list }

  @Test(
    .enabled(
      "needs the shared data (set SEXTANT_DATA), and Python with NumPy, Pillow and tifffile (set SEXTANT_PYTHON)"
    ) {
      !files.isEmpty && PythonReference.has(["numpy", "PIL", "tifffile"])
    })
  func valuesAreThoseOfPillowAndTifffile() throws {
    let folder = try ScratchFolder()
    try withExtendedLifetime(folder) {
      let output = try PythonReference.run("image_values.py", arguments: Self.files)
      let wanted = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
      #expect(wanted.count == Self.files.count)
      for (path, hash) in zip(Self.files, wanted) {
        let document = try [any SignalFormat].standard.open(SignalRequest(path: path, acceptsValues: true))
        let set = try document.read(Array(0..<document.count))
        #expect(!set.isValid.contains(false))
        let values = folder.path("values")
        try set.values.withUnsafeScalars { Data(buffer: $0) }.write(to: URL(fileURLWithPath: values))
        #expect(try FileDigest.sha256(of: values) == hash, "\(path)")
      }
    }
  }
}
