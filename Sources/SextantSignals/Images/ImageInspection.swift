// The description of images: what the file says of them, and the range of their values.

import Foundation
import SextantImages

/// The description of a file or a folder of images.
struct ImageInspection: SignalInspection {
  static var kind: String { "images" }

  /// The kind of the files: PNG, JPEG or TIFF.
  let container: String
  /// What the first file says of its pixels.
  let image: String
  /// What was assumed or found odd.
  let remarks: [String]
  /// The fields and the ranges of their values.
  let fields: FieldsInspection

  /// Reads all images of a request. A stack whose axes have no names is described all the same.
  init(_ request: InspectionRequest) throws {
    var notes: [String] = []
    var document: ImageDocument
    try request.refuseSettings(except: ["axes"], for: ImageFormat())
    do {
      document = try ImageDocument(SignalRequest(path: request.path, settings: request.settings))
    } catch let error as ImageFileError {
      switch error {
      case .unnamedAxes, .otherPageCount: break
      default: throw error
      }
      document = try ImageDocument(SignalRequest(path: request.path, settings: ["axes": "IYX"]))
      notes.append("note: \(error)")
    }
    try request.refusePart(for: ImageFormat())
    container = document.files[0].container.rawValue
    image = document.files[0].header.summary
    remarks = notes + document.remarks.lines
    fields = try FieldsInspection(document)
  }

  var description: String {
    ([fields.description, "  \(container): \(image)"] + remarks.map { "  \($0)" }).joined(separator: "\n")
  }
}
