internal import Communication
internal import Configuration
internal import Files
internal import Reports
internal import Runs
internal import Theory

extension TheoryInquiry {
  /// Bounds and errors over the exponential schedules.
  package func schedule(_ communicator: Communicator) throws -> TheoryFindings {
    let data = try communicator.agree { try gaussianOnly() }
    let family = ScheduleFamily(steps: request.steps ?? 200)
    let rates = (-20...20).map { Double($0) * 0.5 }
    let points = try communicator.sweep(rates.count, width: 6) { i in
      let p = family.point(rate: rates[i], data)
      return [p.mixingBound, p.discretisationBound, p.divergence, p.divergenceBound, p.wasserstein, p.wassersteinBound]
    }
    var found = TheoryFindings()
    found.add(
      "noise schedules",
      note: "variance-preserving, beta 0.1 to 20, T = 1, \(family.steps) Euler-Maruyama steps equal in t, each of the "
        + "length of its own integral of beta",
      ["a", "KL measured", "KL bound: mixing", "KL bound: discretisation", "W2 measured", "W2 bound"],
      zip(rates, points).map { cells($0, $1[2], $1[0], $1[1], $1[4], $1[5]) })
    let least = { (j: Int) -> TheoryFindings.Cell in
      zip(rates, points).min { $0.1[j] < $1.1[j] }.map { TheoryFindings.Cell.number($0.0) } ?? .text("none")
    }
    found.add(
      "minimising a", ["of the KL measured", "of the KL bound", "of the W2 measured", "of the W2 bound"],
      [[least(2), least(3), least(4), least(5)]])
    found.panels.append(
      (
        "schedule-kl",
        CurvePanel(
          title: "KL over a", x: "a", y: "KL", logarithmic: true,
          series: [
            .init("bound", rates, points.map { $0[3] }, marked: false), .init("measured", rates, points.map { $0[2] }),
          ])
      ))
    found.panels.append(
      (
        "schedule-w2",
        CurvePanel(
          title: "W2 over a", x: "a", y: "W2", logarithmic: true,
          series: [
            .init("bound", rates, points.map { $0[5] }, marked: false), .init("measured", rates, points.map { $0[4] }),
          ])
      ))
    return found
  }
}
