// Text on a canvas, drawn by Cairo's text functions: one line at a time, placed by an anchor. The font is requested
// from fontconfig by name. If it is not installed, fontconfig returns the nearest match, and without any font Cairo
// draws its built-in stroke letters, so a picture never fails for lack of a font.

import CCairo

/// The style of a line of text.
public struct TextStyle: Sendable, Equatable {
  /// The size of the font in points.
  public var size: Double
  /// Whether the font is bold.
  public var isBold: Bool
  /// The colour of the text.
  public var colour: Colour

  public init(size: Double = 11, isBold: Bool = false, colour: Colour = .ink) {
    self.size = size
    self.isBold = isBold
    self.colour = colour
  }
}

/// The point of a line of text that is placed at the given position.
public struct TextAnchor: Sendable, Equatable {
  /// The horizontal part.
  public enum Horizontal: Sendable { case left, centre, right }
  /// The vertical part; `middle` is half the height of a capital letter.
  public enum Vertical: Sendable { case top, middle, baseline }

  /// Left, centre or right of the text.
  public var horizontal: Horizontal
  /// Top, middle or baseline of the text.
  public var vertical: Vertical

  public init(_ horizontal: Horizontal, _ vertical: Vertical) {
    self.horizontal = horizontal
    self.vertical = vertical
  }
}

extension Canvas {
  /// The font family requested from fontconfig.
  private static let family = "DejaVu Sans"
  /// The height of a capital letter relative to the font size.
  private static let capitalHeight = 0.73

  /// Makes glyph widths independent of the resolution, so that a 2x picture has the layout of the 1x picture.
  func prepareText() {
    guard let options = cairo_font_options_create() else { return }
    defer { cairo_font_options_destroy(options) }
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_set_font_options(context, options)
  }

  /// Draws one line of text with its anchor at `point`, rotated counter-clockwise by `rotation` degrees about the
  /// anchor.
  ///
  /// `halo` is the width of a white outline that keeps the text readable on a map.
  public func draw(
    _ text: String, at point: SIMD2<Double>, style: TextStyle = TextStyle(),
    anchor: TextAnchor = TextAnchor(.left, .baseline), rotation: Double = 0, halo: Double = 0
  ) {
    guard !text.isEmpty, point.x.isFinite, point.y.isFinite else { return }
    select(style)
    let width = advance(of: text)
    let left =
      switch anchor.horizontal {
      case .left: 0.0
      case .centre: -width / 2
      case .right: -width
      }
    let down =
      switch anchor.vertical {
      case .baseline: 0.0
      case .middle: style.size * Self.capitalHeight / 2
      case .top: style.size * Self.capitalHeight
      }
    cairo_save(context)
    defer { cairo_restore(context) }
    cairo_translate(context, point.x, point.y)
    cairo_rotate(context, -rotation * .pi / 180)
    if halo > 0 {
      cairo_move_to(context, left, down)
      cairo_text_path(context, text)
      setSource(Colour.white.withAlpha(0.8))
      cairo_set_line_width(context, 2 * halo)
      cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
      cairo_set_dash(context, [], 0, 0)
      cairo_stroke(context)
    }
    cairo_move_to(context, left, down)
    setSource(style.colour)
    cairo_show_text(context, text)
    cairo_new_path(context)
  }

  /// The width of one line of text in points.
  public func width(of text: String, style: TextStyle = TextStyle()) -> Double {
    select(style)
    return advance(of: text)
  }

  /// `text` broken at spaces into lines of at most `width` points, unless a single word is longer.
  public func lines(of text: String, style: TextStyle, width limit: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, width(of: last + " " + word, style: style) <= limit {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  private func advance(of text: String) -> Double {
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    return extents.x_advance
  }

  private func select(_ style: TextStyle) {
    cairo_select_font_face(
      context, Self.family, CAIRO_FONT_SLANT_NORMAL, style.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_font_size(context, style.size)
  }
}
