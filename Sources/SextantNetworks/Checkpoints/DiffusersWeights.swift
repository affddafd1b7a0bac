// Weights of a DDPM that another program trained: safetensors with the names of diffusers' UNet2DModel, which many published models
// use. The table of names is in docs/learned-priors.md.

import Foundation
import SextantArrays
import SextantStorage

extension DDPMUNet where Scalar == Float {
  /// The parameters of a network on images from a file with the names of diffusers' UNet2DModel.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - layout: the names and shapes of the network's parameters, without prefixes.
  ///   - levelCount: the number of levels of the network.
  /// - Throws: `FileError`, `SafetensorsError` for weights of other names or sizes, ``CheckpointError`` for weights that the network
  ///   has no place for.
  public static func parameters(
    fromDiffusers path: String, layout: ParameterSet<Float>, levelCount: Int
  ) throws -> ParameterSet<Float> {
    let file = try SafetensorsFile(path: path)
    var result = layout
    var used: Set<String> = []
    for (index, name) in layout.names.enumerated() {
      let shape = layout.tensors[index].shape
      let sources = DiffusersNames.sources(of: name, levelCount: levelCount).map { choices in
        choices.first(where: file.contains) ?? choices[0]
      }
      used.formUnion(sources)
      // Queries, keys and values are one layer here.
      let rows = shape[0] / sources.count
      let parts = try sources.map { source -> [Float] in
        let own = [rows] + shape.dropFirst()
        return try converted(file, source, to: own)
      }
      result.tensors[index] = Tensor(parts.flatMap(\.self), shape: shape)
    }
    let unknown = file.names.filter { !used.contains($0) }
    guard unknown.isEmpty else { throw CheckpointError.unknownParameters(path: path, names: unknown) }
    return result
  }

  /// The numbers of a tensor of the file in our order.
  private static func converted(_ file: SafetensorsFile, _ source: String, to shape: [Int]) throws -> [Float] {
    let found = try file.shape(of: source)
    if shape.count == 3 {
      // outputs×inputs×side×side there, outputs×neighbours×inputs here.
      let (outputs, neighbours, inputs) = (shape[0], shape[1], shape[2])
      let side = Int(Double(neighbours).squareRoot())
      let tensor = try file.floats(source, shape: [outputs, inputs, side, side]).scalars
      return (0..<outputs * neighbours * inputs).map { place in
        let (output, rest) = place.quotientAndRemainder(dividingBy: neighbours * inputs)
        let (neighbour, input) = rest.quotientAndRemainder(dividingBy: inputs)
        return tensor[(output * inputs + input) * neighbours + neighbour]
      }
    }
    // A convolution of one pixel is a dense layer.
    if shape.count == 2, found == shape + [1, 1] { return try file.floats(source, shape: found).scalars }
    return try file.floats(source, shape: shape).scalars
  }
}

/// The names that diffusers' UNet2DModel has for the parameters of a ``DDPMUNet``.
enum DiffusersNames {
  /// The tensors that make up a parameter, one after the other, each with the names that versions of diffusers have given it.
  static func sources(of name: String, levelCount: Int) -> [[String]] {
    let parts = name.split(separator: ".").map(String.init)
    guard let kind = parts.last else { return [[name]] }
    func named(_ path: String) -> [[String]] { [["\(path).\(kind)"]] }
    switch parts[0] {
    case "first": return named("conv_in")
    case "last": return named("conv_out")
    case "last_norm": return named("conv_norm_out")
    case "time": return named(parts[1] == "hidden" ? "time_embedding.linear_1" : "time_embedding.linear_2")
    case "middle":
      return parts[1] == "block"
        ? named("mid_block.resnets.\(parts[2])." + residual(parts[3...]))
        : attention("mid_block.attentions.0", parts[2...], kind)
    case "down", "up":
      let level = Int(parts[1]) ?? 0
      let path = parts[0] == "down" ? "down_blocks.\(level)" : "up_blocks.\(levelCount - 1 - level)"
      switch parts[2] {
      case "block": return named("\(path).resnets.\(parts[3])." + residual(parts[4...]))
      case "attention": return attention("\(path).attentions.\(parts[3])", parts[4...], kind)
      case "downsample": return named("\(path).downsamplers.0.conv")
      default: return named("\(path).upsamplers.0.conv")
      }
    default: return [[name]]
    }
  }

  /// A layer of a residual block; `parts` ends with the kind of the parameter.
  private static func residual(_ parts: ArraySlice<String>) -> String {
    switch parts.dropLast().joined(separator: ".") {
    case "norm.0": "norm1"
    case "norm.1": "norm2"
    case "conv.0": "conv1"
    case "conv.1": "conv2"
    case "time": "time_emb_proj"
    default: "conv_shortcut"
    }
  }

  private static func attention(_ path: String, _ parts: ArraySlice<String>, _ kind: String) -> [[String]] {
    switch parts.dropLast().last {
    case "norm": [["\(path).group_norm.\(kind)"]]
    case "to_out": [["\(path).to_out.0.\(kind)", "\(path).proj_attn.\(kind)"]]
    default: [("to_q", "query"), ("to_k", "key"), ("to_v", "value")].map { ["\(path).\($0.0).\(kind)", "\(path).\($0.1).\(kind)"] }
    }
  }
}
