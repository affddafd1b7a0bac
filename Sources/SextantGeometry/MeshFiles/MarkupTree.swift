// An XML file as a tree, for the formats that store arrays in XML: VTK's and GIFTI. The parser is Foundation's, which is
// libxml2; external entities, such as the document type of a GIFTI file, are not loaded.

import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An element of an XML file.
struct MarkupElement {
  let name: String
  let attributes: [String: String]
  fileprivate(set) var children: [MarkupElement] = []
  /// The characters of the element itself, without those of its children.
  fileprivate(set) var text: [UInt8] = []

  /// The children with this name.
  func all(_ name: String) -> [MarkupElement] { children.filter { $0.name == name } }

  /// The first child with this name.
  func first(_ name: String) -> MarkupElement? { children.first { $0.name == name } }

  /// The text without the white space around it.
  var trimmedText: String { String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }

  /// The root of a file. Throws ``GeometryError/invalidMesh(_:)`` if the text is not well-formed, for example because
  /// the file is cut off.
  ///
  /// - Parameter kind: The kind of file, for the error: "the VTK file".
  static func root(of bytes: [UInt8], path: String, kind: String) throws -> MarkupElement {
    let builder = Builder()
    let parser = XMLParser(data: Data(bytes))
    parser.delegate = builder
    parser.shouldResolveExternalEntities = false
    guard parser.parse(), !builder.isTooDeep, let root = builder.root else {
      let reason = builder.isTooDeep ? "its elements are nested too deeply" : "it may be cut off"
      throw GeometryError.invalidMesh(
        "\(path): \(kind) is not well-formed XML near line \(max(1, parser.lineNumber)): \(reason).")
    }
    return root
  }

  /// Elements are collected on a stack while they are open.
  private final class Builder: NSObject, XMLParserDelegate {
    private var open: [MarkupElement] = []
    private(set) var root: MarkupElement?
    private(set) var isTooDeep = false
    private static let depthLimit = 100

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      open.append(MarkupElement(name: name, attributes: attributes))
      guard open.count > Self.depthLimit else { return }
      isTooDeep = true
      parser.abortParsing()
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
      guard !open.isEmpty else { return }
      open[open.count - 1].text.append(contentsOf: string.utf8)
    }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
      guard !open.isEmpty else { return }
      open[open.count - 1].text.append(contentsOf: block)
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
      guard let element = open.popLast() else { return }
      if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }
  }
}
