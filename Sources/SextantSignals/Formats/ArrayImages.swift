// NumPy arrays of images: rows and columns are axes of their own in the file, and one axis of pixels in the fields. An array does
// not say what its axes are. They are known where the pixels of the fields are, and where the user names them. Not here: files of
// images.

import SextantArrays
import SextantGeometry

/// The axes of an array of images, of which the user names all, such as TYXC.
struct ArrayAxes {
  let rows: Int
  let columns: Int
  /// The shape N×V×C, or V×C where the array is one field.
  let shape: [Int]

  /// Throws ``SignalFormatError/invalidSetting(path:name:expected:found:)`` for letters that do not fit the array.
  init(_ text: String, shape: [Int], path: String) throws {
    let letters = Array(text.uppercased())
    let place = letters.firstIndex(of: "Y") ?? letters.count
    let rest = letters.dropFirst(place + 1)
    let isWhole = letters.count == shape.count && Set(letters).count == letters.count && letters.allSatisfy(\.isLetter)
    let ends: [[Character]] = [["X"], ["X", "C"], ["X", "S"]]
    guard isWhole, ends.contains(Array(rest)) else {
      throw SignalFormatError.invalidSetting(
        path: path, name: "axes",
        expected: "a letter for each of the \(shape.count) axes of the array, of which the last are YX, or YXC with channels",
        found: "'\(text)'")
    }
    (rows, columns) = (shape[place], shape[place + 1])
    let channels = rest.count == 2 ? shape[place + 2] : 1
    let fields: [Int] = place == 0 ? [] : [shape[..<place].reduce(1, *)]
    self.shape = fields + [rows * columns, channels]
  }
}

extension Domain {
  /// The axes of the vertices in an array: rows and columns of pixels, or the vertices.
  var arrayExtents: [Int] {
    guard isImage, let raster else { return [vertexCount] }
    return [raster.rows, raster.columns]
  }
}

extension NPYFile.Numbers {
  /// The numbers with one axis of vertices where those of a domain are pixels and the array has rows and columns: (N×)V(×C).
  ///
  /// - Parameter channels: the number of channels where it is known, which tells N×rows×columns from rows×columns×C where both fit.
  func joiningPixels(of domain: any Domain, channels: Int?) -> Self {
    let (extents, own) = (domain.arrayExtents, shape)
    guard extents.count == 2, own.count >= 2, own.count <= 4 else { return self }
    let places = (0...min(1, own.count - 2)).filter { (place: Int) -> Bool in
      own[place] == extents[0] && own[place + 1] == extents[1] && own.count - place <= 3
    }
    guard let first = places.first, let last = places.last else { return self }
    // Of three axes that all fit, the channels decide.
    let place = first == last || own.last == channels && channels != 1 ? first : last
    let (head, tail) = (Array(own[..<place]), Array(own[(place + 2)...]))
    let channelAxis: [Int] = place > 0 && tail.isEmpty ? [1] : tail
    return reshaped(to: head + [extents[0] * extents[1]] + channelAxis)
  }

  func reshaped(to shape: [Int]) -> Self {
    switch self {
    case .single(let tensor): .single(tensor.reshaped(to: shape))
    case .wide(let tensor, let isDouble): .wide(tensor.reshaped(to: shape), isDouble: isDouble)
    }
  }
}
