import LinearAlgebra
import Metrics
import Randomness
import Testing

@Suite struct CalibrationTests {
  @Test(
    "Kolmogorov's law is SciPy's kstwo",
    arguments: [
      (5, 0.4, 0.3087999999999995), (10, 0.274, 0.3715203845434957), (10, 0.41, 0.04932075782870482),
      (100, 0.1, 0.2526927570063874), (100, 0.17, 0.005376406596376887), (400, 0.05, 0.26121244607129124),
      (401, 0.05, 0.2599175309628714), (1000, 0.02, 0.8108971656895577), (1000, 0.03, 0.3226902143914636),
      (1000, 0.05, 0.013012074781090332), (5000, 0.015, 0.20846142096186204), (10000, 0.0163, 0.009738034669724812),
      (10000, 0.006, 0.8620822478115484),
    ])
  func kolmogorov(count: Int, d: Double, expected: Double) {
    let law = KolmogorovLaw(count: count)
    // The documented accuracy of the correction; exact up to 400 but for the shortcut's 7 digits of 1 − p.
    #expect(abs(law.tail(d) - expected) < (count > 400 ? 5e-5 : 1e-6), "\(law.tail(d)) for \(expected)")
    #expect(abs(law.tail(law.quantile(tail: 0.05)) - 0.05) < 1e-9)
  }

  @Test(
    "binomial bands are SciPy's quantiles",
    arguments: [(10, 0.5, 2, 8), (1000, 0.9, 881, 918), (1000, 0.5, 469, 531), (37, 0.1, 1, 8)])
  func binomial(count: Int, chance: Double, low: Int, high: Int) {
    #expect(BinomialLaw(count: count, chance: chance).band(0.95) == low...high)
  }

  /// θ | x ~ N(x, 0.5²) in two coordinates, x ~ N(0, 1), judged with draws of N(x + shift, (0.5 factor)²).
  ///
  /// `reference` is drawn given x as a training pair's θ is.
  private static func ranks(
    pairs: Int, draws: Int, factor: Double = 1, shift: Double = 0, ignoresX: Bool = false, seed: UInt64
  ) -> Calibration {
    let stream = RandomStream(seed: seed, purpose: .benchmark)
    let ranks = (0..<pairs).map { pair -> [Double] in
      var normals = stream.row(UInt64(pair))
      let x = [normals.nextNormal(), normals.nextNormal()]
      let truth = x.map { $0 + 0.5 * normals.nextNormal() }
      let point = x.map { $0 + 0.5 * normals.nextNormal() }
      var samples = Matrix(rows: draws, columns: 2)
      for r in 0..<draws {
        for j in 0..<2 {
          let z = normals.nextNormal()
          samples[r, j] = Float(ignoresX ? 1.25.squareRoot() * z : x[j] + 0.5 * (factor * z + shift))
        }
      }
      return PosteriorRanks(of: truth, among: samples, rows: 0..<draws, point: point, &normals).all
    }
    return Calibration(ranks, names: ["a", "b"])
  }

  private static func pValues(_ calibration: Calibration) -> [Double] {
    [Calibration.Order.parameters, .regions, .balls].map { calibration.judgements($0).last?.value.mean ?? .nan }
  }

  @Test("a right posterior is called wrong as often as the level says, by each order")
  func falseAlarms() {
    let runs = 400
    var (alarms, sums) = ([0, 0, 0], [0.0, 0, 0])
    for run in 0..<runs {
      for (k, p) in Self.pValues(Self.ranks(pairs: 60, draws: 15, seed: UInt64(1000 + run))).enumerated() {
        if p <= 0.05 { alarms[k] += 1 }
        sums[k] += p
      }
    }
    // Exact tests: alarms are binomial of 400 trials at 0.05. 5…38 holds them all but once in 20,000 (0.05 · 400 = 20,
    // deviation 4.4). The first is Bonferroni's of two nearly independent tests, 0.049.
    for k in 0..<3 { #expect((5...38).contains(alarms[k]), "\(alarms)") }
    // Uniform p-values have the mean ½, with an error of 0.014; the smaller of two, doubled and cut, has 0.58.
    #expect(abs(sums[1] / Double(runs) - 0.5) < 0.06 && abs(sums[2] / Double(runs) - 0.5) < 0.06, "\(sums)")
  }

  @Test("the ranks are uniform exactly, also of a discrete law with ties in every set")
  func ties() {
    var all: [Double] = []
    for pair in 0..<2000 {
      var uniforms = RandomStream(seed: 7, purpose: .benchmark).row(UInt64(pair))
      func coin() -> Double { uniforms.nextUniform() < 0.3 ? 1 : 0 }
      let truth = [coin()]
      var samples = Matrix(rows: 9, columns: 1)
      for r in 0..<9 { samples[r, 0] = Float(coin()) }
      all.append(PosteriorRanks(of: truth, among: samples, rows: 0..<9, point: [0], &uniforms).parameters[0])
    }
    // One test at a level of 0.001.
    #expect(UniformityTest(all).pValue > 0.001)
  }

  @Test(
    "posteriors too wide, too narrow, shifted, or blind to x are found, and the notes say which",
    arguments: [
      (1.4, 0.0, false, [true, true, true], "too wide"), (0.7, 0, false, [true, true, true], "too narrow"),
      // Two coordinates shifted by 0.4 deviations each: the truth moves to where the draws' density is not much lower.
      (1, 0.4, false, [true, false, true], "shifted up"), (1, -0.4, false, [true, false, true], "shifted down"),
      // Calibration parameter by parameter cannot see that the prior is no posterior; a point that knows x can.
      (1, 0, true, [false, false, true], "leaves x unused"),
    ])
  func power(factor: Double, shift: Double, blind: Bool, found: [Bool], words: String) {
    let calibration = Self.ranks(pairs: 1000, draws: 64, factor: factor, shift: shift, ignoresX: blind, seed: 5)
    let p = Self.pValues(calibration)
    for k in 0..<3 { #expect((p[k] < 1e-3) == found[k], "\(p)") }
    let notes = [Calibration.Order.parameters, .regions, .balls].flatMap { calibration.notes($0) }.joined(
      separator: "\n")
    #expect(notes.contains(words), "\(notes)")
  }

  @Test("coverage of a posterior twice as wide is what the Gaussian says")
  func knownCoverage() {
    let calibration = Self.ranks(pairs: 2000, draws: 255, factor: 2, seed: 11)
    // In two dimensions N(0, 4I)'s region of mass p is ‖z‖² ≤ −8 ln(1 − p), which holds 1 − (1 − p)⁴ of N(0, I).
    let share = calibration.judgements(.regions)[0].value.mean
    // The neighbours' estimate of the density is blurred, so its region is not quite the smallest: it holds 0.03 less.
    // Three binomial deviations of 2,000 pairs are 0.016.
    #expect(share < 1 - 0.0625 + 0.015 && share > 1 - 0.0625 - 0.045, "\(share)")
  }
}
