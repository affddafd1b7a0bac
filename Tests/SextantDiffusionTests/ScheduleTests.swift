import Foundation
import SextantDiffusion
import Testing

@Suite struct ScheduleTests {
  static let schedules: [VariancePreservingSchedule] = [.standard, .scorePrior]

  @Test(arguments: zip(schedules, [19.2, 14.2]))
  func totalWeightIsThatOfThePapers(_ schedule: VariancePreservingSchedule, _ expected: Double) {
    #expect(abs(schedule.totalWeight - expected) < 0.05)
  }

  @Test(arguments: schedules)
  func cumulativeWeightIsTheIntegralOfRateOverVariance(_ schedule: VariancePreservingSchedule) {
    // Simpson's rule in log t, where the integrand is flat.
    let (steps, from) = (2000, log(schedule.startTime))
    let sum = (0...steps).reduce(0.0) { sum, i in
      let time = exp(from * (1 - Double(i) / Double(steps)))
      let factor = i == 0 || i == steps ? 1.0 : i % 2 == 0 ? 2 : 4
      return sum + factor * time * schedule.rate(at: time) / pow(schedule.noise(at: time), 2)
    }
    #expect(abs(sum * -from / Double(steps) / 3 - schedule.totalWeight) < 1e-8)
  }

  /// Every spacing goes down from the end to the beginning, each in its own even steps.
  @Test(arguments: schedules, TimeSpacing.allCases)
  func timesDescendInEvenSteps(_ schedule: VariancePreservingSchedule, _ spacing: TimeSpacing) {
    let times = schedule.descendingTimes(steps: 12, spacing: spacing)
    #expect(times.count == 13 && times[0] == 1 && abs(times[12] - schedule.startTime) < 1e-12)
    let places = times.map { time in
      switch spacing {
      case .uniform: time
      case .logSignalToNoise: schedule.logSignalToNoise(at: time)
      case .seventhRoot: pow(schedule.noiseToSignal(at: time), 1 / 7.0)
      }
    }
    let step = (places[12] - places[0]) / 12
    for i in 1...12 {
      #expect(times[i] < times[i - 1])
      #expect(abs(places[i] - places[i - 1] - step) < 1e-6 * abs(step))
    }
  }

  @Test(arguments: schedules)
  func closedFormsAgree(_ schedule: VariancePreservingSchedule) {
    for step in 0...20 {
      let weight = schedule.totalWeight * Double(step) / 20
      let time = schedule.time(atCumulativeWeight: weight)
      #expect(abs(schedule.cumulativeWeight(at: time) - weight) < 1e-9)
      let (signal, noise) = (schedule.signal(at: time), schedule.noise(at: time))
      #expect(abs(signal * signal + noise * noise - 1) < 1e-14)
      #expect(abs(schedule.noiseToSignal(at: time) - noise / signal) < 1e-10 * noise / signal)
      #expect(abs(schedule.logSignalToNoise(at: time) - 2 * log(signal / noise)) < 1e-9)
      #expect(abs(schedule.time(noiseToSignal: noise / signal) - time) < 1e-10)
    }
    // The smallest noise level of a schedule that starts at 0.001 (docs/mathematics.md, "Diffusion").
    #expect(abs(schedule.noiseToSignal(at: schedule.startTime) - 0.010) < 5e-4)
    let later = schedule.starting(atNoiseToSignal: 0.2)
    #expect(abs(later.noiseToSignal(at: later.startTime) - 0.2) < 1e-12)
    #expect(abs(later.totalWeight - (schedule.totalWeight - 2 * log(0.2 / 0.010))) < 0.11)
    #expect(schedule.starting(atNoiseToSignal: 1e-6) == schedule)
    let times = schedule.descendingTimes(steps: 7)
    #expect(times.count == 8 && times[0] == 1 && abs(times[7] - schedule.startTime) < 1e-12)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test func schedulesOfFilesAreChecked() throws {
    let data = try JSONEncoder().encode(VariancePreservingSchedule.standard)
    #expect(try JSONDecoder().decode(VariancePreservingSchedule.self, from: data) == .standard)
    let unusable = Data(#"{"initialRate": 0.1, "finalRate": 20, "startTime": 0}"#.utf8)
    #expect(throws: DiffusionError.unusableSchedule(initialRate: 0.1, finalRate: 20, startTime: 0)) {
      try JSONDecoder().decode(VariancePreservingSchedule.self, from: unusable)
    }
  }
}
