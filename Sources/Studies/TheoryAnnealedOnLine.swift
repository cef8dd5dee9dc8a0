internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import Reports
internal import Runs
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// A mixture on the line: action by quadrature, bias by the Fokker–Planck equation, from both bases.
  func lineAnnealed(_ mixture: GaussianMixture, _ communicator: Communicator) throws -> TheoryFindings {
    let data = MixtureOnLine(mixture)
    let bases: [(name: String, law: NoiseLaw)] = [
      ("N(0, 1)", .gaussian), ("Student-t, 5 degrees", .studentT(degrees: 5)),
    ]
    let speeds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
    let laboratories = bases.map {
      AnnealedLangevinOnLine(path: AnnealedPathOnLine(data: data, base: $0.law), steps: 1000)
    }
    let points = try communicator.sweep(bases.count * speeds.count, width: 4) { i in
      let (laboratory, speed) = (laboratories[i / speeds.count], speeds[i % speeds.count])
      let bias = laboratory.bias(speed: speed)
      return [
        bias.divergence, bias.actionBound, bias.sharpenedBound, laboratory.divergence(speed: speed, isNelson: true),
      ]
    }
    var found = TheoryFindings()
    let paths: [(String, AnnealedPathOnLine)] =
      bases.map { ("\($0.name), cosine", AnnealedPathOnLine(data: data, base: $0.law)) } + [
        ("N(0, 1), linear", AnnealedPathOnLine(data: data, schedule: .linear)),
        ("N(0, 1), exponential, T = 2", AnnealedPathOnLine(data: data, schedule: .exponential(horizon: 2))),
      ]
    let actions = try communicator.sweep(paths.count, width: 1) { [paths[$0].1.action] }
    let bounds = [1, 5.0 / 3].map { GaussianAnnealedPath.actionBound(secondMoment: data.secondMoment, baseMoment: $0) }
    found.add(
      "action", note: "by quadrature; the bound pi^2 (M2 + V)/8 is that of the cosine schedule",
      ["path", "action", "certainty", "bound"],
      paths.indices.map { k in
        [.text(paths[k].0), .number(actions[k][0]), .text(Certainty.exact.rawValue)]
          + [k < 2 ? .number(bounds[k]) : .text("")]
      })
    for (k, base) in bases.enumerated() {
      let rows = Array(points[k * speeds.count..<(k + 1) * speeds.count])
      found.add(
        "bias over the speed kappa from \(base.name)",
        note: "KL of the data from the law reached, by the Fokker-Planck equation",
        ["kappa", "overdamped", "kappa A/4", "log-Sobolev bound", "the smaller", "Nelson"],
        zip(speeds, rows).map { cells($0, $1[0], $1[1], $1[2], min($1[1], $1[2]), $1[3]) })
      var series: [CurvePanel.Series] = [
        .init("κ𝒜/4", speeds, rows.map { $0[1] }, marked: false), .init("overdamped", speeds, rows.map { $0[0] }),
        .init("Nelson", speeds, rows.map { max($0[3], 1e-12) }),
      ]
      if k == 0 { series.insert(.init("log-Sobolev", speeds, rows.map { $0[2] }, marked: false), at: 1) }
      found.panels.append(
        (
          k == 0 ? "annealed-line" : "annealed-line-student",
          CurvePanel(
            title: "bias from \(base.name)", x: "kappa", y: "KL", logarithmic: true, logarithmicX: true, series: series)
        ))
    }
    return found
  }
}
