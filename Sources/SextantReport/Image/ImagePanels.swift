// Images side by side: each pixel is a square of whole pixels of the page, never interpolated. Colours are those of the image where it
// has red, green and blue, and otherwise greys between the ends of a scale that all panels of a role share. Spreads have the colours
// of maps, with a bar. What is missing has a colour of its own.

import SextantStorage

/// A row of images under one title.
public struct ImagePanels: Sendable {
  /// One image.
  public struct Panel: Sendable {
    /// The heading.
    public var title: String
    /// Its role; panels of one role share a scale.
    public var role: MapPanels.Role
    /// V·C values, not-a-number where one is missing; C is 1 or 3.
    public var values: [Float]

    public init(_ title: String, role: MapPanels.Role = .value, values: [Float]) {
      (self.title, self.role, self.values) = (title, role, values)
    }
  }

  private let rows: Int
  private let columns: Int
  private let panels: [Panel]
  private let scales: [MapPanels.Role: ColourScale]
  private let title: String

  /// The colour of missing pixels, which is no grey.
  static let missing = Colour(hexadecimal: 0xC8A2C8)

  /// - Parameters:
  ///   - rows: The rows of pixels.
  ///   - columns: The columns of pixels.
  ///   - panels: The images, from left to right.
  ///   - peak: The value that is white; nil for the range of the values.
  ///   - black: The value that is black where there is a peak.
  ///   - title: The title.
  /// - Throws: ``ReportError`` for panels that have not one or three values at each pixel.
  public init(
    rows: Int, columns: Int, panels: [Panel], peak: Double? = nil, black: Double = 0, title: String = ""
  ) throws {
    for panel in panels where panel.values.count != rows * columns && panel.values.count != 3 * rows * columns {
      throw ReportError.unusable(
        "An image of \(rows)×\(columns) pixels needs one or three values at each; \(panel.values.count) were given.")
    }
    guard !panels.isEmpty else { throw ReportError.unusable("A row of images needs at least one image.") }
    (self.rows, self.columns, self.panels, self.title) = (rows, columns, panels, title)
    var scales: [MapPanels.Role: ColourScale] = [:]
    for role in MapPanels.Role.allCases {
      let own = panels.filter { $0.role == role }.map(\.values).joined()
      if role == .value {
        scales[role] = try ColourScale(peak.map { .fixed(min(black, $0)...$0) } ?? .automatic, for: own, map: .grey)
      } else {
        scales[role] = try ColourScale(role.scale(of: own), for: own, map: role.colours)
      }
    }
    self.scales = scales
  }

  /// Writes the row as a complete PNG file or not at all; panels are enlarged by a whole factor to about `width` pixels in all.
  ///
  /// Throws `FileError` if the file exists and `overwrite` is false, or if it cannot be written, and ``ReportError``.
  public func write(to path: String, width: Int = 1600, overwrite: Bool = false) throws {
    try WholeFile.checkIsFree(path, overwrite: overwrite)
    try canvas(width: width).writePNG(to: path, overwrite: overwrite)
  }

  /// The row on a separate page.
  public func canvas(width: Int = 1600) throws -> Canvas {
    let (margin, gap, heading, legend) = (16, 12, title.isEmpty ? 22 : 46, 34)
    let factor = max(1, min(16, (width - 2 * margin) / max(1, panels.count * (columns + gap))))
    let (panelWidth, panelHeight) = (max(columns * factor, 90), rows * factor)
    let canvas = try Canvas(
      width: Double(2 * margin + panels.count * panelWidth + (panels.count - 1) * gap),
      height: Double(2 * margin + heading + panelHeight + legend), resolution: 1)
    if !title.isEmpty {
      canvas.draw(title, at: SIMD2(Double(margin), Double(margin + 10)), style: TextStyle(size: 14, isBold: true))
    }
    for (place, panel) in panels.enumerated() {
      let (x, y) = (margin + place * (panelWidth + gap), margin + heading)
      canvas.draw(panel.title, at: SIMD2(Double(x), Double(y - 10)), style: TextStyle(size: 11))
      try canvas.draw(enlarged(panel, by: factor), atPixel: x, y)
      guard let scale = scales[panel.role] else { continue }
      let isColour = panel.values.count == 3 * rows * columns && panel.role == .value
      if !isColour {
        try legendBar(scale, on: canvas, x: x, y: y + panelHeight + 8, width: columns * factor)
      }
    }
    return canvas
  }

  /// A bar of the colours with the numbers of its ends.
  private func legendBar(_ scale: ColourScale, on canvas: Canvas, x: Int, y: Int, width: Int) throws {
    var bar = PixelImage(width: width, height: 6)
    for column in 0..<width {
      let pixel = scale.map.pixel(at: (Double(column) + 0.5) / Double(width))
      for row in 0..<6 { bar.pixels[row * width + column] = pixel }
    }
    try canvas.draw(bar, atPixel: x, y)
    let style = TextStyle(size: 9)
    canvas.draw(Self.short(scale.range.lowerBound), at: SIMD2(Double(x), Double(y + 14)), style: style)
    canvas.draw(
      Self.short(scale.range.upperBound), at: SIMD2(Double(x + width), Double(y + 14)), style: style,
      anchor: .init(.right, .middle))
  }

  private static func short(_ number: Double) -> String {
    let rounded = (number * 1000).rounded() / 1000
    return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
  }

  /// The pixels of a panel, each as a square.
  private func enlarged(_ panel: Panel, by factor: Int) -> PixelImage {
    var image = PixelImage(width: columns * factor, height: rows * factor)
    let channels = panel.values.count / (rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let first = (row * columns + column) * channels
        let pixel = self.pixel(Array(panel.values[first..<first + channels]), role: panel.role)
        for y in row * factor..<(row + 1) * factor {
          for x in column * factor..<(column + 1) * factor { image.pixels[y * image.width + x] = pixel }
        }
      }
    }
    return image
  }

  private func pixel(_ values: [Float], role: MapPanels.Role) -> UInt32 {
    guard let scale = scales[role], values.allSatisfy(\.isFinite) else { return Self.missing.packed }
    guard values.count == 3 else { return scale.pixel(of: Double(values[0])) }
    // A spread or an error of colours is their root mean square, with the sign of their sum.
    if role != .value {
      let size = (values.reduce(0) { $0 + $1 * $1 } / 3).squareRoot()
      return scale.pixel(of: Double(values.reduce(0, +) < 0 ? -size : size))
    }
    let parts = values.map { value -> UInt32 in
      let share = (Double(value) - scale.range.lowerBound) / (scale.range.upperBound - scale.range.lowerBound)
      return UInt32((255 * min(1, max(0, share))).rounded())
    }
    return 0xFF00_0000 | parts[0] << 16 | parts[1] << 8 | parts[2]
  }
}
