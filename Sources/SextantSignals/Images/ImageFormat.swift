// PNG, JPEG and TIFF images, and folders of them, as a format.

import Foundation
import SextantGeometry
import SextantImages
import SextantStorage

/// Images and folders of images on the plane grid of their pixels.
///
/// Its settings are `axes` (the names of the axes of a stack, such as TYX), `mask` (an image of two numbers) and
/// `missing_where` (which of them is missing: white or black), `no_data` (a number that is missing), and `keep_going` (images of a
/// folder that cannot be read or differ from the first are left out).
public struct ImageFormat: SignalFormat {
  public init() {}

  public var name: String { "images" }
  public var help: String {
    "PNG, JPEG and TIFF images, their stacks, and folders of images of one size; PNG and TIFF are written as they came"
  }
  public var endings: [String] { ["png", "jpg", "jpeg", "tif", "tiff"] }
  public var writtenEndings: [String] { ["png", "tif", "tiff"] }

  public func recognises(_ path: String) -> Bool {
    if let folder = try? ImageFolder(path: path) { return !folder.images.isEmpty }
    return ImageContainer(of: path) != nil
  }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    let document = try ImageDocument(request)
    try request.checkNames()
    try request.refuseGeometry(for: self, because: "an image has a grid of its own. Leave it out.")
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(except: ["axes", "mask", "missing_where", "no_data", "keep_going"], for: self)
    return try document.selecting(request.select)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection { try ImageInspection(request) }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    try ImageSink(output, like: source)
  }
}
