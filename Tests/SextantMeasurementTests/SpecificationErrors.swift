// Wrong texts and absent inputs: the errors say what was expected, what was found, and how it should look.

import SextantArrays
import SextantGeometry
import Testing

@testable import SextantMeasurement

@Suite("Errors of masks and noise levels")
struct SpecificationErrors {
  @Test(
    "a wrong mask is refused with an example",
    arguments: [
      ("", "found nothing"), ("rnadom:0.5", "random, stations, band"), ("random", "share that is missing"),
      ("random:1", "at least 0 and below 1"), ("random:-0.1", "'-0.1'"), ("random:0.6-0.3", "'0.6-0.3'"),
      ("random:0.5,chanels=apart", "'chanels'"), ("random:0.5,0.6", "'0.6'"), ("random:0.5,channels=x", "'x'"),
      ("band", "FROM..TO"), ("band:20..-20", "'20..-20'"), ("band:-100..0", "-90..90"),
      ("swath:width=0", "width as a number from 10"), ("swath:width=20,width=30", "twice"),
      ("stations:0", "at least 1"),
      ("blocks:size=30", "found neither"), ("blocks:share=0.5,count=3", "found both"),
      ("blocks:count=2,shape=star", "'star'"), ("cells:0.5,size=ten", "'ten'"), ("file:", "no path"),
      ("file:a.nc:", "no name"), ("land:1", "nothing more"), ("random:0.5+", "found nothing"),
      ("random:0.5|", "found nothing"),
      ("|none", "found nothing"), ("none+|none", "found nothing"),
    ])
  func wrongMask(text: String, part: String) {
    let error = #expect(throws: MeasurementError.self) { try AnyMeasurementDesign(text) }
    let message = error?.description ?? ""
    #expect(message.contains(part) && message.contains("Example: "), "\(message)")
  }

  @Test("a path may hold dots, slashes, commas and plus signs")
  func pathsAreTaken() throws {
    func file(_ path: String, _ variable: String? = nil) -> AnyMeasurementDesign {
      AnyMeasurementDesign(FileMask(path: path, variable: variable))
    }
    #expect(try AnyMeasurementDesign("file:a+b|c/c,d=1,d=2.nc") == file("a+b|c/c,d=1,d=2.nc"))
    #expect(try AnyMeasurementDesign("file:x.nc:cover") == file("x.nc", "cover"))
    #expect(try AnyMeasurementDesign("file:store:8/x.nc") == file("store:8/x.nc"))
    #expect("\(try AnyMeasurementDesign("random:0.5+file:a+b|c.nc"))" == "random:0.5+file:a+b|c.nc")
  }

  @Test("a mask that needs more says what", arguments: ["land", "sea", "file:coverage.nc"])
  func absentInput(text: String) {
    let error = #expect(throws: MeasurementError.self) {
      var random = RandomStream(seed: 1)
      _ = try AnyMeasurementDesign(text)
        .draw(in: MeasurementContext(domain: MaskLaws.domain, isValid: EachMask.everywhere), using: &random)
    }
    #expect(error?.description.hasPrefix("'\(text)' needs") == true)
  }

  @Test("a mask that leaves nothing is refused")
  func nothingLeft() {
    let error = #expect(throws: MeasurementError.self) { try MaskLaws.observed("band:-90..90") }
    #expect(error?.description.contains("leaves nothing to observe") == true)
    #expect(throws: MeasurementError.self) {
      try MaskLaws.observed("random:0.5", isValid: [Bool](repeating: false, count: MaskLaws.domain.vertexCount))
    }
  }

  @Test("a domain off the sphere cannot have a latitude band")
  func offTheSphere() {
    let error = #expect(throws: MeasurementError.self) {
      var random = RandomStream(seed: 1)
      _ = try AnyMeasurementDesign("band:0..10")
        .draw(in: MeasurementContext(domain: FlatSheet(), isValid: [true, true]), using: &random)
    }
    #expect(error?.description.contains("a sheet of two") == true)
  }

  @Test("a round surface is not the Earth", arguments: ["band:0..10", "swath", "cells:0.3,size=20"])
  func roundSurface(text: String) throws {
    let ball = try SurfaceMesh(SphereMesh.icosphere(subdivisions: 1).triangleMesh)
    let isValid = [Bool](repeating: true, count: ball.vertexCount)
    let error = #expect(throws: MeasurementError.self) {
      var random = RandomStream(seed: 1)
      _ = try AnyMeasurementDesign(text).draw(
        in: MeasurementContext(domain: ball, isValid: isValid), using: &random)
    }
    #expect(error?.description.contains("latitudes and longitudes") == true)
  }

  @Test("a wrong noise level is refused", arguments: ["", "K", "-1K", "nan", "inf", "variable:"])
  func wrongNoise(text: String) {
    let error = #expect(throws: MeasurementError.self) { try NoiseLevel(text) }
    #expect(error?.description.contains("a number of 0 or more, optionally followed by units") == true)
  }
}

/// Two vertices that do not lie on the unit sphere.
private struct FlatSheet: Domain {
  let vertexCount = 2
  let nodeCount = 2
  let nodeOfVertex: [Int32] = [0, 1]
  let nodePositions = [SIMD3<Double>(0, 0, 0), SIMD3(3, 0, 0)]
  let areaWeights = [1.0, 1]
  let stiffness = SparseMatrix(rowCount: 2, columnCount: 2, entries: [])
  let fingerprint = "sheet"
  let summary = "a sheet of two"
}
