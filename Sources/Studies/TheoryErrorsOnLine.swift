internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Runs
internal import Theory

extension TheoryInquiry {
  /// The split of a mixture on the line, by densities: KL, total variation and W2 without sampling.
  func lineErrors(_ data: MixtureOnLine, _ communicator: Communicator) throws -> TheoryFindings {
    let (horizon, steps) = (experiment.process.horizon, request.steps ?? 200)
    let horizons = [0.25, 0.5, 0.75, 1, 1.25].map { $0 * horizon }
    let counts = [50, 100, 200, 400]
    let sizes = [0.0125, 0.025, 0.05, 0.1, 0.2]
    // One list of works for the ranks: horizons, then steps, then sizes.
    let splits = try communicator.sweep(horizons.count + counts.count + sizes.count, width: 20) { i in
      let (j, k) = (i - horizons.count, i - horizons.count - counts.count)
      if k >= 0 { return split(data, horizon, steps, ScorePerturbation(shift: sizes[k])) }
      if j >= 0 { return split(data, horizon, counts[j], ScorePerturbation()) }
      return split(data, horizons[i], steps, ScorePerturbation())
    }
    var found = TheoryFindings()
    let decays = horizons.map { abs(process(horizon: $0).kernel(at: $0).mean[0]) }
    addSweep(
      "mixing", over: "T", horizons, Array(splits[..<horizons.count]), .mixing, to: &found, slopesOver: ("b", decays))
    let h = counts.map { horizon / Double($0) }
    addSweep(
      "discretisation", over: "h", h, Array(splits[horizons.count..<horizons.count + counts.count]), .discretisation,
      to: &found, slopesOver: ("h", h), isLogarithmic: true)
    let learned = Array(splits[(horizons.count + counts.count)...])
    addSweep(
      "learning", over: "shift", sizes, learned, .learning, to: &found, slopesOver: ("shift", sizes),
      isLogarithmic: true)
    addLineSplit(learned[2], steps, to: &found)
    return found
  }

  private enum Part: Int { case discretisation, mixing, learning, total }

  private func split(
    _ data: MixtureOnLine, _ horizon: Double, _ steps: Int, _ perturbation: ScorePerturbation
  ) -> [Double] {
    let split = ErrorsOnLine(process: process(horizon: horizon), data: data).split(
      steps: steps, perturbation: perturbation)
    let distances = [split.discretisation, split.mixing, split.learning, split.total]
    return distances.flatMap { [$0.divergence, $0.totalVariation, $0.wasserstein] }
      + [split.divergenceBound, split.wassersteinBound].flatMap {
        [$0.discretisation, $0.mixing, $0.learning, $0.total]
      }
  }

  /// KL, its bound, TV, its bound by Pinsker's inequality, W2 and its bound.
  private func row(_ split: [Double], _ part: Part) -> [Double] {
    let (at, bound) = (3 * part.rawValue, split[12 + part.rawValue])
    return [split[at], bound, split[at + 1], (0.5 * bound).squareRoot(), split[at + 2], split[16 + part.rawValue]]
  }

  private func addSweep(
    _ name: String, over x: String, _ points: [Double], _ splits: [[Double]], _ part: Part,
    to found: inout TheoryFindings, slopesOver scale: (name: String, values: [Double]), isLogarithmic: Bool = false
  ) {
    let rows = splits.map { row($0, part) }
    found.add(
      "\(name) over \(x)", note: "exact up to quadrature; TV's bound is Pinsker's",
      [x, "KL", "bound on KL", "TV", "bound on TV", "W2", "bound on W2"],
      zip(points, rows).map { [.number($0)] + $1.map { .number($0) } })
    // Quadrature leaves 1e-15 in KL and 1e-9 in W2: what is not far above is not fitted.
    let floors = [1e-13, 0, 1e-9, 0, 1e-7, 0]
    let fitted = floors.indices.map { j in fittedSlope(scale.values, rows.map { $0[j] > floors[j] ? $0[j] : 0 }) }
    found.add(
      "slopes of \(name) over \(scale.name)", ["KL", "bound on KL", "TV", "bound on TV", "W2", "bound on W2"],
      [fitted.map { .number($0) }])
    found.panels.append(
      (
        "errors-line-\(name)",
        CurvePanel(
          title: "\(name) over \(x)", x: x, y: "distance", logarithmic: true, logarithmicX: isLogarithmic,
          series: [
            .init("bound on TV", points, rows.map { $0[3] }, marked: false), .init("TV", points, rows.map { $0[2] }),
            .init("W2", points, rows.map { $0[4] }),
          ])
      ))
  }

  private func addLineSplit(_ split: [Double], _ steps: Int, to found: inout TheoryFindings) {
    let names = ["discretisation", "mixing", "learning", "total"]
    found.add(
      "the split at T = \(short(experiment.process.horizon)), \(steps) Euler-Maruyama steps, shift 0.05",
      note: "standardised coordinates",
      ["part", "KL", "bound on KL", "TV", "bound on TV", "W2", "bound on W2"],
      [Part.discretisation, .mixing, .learning, .total].map { part in
        [.text(names[part.rawValue])] + row(split, part).map { .number($0) }
      })
  }
}
