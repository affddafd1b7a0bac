// What a mask pattern may know of the field that it is drawn for: places, areas, and which vertices count.

import SextantArrays
import SextantGeometry

/// Inputs that some mask patterns need beside their own text.
public struct MaskInputs: Sendable {
  /// Whether each vertex is land (V); needed by `land` and `sea`.
  public var isLand: [Bool]?
  /// Whether each vertex (V) or entry (V·C) is observed according to the file of `file:PATH`, read by the caller.
  public var isObservedInFile: [Bool]?

  public init(isLand: [Bool]? = nil, isObservedInFile: [Bool]? = nil) {
    self.isLand = isLand
    self.isObservedInFile = isObservedInFile
  }
}

/// The vertices that a pattern divides into observed and missing.
struct MaskGround {
  let domain: any Domain
  /// Whether any channel of the vertex is valid (V).
  let isValid: [Bool]
  /// The text of the mask, for errors.
  let specification: String

  var vertexCount: Int { isValid.count }
  /// The vertices with a valid entry, ascending.
  var validVertices: [Int] { isValid.indices.filter { isValid[$0] } }

  /// The unit vector of each vertex; throws if the domain has no geography.
  func directions() throws -> [SIMD3<Double>] {
    _ = try geography()
    return domain.positions
  }

  /// The latitude and longitude of each vertex; throws if the domain has no geography.
  func geographicPoints() throws -> [GeographicPoint] { try geography().points }

  private func geography() throws -> any Geography {
    guard let geography = domain.geography else {
      throw MeasurementError.missingInput(
        specification: specification, needs: "latitudes and longitudes",
        hint: "The domain (\(domain.summary)) has none; use random:SHARE or file:PATH.")
    }
    return geography
  }

  /// How many of `count` valid places a missing share stands for: rounded, and never all.
  static func missingCount(share: Double, of count: Int) -> Int {
    min(max(0, count - 1), Int((share * Double(count)).rounded()))
  }
}

/// A rule that says which vertices of a field are missing.
protocol MaskPattern: Sendable, Equatable {
  /// Whether each vertex is missing (V). What is said of invalid vertices has no effect.
  func missingVertices(on ground: MaskGround, using random: inout RandomStream) throws -> [Bool]
}
