// Layouts: the states do not depend on which of several coincident vertices is there.

import SextantGeometry
import SextantPriors
import Testing

@Suite struct StateLayoutLaws {
  /// A model's file holds a flag for each entry; read back, they must give the states that the archive gave.
  @Test func theFlagsOfALayoutGiveTheLayoutAgain() throws {
    let grid = try LatitudeLongitudeGrid(
      latitudes: [90, 30, -30, -90], longitudes: (0..<5).map { 90 * Double($0) })
    let (vertices, channels) = (grid.vertexCount, 2)
    // The poles are there in a later column than the first; a vertex between them is missing.
    for missing in [[0, 1], [15, 16, 17], [0, 5, 10, 15], Array(0..<4), []] {
      var isInside = [Bool](repeating: true, count: vertices * channels)
      for vertex in missing { isInside[vertex * channels + 1] = false }
      let layout = StateLayout(domain: grid, channelCount: channels, isInside: isInside)
      let again = StateLayout(
        domain: grid, channelCount: channels, isInside: layout.stateOfEntry.map { $0 >= 0 })
      #expect(again == layout, "\(missing)")
      for channel in 0..<channels {
        let nodes = layout.states(ofChannel: channel).map { layout.nodeOfState[$0] }
        #expect(nodes == nodes.sorted())
      }
    }
  }
}
