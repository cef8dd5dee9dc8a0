internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Randomness
internal import RealFunctions
internal import Reports
internal import Runs
internal import Sampling
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// Synchronous couplings of reverse chains for a target that is not Gaussian: pairs of independent prior draws.
  func addChains(
    _ process: any ForwardProcess, _ target: any Target, _ name: String, _ norm: AdaptedNorm,
    to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let score = try communicator.agree { try exactScore(target, name, process) }
    let (count, steps) = (((request.count ?? 256) + 255) / 256 * 256, request.steps ?? 500)
    let times = TimeGrid.uniform.times(
      steps: steps, of: process, to: TimeGrid.standardFinalTime(horizon: process.horizon))
    let every = max(1, steps / 20)
    let shown = stride(from: 0, to: steps, by: every).map { $0 }
    let chains = SynchronousChains(
      process: process, dimension: target.dimension, sampler: EulerMaruyama(), times: times, seed: experiment.seed)
    // For each chunk, time and row: the squared distance in both norms.
    let chunks = try communicator.sweep(count / 256, width: 2 * 256 * shown.count) { chunk in
      let states = [UInt64(0), 1].map { set in
        self.states(score, chains, process, dimension: target.dimension, chunk: chunk, set: set, every: every)
      }
      return zip(states[0], states[1]).flatMap { squares($0.value, $1.value, norm, dimension: target.dimension) }
    }
    let rows = shown.indices.map { i -> [Double] in
      var ratios = [[Double]](repeating: [], count: 2)
      for chunk in chunks {
        for r in 0..<256 {
          for j in 0..<2 { ratios[j].append((chunk[512 * i + 2 * r + j] / chunk[2 * r + j]).squareRoot()) }
        }
      }
      let sorted = ratios.map { $0.sorted() }
      return sorted.flatMap { [$0[count / 2], $0[count - 1]] }
    }
    let elapsed = shown.map { process.elapsed(from: times[$0], to: times[0]) }
    found.add(
      "synchronous coupling of reverse chains on \(name)",
      note: "|Z_s|/|Z_0| over \(count) pairs of independent prior draws, \(steps) Euler-Maruyama steps; eta = "
        + short(norm.eta),
      ["s", "Euclidean, median", "Euclidean, largest", "adapted, median", "adapted, largest", "exp(-eta s)"],
      elapsed.indices.map { i in
        rows[i].reduce(cells(elapsed[i])) { $0 + cells($1) } + cells(exp(-norm.eta * elapsed[i]))
      })
    found.panels.append(
      (
        "contract-chains",
        CurvePanel(
          title: "synchronous coupling on \(name)", x: "s", y: "|Z_s|/|Z_0|", logarithmic: true,
          series: [
            .init("Euclidean, largest", elapsed, rows.map { $0[1] }),
            .init("Euclidean, median", elapsed, rows.map { $0[0] }),
            .init("adapted, median", elapsed, rows.map { $0[2] }),
            .init("exp(−ηs)", elapsed, elapsed.map { exp(-norm.eta * $0) }, marked: false),
          ])
      ))
  }

  /// A chain's states at every so many steps.
  private func states(
    _ score: some Score, _ chains: SynchronousChains, _ process: any ForwardProcess, dimension: Int, chunk: Int,
    set: UInt64, every: Int
  ) -> [MatrixBox] {
    var score = score
    let first = UInt64(256 * chunk)
    var noise = Matrix(rows: 256, columns: dimension * process.blocks)
    RandomStream(seed: experiment.seed, purpose: .samplingPrior, step: set).fillNormals(&noise, firstIndex: first)
    var state = Matrix(rows: 256, columns: dimension * process.blocks)
    state.assign(process.priorCovariance.cholesky(), times: noise, dimension: dimension)
    var (kept, step) = ([MatrixBox](), 0)
    chains.run(&state, firstIndex: first, relativeError: 0, score: &score) { _, state, _ in
      if step % every == 0 { kept.append(MatrixBox(state.head(state.rows))) }
      step += 1
    }
    return kept
  }

  /// |z|² and |z|²_𝔐 of each row's difference, the 𝔐 of one coordinate for all.
  private func squares(
    _ a: borrowing Matrix, _ b: borrowing Matrix, _ norm: AdaptedNorm, dimension d: Int
  ) -> [Double] {
    let blocks = a.columns / d
    return (0..<a.rows).flatMap { r -> [Double] in
      var sums = [0.0, 0]
      for k in 0..<d {
        var z = BlockVector(size: blocks, repeating: 0)
        for block in 0..<blocks { z[block] = Double(a[r, block * d + k]) - Double(b[r, block * d + k]) }
        sums[0] += z.dot(z)
        sums[1] += z.dot(norm.matrix * z)
      }
      return sums
    }
  }
}
