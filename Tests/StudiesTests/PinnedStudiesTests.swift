import Communication
import Files
import Foundation
import TestSupport
import Testing

@testable import Studies

/// What `sgm-theory` prints, figure by figure: the numbers beside their titles, at one point of each study.
///
/// Known values are by NumPy and SciPy from the definitions: expm and the Lyapunov equation for kernels, sqrtm for W2,
/// DOP853 for equations in time, quad for integrals, and a three-point scheme of 8,001 nodes for spectral gaps.
@Suite struct PinnedStudiesTests {
  /// The lines of a study as programs read them, alone.
  private func lines(_ words: [String], _ change: (inout TheoryRequest) -> Void = { _ in }) throws -> [JSONValue] {
    var request = TheoryRequest(words: words)
    change(&request)
    return try theory(request, .single).json.split(separator: "\n").map { try #require(JSONValue(line: String($0))) }
  }

  /// The rows of the table whose name begins so.
  private func rows(_ lines: [JSONValue], _ table: String) -> [JSONValue] {
    lines.filter { if case .string(let name)? = $0["table"] { name.hasPrefix(table) } else { false } }
  }

  /// A column's numbers.
  private func column(_ rows: [JSONValue], _ name: String) throws -> [Double] {
    try rows.map { try #require($0[name]?.number, "\(name) of \($0)") }
  }

  private func expect(_ found: [Double], _ known: [Double], within bound: Double) {
    let isNear = found.count == known.count && zip(found, known).allSatisfy { abs($0 - $1) <= bound * abs($1) }
    #expect(isNear, "\(found), known \(known)")
  }

  private func slope(_ x: [Double], _ y: [Double]) -> Double {
    let (a, b) = (x.map { log($0) }, y.map { log(abs($0)) })
    let (ma, mb) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
    let product = zip(a, b).reduce(0) { $0 + ($1.0 - ma) * ($1.1 - mb) }
    return product / a.reduce(0) { $0 + ($1 - ma) * ($1 - ma) }
  }

  @Test("constants of a Gaussian of two variances, and one variance given for both") func gaussianConstants() throws {
    let found = try lines(["constants", "gaussian"]) { ($0.mean, $0.variance) = ("0.7,-1", "0.3,2") }
    // Poincaré, log-Sobolev, Fisher information Σ m² + (v − 1)²/v, KL, 1/0.3, 1/2.
    let known = [2, 2, 3.623333333333333, 1.1504128118829953, 1 / 0.3, 0.5]
    expect(try column(rows(found, "constants of the data"), "value"), known, within: 1e-12)  // rounding
    let equal = try lines(["constants", "gaussian"]) { ($0.mean, $0.variance) = ("0.7,-1", "0.3") }
    let information = try column(rows(equal, "constants of the data"), "value")[2]
    #expect(abs(information - (0.49 + 1 + 2 * 0.49 / 0.3)) < 1e-12)  // rounding
  }

  @Test("the double well's constant is one over its gap, and its bounds stand in their order") func doubleWell() throws
  {
    let found = try lines(["constants", "double-well"])
    let (gaps, bounds) = (Array(rows(found, "double well")[1...2]), Array(rows(found, "upper bounds")[1...2]))
    expect(try column(gaps, "h"), [1, 2], within: 0)
    expect(try column(gaps, "spectral gap"), [0.7486816727, 0.4545466019], within: 1e-6)  // both schemes' steps
    expect(try column(gaps, "Poincaré constant"), [1 / 0.7486816727, 1 / 0.4545466019], within: 1e-6)
    expect(try column(gaps, "variance"), [0.8327454871, 0.8521361522], within: 1e-8)
    // Suprema over 64,001 nodes, which the code brackets from above by its own.
    expect(try column(bounds, "Poincaré, Muckenhoupt"), [3.8058158, 7.0296138], within: 2e-3)
    expect(try column(bounds, "log-Sobolev, Barthe-Roberto"), [5.9758063, 10.4398663], within: 2e-3)
  }

  @Test("given y + noise q every posterior of a 1-convex potential has at most q/(1 + q)") func posteriors() throws {
    let found = rows(try lines(["constants", "log-lipschitz"]), "X given X + Z = y")
    let noises = try column(found, "noise of y")
    expect(try column(found, "any y, at most"), noises.map { $0 / (1 + $0) }, within: 1e-14)  // rounding
  }

  @Test("a mixture's weights, means and variances reach its moments") func mixture() throws {
    let found = try lines(["constants", "mixture"]) {
      ($0.mean, $0.variance, $0.weights, $0.count) = ("-1,1", "0.2", "3,1", 200)
    }
    // 0.2 + 4 · ¾ · ¼ at time 0; at t = 0.05 e^{−2t} of it and 1 − e^{−2t}.
    let first = try column(rows(found, "constants of p_t over time"), "Poincaré, at least")[0]
    #expect(abs(first - (0.95 * exp(-0.1) + 1 - exp(-0.1))) < 1e-6)  // a quadrature over its grid
    for weights in ["3,-1", "3,0"] {
      let text = errorText {
        _ = try lines(["constants", "mixture"]) { ($0.mean, $0.weights) = ("-1,1", weights) }
      }
      #expect(text == "--weights: positive numbers are expected")
    }
  }

  @Test("contraction: the renormalised drift, its adapted norms and the log-concave counterexample") func contract()
    throws
  {
    let found = try lines(["contract", "gaussian"])
    expect(
      try column(Array(rows(found, "the renormalised drift")[0...1]), "value"), [-1, -0.10188989317995072], within: 1e-6
    )
    let norms = rows(found, "adapted norms")
    expect(try column(norms, "eta"), [0.25, 0.5, 0.75, 0.9, 0.95, 0.99], within: 1e-6)  // a double eigenvalue
    #expect(zip(try column(norms, "rate"), try column(norms, "eta")).allSatisfy { $0 > $1 })
    let example = rows(found, "log-concavity is not enough")
    expect(try column(example, "log-concavity"), [0.9, 0.75, 0.5, 0.25, 0.1], within: 1e-14)
    expect(
      [try column(example, "largest eigenvalue of sym DH")[0], try column(example, "log-norm of -A + DH")[0]],
      [-0.0570265512, 0.0765058728], within: 1e-8)  // the digits that NumPy printed
  }

  @Test("under Ornstein–Uhlenbeck distances contract where the widest variance is below 2") func rates() throws {
    let found = try lines(["contract", "ornstein-uhlenbeck", "gaussian"]) { ($0.mean, $0.variance) = ("0.7", "0.3,3") }
    let table = rows(found, "log-concavity of p_t")
    let widest = try column(table, "t").map { 3 * exp(-2 * $0) + 1 - exp(-2 * $0) }
    expect(try column(table, "lambda"), widest.map { 1 / $0 }, within: 1e-12)
    expect(try column(table, "2(1 - 2 lambda)"), widest.map { 2 * (1 - 2 / $0) }, within: 1e-12)
    let words = table.map { $0["contracts"] }
    #expect(words == widest.map { .string($0 < 2 ? "yes" : "no") } && Set(widest.map { $0 < 2 }).count == 2)
  }

  @Test("annealed dynamics: actions, their bounds, and the bias at speed 1") func annealed() throws {
    let found = try lines(["annealed", "gaussian"]) { ($0.mean, $0.variance) = ("0.7", "0.3") }
    let known = [0.8568727437115163, 2.208323984743744, .infinity, 0.9849152436133848, 3.030791018167857]
    let actions = try column(rows(found, "action"), "action")
    #expect(actions[2] == known[2])
    expect([0, 1, 3, 4].map { actions[$0] }, [0, 1, 3, 4].map { known[$0] }, within: 1e-9)  // quadratures
    let bias = try #require(
      rows(found, "bias over the speed").first { $0["kappa"]?.number.map { abs($0 - 1) < 1e-12 } ?? false })
    for (name, value) in [
      ("overdamped", 0.06237084652875502), ("underdamped (position)", 0.34867073776659635),
      ("kappa A/4", 0.8568727437115163 / 4),
    ] {
      expect(try column([bias], name), [value], within: 1e-5)  // the steps of both solvers
    }
    #expect(try column([bias], "log-Sobolev bound")[0] > 0.0623 && column([bias], "log-Sobolev bound")[0] < 0.2142)
    #expect(try column([bias], "Nelson")[0] < 1e-20)  // its bias is the data's alone, squared rounding
  }

  @Test("errors: mixing, discretisation, and slopes of the columns beside them") func errors() throws {
    let found = try lines(["errors", "gaussian"]) { ($0.mean, $0.variance) = ("0.7", "0.3") }
    let mixing = rows(found, "mixing over the horizon")
    for (name, known) in [
      ("T", [0.75, 1]), ("b", [0.1991482734714558, 0.09157819444367077]),
      ("p_T to prior", [0.17543586112605847, 0.08223726685175342]),
      ("generated, SDE", [0.023497357354983428, 0.005018423041271886]),
      ("generated, flow", [0.09666016397700049, 0.0583500952721936]),
    ] {
      expect(try column(Array(mixing[0...1]), name), known, within: 2e-5)  // sqrtm near equal laws
    }
    let slopes = rows(found, "slopes over b")
    expect(try column(slopes, "theory"), [1, 2, 1], within: 0)
    let last = Array(mixing.suffix(4))
    let own = try ["p_T to prior", "generated, SDE", "generated, flow"].map {
      slope(try column(last, "b"), try column(last, $0))
    }
    expect(try column(slopes, "fitted"), own, within: 1e-9)
    #expect(abs(own[0] - 0.9896066282530829) < 1e-4)  // NumPy's four horizons
    let steps = rows(found, "discretisation over the step")
    // Fifty and a hundred steps of the unit horizon.
    expect(try column(Array(steps[0...1]), "h"), [0.02, 0.01], within: 1e-14)
    expect(
      try column(Array(steps[0...1]), "euler-maruyama"), [0.3016569783013206, 0.18593915744802902], within: 1e-6)
    let fitted = try #require(rows(found, "slopes over h").first { $0["sampler"] == .string("euler-maruyama") })
    expect(
      try ["fitted", "theory"].map { try column([fitted], $0)[0] },
      [slope(try column(steps, "h"), try column(steps, "euler-maruyama")), 1], within: 1e-9)
    let bound = try column([fitted], "of the bound")[0]
    // A bound of short chains: above ½, which the lecture's has, and below the error's own.
    #expect(try bound > 0.5 && bound < column([fitted], "fitted")[0])
    let centred = try lines(["errors", "gaussian"]) { ($0.mean, $0.variance) = ("0", "0.3") }
    expect(try column(rows(centred, "slopes over b"), "theory"), [2, 4, 2], within: 0)
  }

  @Test("epsilon: log-norms and exact errors of four processes and of the control") func epsilon() throws {
    let found = try lines(["epsilon", "gaussian"]) {
      ($0.mean, $0.variance, $0.steps, $0.count, $0.repeats) = ("0", "1", 50, 64, 1)
      $0.settings = ["evaluation.directions=4"]
    }
    let table = rows(found, "unit Gaussian data")
    let known: [[Double]] = [
      [0.25, 0, 0.28125, 0.7686855442127404, 0.5446156224156482, 0.004941469683750763],
      [0.25, 1, 0.13965707964601737, 1.278360472197908, 0.11290522566134073, 0.027070196862215148],
      [1, 0.25, -0.10188989317995072, 0.0014706747662657906, 3.667011375009193e-05, 0.017957002291691455],
    ]
    let columns = ["a", "epsilon", "log-norm", "p_T to prior", "mixing, position", "discretisation, position"]
    for (place, values) in zip([0, 2, 4], known) {
      // W2 of laws that agree in three digits keeps half of the rest.
      expect(try columns.map { try column([table[place]], $0)[0] }, values, within: 1e-6)
    }
    #expect(table.count == 10 && table[9]["a"] == .string("PSLD"))
    // The control runs twice as fast, as its matrix counts β/2: no trace of the data is left.
    #expect(try column([table[9]], "p_T to prior")[0] < 1e-5)
  }

  @Test("JSON has all digits, tables are rounded") func digits() throws {
    var found = TheoryFindings()
    found.add("one", ["name", "value"], [[.text("third"), .number(1.0 / 3)]])
    #expect(found.json.contains("0.3333333333333333") && found.text.contains("third  0.3333\n"))
  }

  @Test("the schedule's minimisers are those of its columns") func schedule() throws {
    let found = try lines(["schedule", "gaussian"]) { $0.steps = 20 }
    let table = rows(found, "noise schedules")
    let least = try #require(rows(found, "minimising a").first)
    for (name, column) in [("of the KL measured", "KL measured"), ("of the W2 bound", "W2 bound")] {
      let (rates, values) = (try self.column(table, "a"), try self.column(table, column))
      let best = zip(rates, values).min { $0.1 < $1.1 }?.0
      #expect(least[name]?.number == best)
    }
  }
}
