// Observations at places are filled: with a model onto its grid or to places of the user, without one by kriging between
// places or on a grid. Duplicates, places outside of a region and requests that contradict each other have their answers.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct PointImputations {
  /// Places over the globe, none of them twice.
  static func places(_ count: Int) -> [GeographicPoint] {
    (0..<count).map { number in
      let height = -0.97 + 1.94 * (Double(number) + 0.5) / Double(count)
      return GeographicPoint(
        latitude: asin(height) * 180 / .pi, longitude: (137.507764 * Double(number)).truncatingRemainder(dividingBy: 360))
    }
  }

  /// The temperature of an unseen field at places, in K.
  static func temperatures(at places: [GeographicPoint]) throws -> (values: [Float], label: FieldLabel, truth: [Float]) {
    let field = try SmallClimate.unseen(1)
    let truth = field.values(ofChannel: 0)[0]
    let weights = try #require(field.domain.geography).interpolation(to: places)
    return (weights.times(truth.map(Double.init)).map(Float.init), field.labels[0], truth)
  }

  static func table(_ places: [GeographicPoint], _ columns: [(title: String, cells: [String])]) -> String {
    let titles = ["latitude", "longitude"] + columns.map(\.title)
    let rows = places.enumerated().map { row, place in
      ["\(place.latitude)", "\(place.longitude)"] + columns.map { $0.cells[row] }
    }
    return ([titles] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
  }

  /// A table with temperatures in °C at 60 places.
  static func stations(in folder: ScratchFolder) throws -> String {
    let places = places(60)
    let (values, label, _) = try temperatures(at: places)
    let times = [String](repeating: label.time ?? "", count: places.count)
    return try folder.write(
      table(places, [("time", times), ("tas [degC]", values.map { "\(Double($0) - 273.15)" })]), to: "stations.csv")
  }

  @discardableResult
  static func fill(
    _ input: SignalInput, _ method: Method = .twoScale, model: Model? = nil, noise: String = "0.5", samples: Int = 16,
    regrid: AnswerGrid? = nil, grid: String? = nil, at places: String? = nil, mask: String? = nil, quantiles: Bool = true, to output: String
  ) throws -> ImputationSummary {
    try Imputation(
      method: method, samples: samples, noise: NoiseSpecification(text: noise),
      heldOut: mask.map { try AnyMeasurementDesign($0) }, regrid: regrid,
      target: grid == nil && places == nil ? nil : AnswerTarget(grid: grid, places: places), quantileLevels: quantiles ? [0.25] : [], seed: 3
    ).run(input, model: model, output: output, overwrite: false, history: "by a test")
  }

  /// A column of a written table.
  static func column(_ name: String, in path: String) throws -> [Float] {
    let document = try [any SignalFormat].standard.open(SignalRequest(path: path, variables: [name], acceptsValues: true))
    return FieldRecord(try document.read([0])[0]).values
  }

  // MARK: With a model

  @Test func stationsAreAnsweredOnTheModelsGrid() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    let summary = try Self.fill(
      SignalInput(Self.stations(in: folder)), model: model, noise: "tas=0.5K,clt=0.1", regrid: .model, to: folder.path("out.nc"))
    #expect(summary.remarks.contains { $0.topic == "absent-variable" && $0.text.contains("clt") })
    let mean = try SmallClimate.values("tas", in: folder.path("out.nc"))[0]
    #expect(try GriddedFile(path: folder.path("out.nc"), variables: ["tas"]).variables[0].units == "degC")
    // The same by hand: the measurement is the interpolated field.
    let places = Self.places(60)
    let (values, label, truth) = try Self.temperatures(at: places)
    let interpolation = try GridInterpolation(from: model.space.domain, to: places, channelCount: 2)
    let isObserved = (0..<120).map { $0 % 2 == 0 }
    let measurement = FieldMeasurement(
      values: values, noise: [Float](repeating: 0.5, count: 60),
      operation: SelectionOperator(observed: isObserved).composed(after: interpolation), label: label)
    var random = RandomStream(seed: 1)
    let posterior = try Method.twoScale.solver(for: model).posterior(given: measurement, samples: 0, using: &random)
    let expected = stride(from: 0, to: posterior.mean.count, by: 2).map { posterior.mean[$0] - 273.15 }
    #expect(zip(mean, expected).allSatisfy { abs($0 - $1) < 2e-3 })
    #expect(rootMeanSquareDifference(mean, truth.map { $0 - 273.15 }) < 6)
    #expect(complaint { try Self.fill(SignalInput(Self.stations(in: folder)), model: model, noise: "tas=0.5K,clt=0.1", to: folder.path("no.nc")) }
      .contains("--at FILE"))
  }

  @Test func aModelAnswersAtPlaces() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    let stations = try Self.stations(in: folder)
    try Self.fill(SignalInput(stations), model: model, noise: "tas=0.5K,clt=0.1", samples: 64, regrid: .model, to: folder.path("grid.nc"))
    // A vertex of the model's grid, a place between vertices.
    let wanted = [GeographicPoint(latitude: 50, longitude: 40), GeographicPoint(latitude: -13, longitude: 203)]
    let places = try folder.write(Self.table(wanted, []), to: "places.csv")
    try Self.fill(
      SignalInput(stations), model: model, noise: "tas=0.5K,clt=0.1", samples: 64, at: places, to: folder.path("there.csv"))
    let weights = try #require(model.space.domain.geography).interpolation(to: wanted)
    let (mean, spread) = (
      try SmallClimate.values("tas", in: folder.path("grid.nc"))[0], try SmallClimate.values("tas_spread", in: folder.path("grid.nc"))[0]
    )
    let expected = weights.times(mean.map(Double.init))
    let found = try Self.column("tas_mean", in: folder.path("there.csv"))
    #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) < 2e-3 })
    let spreads = try Self.column("tas_spread", in: folder.path("there.csv"))
    let vertex = try #require(model.space.domain.geography?.points.firstIndex { $0.latitude == 50 && $0.longitude == 40 })
    // Exact at the vertex, and below the interpolated spread between vertices.
    #expect(abs(spreads[0] - spread[vertex]) < 1e-4)
    let bound = weights.times(spread.map(Double.init))[1]
    #expect(spreads[1] > 0.3 * Float(bound) && Double(spreads[1]) < bound + 1e-6)
    #expect(try Self.column("tas_quantile_0.25", in: folder.path("there.csv")).count == 2)
    // The same as a NetCDF file of points.
    try Self.fill(
      SignalInput(stations), model: model, noise: "tas=0.5K,clt=0.1", samples: 64, at: places, to: folder.path("there.nc"))
    let document = try [any SignalFormat].standard.open(SignalRequest(path: folder.path("there.nc"), variables: ["tas"]))
    #expect(document.domain.isScattered && document.labels[0].time != nil)
    #expect(try document.read([0]).values.scalars == found)
  }

  /// Two measurements of one place are one with the inverse variances added up.
  @Test func duplicatesAreCombinedByTheirNoise() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    let places = Self.places(30)
    let (values, label, _) = try Self.temperatures(at: places)
    let time = ("time", [String](repeating: label.time ?? "", count: 31))
    // The first place once more, two degrees warmer and with twice the noise: weights 0.8 and 0.2.
    let twice = Self.table(
      places + [places[0]],
      [time, ("tas [K]", (values + [values[0] + 2]).map { "\($0)" }), ("tas_noise", (0..<31).map { $0 == 30 ? "2" : "1" })])
    let once = Self.table(
      places,
      [
        time, ("tas [K]", ([values[0] + 0.4] + values.dropFirst()).map { "\($0)" }),
        ("tas_noise", (0..<30).map { $0 == 0 ? "\((0.8).squareRoot())" : "1" }),
      ])
    for (name, text) in [("twice", twice), ("once", once)] {
      let path = try folder.write(text, to: "\(name).csv")
      let summary = try Self.fill(
        SignalInput(path), model: model, noise: "tas=variable:tas_noise,clt=0.1", regrid: .model, to: folder.path("\(name)-out.nc"))
      #expect(summary.remarks.contains { $0.topic == "repeated-places" } == (name == "twice"))
    }
    for variable in ["tas", "tas_spread"] {
      let (a, b) = (
        try SmallClimate.values(variable, in: folder.path("twice-out.nc"))[0], try SmallClimate.values(variable, in: folder.path("once-out.nc"))[0]
      )
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 2e-3 * max(1, abs($1) / 300) }, "\(a) \(b)")
    }
  }

  /// A file of stations becomes a file of fields, and no longer says that it holds stations.
  @Test func aFileOfStationsBecomesOneOfFields() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    let places = Self.places(30)
    let field = try SmallClimate.unseen(2)
    let weights = try #require(field.domain.geography).interpolation(to: places)
    let channels = (0..<2).map { channel in
      field.values(ofChannel: channel).map { weights.times($0.map(Double.init)).map(Float.init) }
    }
    let values = (0..<2).flatMap { time in places.indices.flatMap { [channels[0][time][$0], channels[1][time][$0]] } }
    let stations = SignalSet(
      domain: try ScatteredPoints(places), variables: field.variables, values: Tensor(values, shape: [2, 30, 2]),
      isValid: [Bool](repeating: true, count: values.count), labels: field.labels)
    try SmallClimate.write(stations, to: folder.path("stations.nc"))
    try Self.fill(
      SignalInput(folder.path("stations.nc")), model: model, noise: "tas=0.5K,clt=0.05", regrid: .model, to: folder.path("out.nc"))
    let filled = try [any SignalFormat].standard.open(SignalRequest(path: folder.path("out.nc"), variables: ["tas"]))
    #expect(filled.domain.fingerprint == model.space.domain.fingerprint && filled.labels.map(\.time) == field.labels.map(\.time))
    #expect(try NetCDFFile(path: folder.path("out.nc")).text("featureType") == nil)
    // At the stations themselves it stays one of stations.
    try Self.fill(
      SignalInput(folder.path("stations.nc")), model: model, noise: "tas=0.5K,clt=0.05", regrid: .input, to: folder.path("same.nc"))
    let same = try [any SignalFormat].standard.open(SignalRequest(path: folder.path("same.nc"), variables: ["tas"]))
    #expect(same.domain.fingerprint == stations.domain.fingerprint)
    #expect(rootMeanSquareDifference(FieldRecord(try same.read([1])[0]).values, channels[0][1]) < 1)
  }

  // MARK: Without a model

  /// Clusters, duplicates of other noise, names, gaps: what lists of stations are like.
  @Test func twoHundredPointsWithDuplicates() throws {
    let folder = try ScratchFolder()
    let centres = Self.places(60)
    var places: [GeographicPoint] = []
    for number in 0..<180 {
      let (centre, step) = (centres[number % 60], Double(number / 60))
      let latitude = max(-89.0, min(89.0, centre.latitude + 1.5 * step))
      places.append(GeographicPoint(latitude: latitude, longitude: centre.longitude - 2.25 * step))
    }
    let all = places + places.prefix(20)
    let truth = try Self.temperatures(at: all).values
    var random = RandomStream(seed: 5)
    let normals: Tensor<Float> = random.normals([200])
    let errors: [Float] = normals.scalars
    let noise: [Float] = (0..<200).map { $0 < 180 ? 0.5 : 1 }
    var cells: [String] = []
    for number in 0..<200 {
      let value: Float = truth[number] + noise[number] * errors[number]
      cells.append(number % 37 == 5 ? "" : "\(value)")
    }
    let path = try folder.write(
      Self.table(
        all, [("name", (0..<200).map { "station \($0)" }), ("tas [K]", cells), ("tas_error", noise.map { "\($0)" })]), to: "stations.csv")
    let wanted = Self.places(50)
    let at = try folder.write(Self.table(wanted, []), to: "places.csv")
    let summary = try Imputation(
      method: .kriging, samples: 32, target: AnswerTarget(places: at), quantileLevels: [0.05, 0.95], seed: 3
    ).run(SignalInput(path), model: nil, output: folder.path("out.csv"), overwrite: false, history: "by a test")
    #expect(summary.remarks.contains { $0.topic == "repeated-places" && $0.text.contains("20 observations") })
    #expect(abs(summary.missingShare - 6.0 / 200) < 1e-9 && summary.check["tas"]?.count ?? 0 > 150)
    let expected = try Self.temperatures(at: wanted).values
    let (mean, spread) = (try Self.column("tas_mean", in: folder.path("out.csv")), try Self.column("tas_spread", in: folder.path("out.csv")))
    #expect(rootMeanSquareDifference(mean, expected) < 2.5)
    let covered: Int = mean.indices.count { (place: Int) -> Bool in abs(mean[place] - expected[place]) <= 1.645 * spread[place] }
    #expect(covered >= 38, "\(covered) of 50")
    // The same by the sparse field on a grid, at the same places.
    let sparse = try Imputation(
      method: .sparseMatern, samples: 32, target: AnswerTarget(grid: "5deg", places: at), seed: 3
    ).run(SignalInput(path), model: nil, output: folder.path("sparse.csv"), overwrite: false, history: "by a test")
    #expect(sparse.remarks.contains { $0.topic == "repeated-places" })
    #expect(rootMeanSquareDifference(try Self.column("tas_mean", in: folder.path("sparse.csv")), expected) < 3.5)
  }

  @Test func krigingBetweenPlacesIsExact() throws {
    let folder = try ScratchFolder()
    let (own, wanted) = (Self.places(40), Self.places(13))
    let values = try Self.temperatures(at: own).values
    let stations = try folder.write(Self.table(own, [("tas", values.map { "\($0)" })]), to: "stations.csv")
    let places = try folder.write(Self.table(wanted, []), to: "places.csv")
    let summary = try Self.fill(SignalInput(stations), .kriging, at: places, to: folder.path("out.csv"))
    #expect(summary.check["tas"]?.count == 40)
    let solver = try KrigingSolver(domain: ScatteredPoints(own + wanted), channelCount: 1)
    let measurement = FieldMeasurement(
      values: values, noise: [Float](repeating: 0.5, count: 40),
      operation: SelectionOperator(inputCount: 53, indices: Array(0..<40)))
    var random = RandomStream(seed: 1)
    let posterior = try solver.posterior(given: measurement, samples: 0, using: &random)
    let spread = try #require(posterior.spread)
    for (column, expected) in [("tas_mean", posterior.mean), ("tas_spread", spread)] {
      #expect(try zip(Self.column(column, in: folder.path("out.csv")), expected.dropFirst(40)).allSatisfy { abs($0 - $1) < 1e-3 })
    }
  }

  @Test(arguments: [Method.kriging, .sparseMatern, .inverseDistance, .nearest])
  func placesAreAnsweredOnAGrid(method: Method) throws {
    let folder = try ScratchFolder()
    let stations = try Self.stations(in: folder)
    try Self.fill(SignalInput(stations), method, samples: method.traits.drawsSamples ? 8 : 0, grid: "15deg", quantiles: false,
      to: folder.path("out.nc"))
    let file = try GriddedFile(path: folder.path("out.nc"), variables: ["tas"])
    let axes = try #require(file.domain.geography?.gridAxes)
    #expect(axes.rows == 12 && axes.columns == 24 && axes.latitudes[0] == -82.5)
    let weights = try #require(file.domain.geography).interpolation(to: Self.places(60))
    let values = try file.read([0]).values.scalars
    let there = weights.times(values.map(Double.init)).map(Float.init)
    let truth = try Self.temperatures(at: Self.places(60)).values.map { $0 - 273.15 }
    #expect(rootMeanSquareDifference(there, truth) < (method == .kriging || method == .sparseMatern ? 2.5 : 9))
    // A file's grid, and a table of its places.
    try Self.fill(SignalInput(stations), .inverseDistance, samples: 0, grid: folder.path("out.nc"), quantiles: false,
      to: folder.path("out.csv"))
    #expect(try Self.column("tas_mean", in: folder.path("out.csv")).count == 12 * 24)
  }

  /// An answer by way of a grid is checked by withheld observations, and finds what the exact check between places finds.
  @Test func answersByWayOfAGridCheckThemselves() throws {
    let folder = try ScratchFolder()
    let places = Self.places(150)
    let values = try Self.temperatures(at: places).values
    var random = RandomStream(seed: 9)
    let errors: Tensor<Float> = random.normals([150])
    let cells = zip(values, errors.scalars).map { "\($0 + $1)" }
    let stations = try folder.write(Self.table(places, [("tas [K]", cells)]), to: "stations.csv")
    let wanted = try folder.write(Self.table(Self.places(13), []), to: "places.csv")
    func check(_ method: Method, noise: String = "1", samples: Int = 16, grid: String? = nil, at: String? = nil, _ name: String) throws
      -> ImputationSummary
    {
      try Self.fill(
        SignalInput(stations), method, noise: noise, samples: samples, grid: grid, at: at, quantiles: false, to: folder.path(name))
    }
    let exact = try #require(check(.kriging, at: wanted, "exact.csv").check["tas"])
    #expect(exact.count == 150)
    for (number, method) in [Method.kriging, .sparseMatern].enumerated() {
      let onGrid = try #require(check(method, grid: "7.5deg", "grid-\(number).nc").check["tas"])
      #expect(onGrid.count == 30 && onGrid.coverage90 ?? 0 >= 0.7)
      #expect((0.6...1.6).contains(onGrid.rootMeanSquareError / exact.rootMeanSquareError), "\(onGrid) beside \(exact)")
      let scores = (onGrid.rankedProbability ?? 0) / (exact.rankedProbability ?? 1)
      #expect((0.6...1.6).contains(scores), "\(onGrid) beside \(exact)")
      let both = try #require(check(method, grid: "7.5deg", at: wanted, "both-\(number).csv").check["tas"])
      #expect(both.count == 30 && both.rootMeanSquareError == onGrid.rootMeanSquareError)
    }
    // Without a model's samples there is no interval, and the error is told all the same.
    let nearest = try #require(check(.inverseDistance, samples: 0, grid: "15deg", "distance.nc").check["tas"])
    #expect(nearest.count == 30 && nearest.coverage90 == nil && nearest.rootMeanSquareError > exact.rootMeanSquareError)
  }

  /// The limit of kriging is that of the observations: a fine grid has the exact mean and spread, and says that it has no samples.
  @Test func aFineGridHasNoSamples() throws {
    let folder = try ScratchFolder()
    let stations = try Self.stations(in: folder)
    let summary = try Self.fill(SignalInput(stations), .kriging, grid: "2x1.5deg", quantiles: false, to: folder.path("out.nc"))
    #expect(summary.remarks.contains { $0.topic == "no-samples" && $0.text.contains("21600 vertices") })
    #expect(summary.check["tas"]?.coverage90 != nil)
    let file = try GriddedFile(path: folder.path("out.nc"), variables: ["tas", "tas_spread"])
    #expect(file.domain.vertexCount == 90 * 240)
    let field = try file.read([0])
    let weights = try #require(file.domain.geography).interpolation(to: Self.places(60))
    let there = weights.times(field.values(ofChannel: 0)[0].map(Double.init)).map(Float.init)
    let truth = try Self.temperatures(at: Self.places(60)).values.map { $0 - 273.15 }
    #expect(rootMeanSquareDifference(there, truth) < 1)
    #expect(field.values(ofChannel: 1)[0].allSatisfy { $0 > 0 && $0 < 40 })
    #expect(try NetCDFFile(path: folder.path("out.nc")).variable("tas_ensemble") == nil)
    // Asked for in so many words, they are refused.
    let words = complaint { try Self.fill(SignalInput(stations), .kriging, grid: "2x1.5deg", to: folder.path("no.nc")) }
    for part in ["--quantiles", "12000", "sparse-matern"] { #expect(words.contains(part), "\(words)") }
  }

  @Test func placesOutsideOfTheRegionAreLeftOutAndCounted() throws {
    let folder = try ScratchFolder()
    let stations = try Self.stations(in: folder)
    let inside = Self.places(60).count { (-2.5...62.5).contains($0.latitude) && ($0.longitude <= 182.5 || $0.longitude >= 357.5) }
    let summary = try Self.fill(SignalInput(stations), .kriging, grid: "5deg:0..60,0..180", to: folder.path("out.nc"))
    let remark = try #require(summary.remarks.first { $0.topic == "outside-region" })
    #expect(remark.text.contains("\(60 - inside) of 60 places"), "\(remark.text)")
    let all = complaint {
      try Self.fill(SignalInput(stations), .kriging, grid: "0.1deg:48..48.4,8..8.4", to: folder.path("none.nc"))
    }
    #expect(all.contains("none of the 60 places") && all.contains("exchanged"), "\(all)")
    // Places of the answer outside of it have none.
    let places = try folder.write("lat,lon\n30,30\n-50,30\n", to: "places.csv")
    let there = try Self.fill(
      SignalInput(stations), .kriging, grid: "5deg:0..60,0..180", at: places, to: folder.path("there.csv"))
    #expect(there.remarks.contains { $0.text.contains("1 of the 2 places of the answer") })
    let means = try Self.column("tas_mean", in: folder.path("there.csv"))
    #expect(means[0].isFinite && means[1].isNaN)
  }

  @Test func requestsThatContradictEachOtherAreRefused() throws {
    let folder = try ScratchFolder()
    let stations = SignalInput(try Self.stations(in: folder))
    let places = try folder.write("lat,lon\n30,30\n", to: "places.csv")
    let none = try folder.write("a,b\n1,2\n", to: "none.csv")
    let model = try SmallClimate.model()
    let out = folder.path("out.csv")
    let noise = "tas=0.5K,clt=0.1"
    for (words, request) in [
      (["--regrid model", "own grid"], { try Self.fill(stations, model: model, noise: noise, grid: "5deg", to: out) }),
      (["--at", "one of them"], { try Self.fill(stations, model: model, noise: noise, regrid: .model, at: places, to: out) }),
      (["without neighbours", "--grid 1deg", "kriging"], { try Self.fill(stations, .sparseMatern, at: places, to: out) }),
      (["--mask", "--check"], { try Self.fill(stations, .kriging, grid: "15deg", mask: "random:0.2", to: out) }),
      (["--grid fine", "1deg"], { try Self.fill(stations, .kriging, grid: "fine", to: out) }),
      (["do not divide"], { try Self.fill(stations, .kriging, grid: "7deg", to: out) }),
      (["no such file"], { try Self.fill(stations, .kriging, grid: "grid.nc", to: out) }),
      (["south to north"], { try Self.fill(stations, .kriging, grid: "1deg:60..30,0..10", to: out) }),
      (["latitude and longitude", "none.csv"], { try Self.fill(stations, .kriging, at: none, to: out) }),
      (
        ["leaves nothing", "stations.csv"],
        {
          try Self.fill(
            SignalInput(stations.path, missing: [MissingCondition("tas>-1000")]), .kriging, at: places, to: out)
        }
      ),
    ] as [([String], () throws -> ImputationSummary)] {
      let text = complaint { _ = try request() }
      for word in words { #expect(text.contains(word), "\(text)") }
    }
    #expect(!FileManager.default.fileExists(atPath: out))
  }
}
