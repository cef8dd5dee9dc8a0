internal import LinearAlgebra

/// κ and y of one training row.
///
/// With N = e − KᵀPu, what is left of the noise when the Gaussian's exact score is known, the error of the score given
/// z is s_θ − s = QF + K⁻ᵀN. Conditioned on the data N = −r w X, X = r(x_0 − wᵀe) of unit variance for unit data.
struct RowTarget: Sendable, Equatable {
  /// The factors of z's first elements in y.
  var initial: BlockMatrix
  /// The factors of e in y.
  var noise: BlockMatrix
  /// κ.
  var gain: BlockMatrix

  /// y = −φe for s = F/L: the caller multiplies e by φ, row by row.
  static let heavyTailed = RowTarget(initial: BlockMatrix(0), noise: BlockMatrix(-1), gain: BlockMatrix(1))

  /// One block, where everything is a number: F predicts f X, and κ = |RQ|.
  ///
  /// | output | f | κ: `uniform-noise` | `unit-variance` | `likelihood` |
  /// |---|---|---|---|---|
  /// | `posterior-mean` | 1 | rw | 1 | r√g/σ |
  /// | `noise`, `score` | ∓rw | 1 | 1/(rw) | √g/m |
  /// | `velocity` | −1/n | m | n | √g |
  ///
  /// n² = m² + σ²; g = R²w² = −2mb is the rate at which the flow forgets the data, b the factor of the posterior mean
  /// in the path's velocity: finite where R is not.
  init(
    single kernel: Kernel, _ process: some ForwardProcess, output: NetworkOutput, weight: LossWeight, at t: Double
  ) {
    let (m, w, r) = (kernel.mean[0], kernel.whitenedMean[0], kernel.residualScale)
    let sigma = kernel.cholesky[0, 0]
    let size = (m * m + sigma * sigma).squareRoot()
    let factor: Double =
      switch output {
      case .posteriorMean: 1
      case .noise: -r * w
      case .velocity: -1 / size
      case .score: r * w
      }
    let gain: Double
    switch (weight, output) {
    case (.unitVariance, _): gain = 1 / abs(factor)
    case (.uniformNoise, .posteriorMean): gain = r * w
    case (.uniformNoise, .velocity): gain = m
    case (.uniformNoise, .noise), (.uniformNoise, .score): gain = 1
    case (.likelihood, _):
      // Where no data is left there is nothing to learn.
      let root = m > 0 ? (-2 * m * process.pathVelocity(at: t).mean[0]).squareRoot() : 0
      switch output {
      case .posteriorMean: gain = r * root / sigma
      case .noise, .score: gain = m > 0 ? root / m : 0
      case .velocity: gain = root
      }
    }
    let scale = gain * factor * r
    self.init(initial: BlockMatrix(scale), noise: BlockMatrix(-scale * w), gain: BlockMatrix(gain))
  }

  /// One block of outputs conditioned on the data: s_θ − s = H⁻¹M (χF − rX), so the loss is |RH⁻¹M|² (χF − rX)².
  init(data kernel: ConditioningKernel, output: NetworkOutput, error: WeightedError) {
    let hybrid = kernel.hybrid
    let first = BlockVector.first(hybrid.mean.size)
    let chi = kernel.meanOutput(output)
    // R H⁻¹M = (R K⁻ᵀ) w, as K = L.
    let weighted = error.factor * hybrid.whitenedMean
    let size = weighted.dot(weighted).squareRoot()
    let r = hybrid.residualScale
    let scale = (chi < 0 ? -size : size) * r * r
    self.init(
      initial: first.outer(first).scaled(by: scale), noise: first.outer(hybrid.whitenedMean).scaled(by: -scale),
      gain: BlockMatrix.identity(first.size).scaled(by: size * abs(chi)))
  }

  /// One block of outputs conditioned on the state: the projection of −R K⁻ᵀN on q = RQ, the direction F can reach.
  ///
  /// What it leaves out does not depend on F: κ = |q|, y = −qᵀ(R K⁻ᵀN)/|q|. Derived here.
  init(state kernel: ConditioningKernel, output: NetworkOutput, error: WeightedError) {
    let reach = error.factor * (kernel.factor.transpose * kernel.output(output))
    let length = reach.dot(reach).squareRoot()
    // When no data is left in u (length 0), there is nothing to learn: κ = 0 and y = 0.
    let direction = length > 0 ? reach.scaled(by: -1 / length) : reach
    let first = BlockVector.first(reach.size)
    let weights = error.factor.transpose * direction
    let (initial, noise) = Self.remainder(kernel)
    self.init(
      initial: first.outer(initial.transpose * weights), noise: first.outer(noise.transpose * weights),
      gain: BlockMatrix.identity(reach.size).scaled(by: length))
  }

  /// All c blocks: κ = −RQ and y = R K⁻ᵀN for `noise`, both with the other sign for `score`.
  init(full kernel: ConditioningKernel, output: NetworkOutput, error: WeightedError) {
    let (initial, noise) = Self.remainder(kernel)
    let sign = output == .noise ? 1.0 : -1
    let gain =
      output == .noise ? error.factor : error.factor * (kernel.factor.transpose * kernel.fullOutput(output))
    self.init(
      initial: (error.factor * initial).scaled(by: sign), noise: (error.factor * noise).scaled(by: sign), gain: gain)
  }

  init(initial: BlockMatrix, noise: BlockMatrix, gain: BlockMatrix) {
    (self.initial, self.noise, self.gain) = (initial, noise, gain)
  }

  /// N as a sum over the sources, for all c blocks.
  ///
  /// With W = K⁻¹B, KᵀPK = (I + WWᵀ)⁻¹ and KᵀPB = (I + WWᵀ)⁻¹W = W(I + WᵀW)⁻¹, so it is W(I + WᵀW)⁻¹(Wᵀe − z).
  private static func remainder(_ kernel: ConditioningKernel) -> (initial: BlockMatrix, noise: BlockMatrix) {
    if kernel.sources == 1 {
      // On the data alone W = w is one column, and the sum is −r²w(x_0 − wᵀe).
      let w = kernel.hybrid.whitenedMean
      let reduced = w.scaled(by: kernel.hybrid.residualScale * kernel.hybrid.residualScale)
      return (reduced.scaled(by: -1).outer(.first(w.size)), reduced.outer(w))
    }
    let w = kernel.factor.inverse * kernel.initial
    let reduced = w * (.identity(w.size) + w.transpose * w).inverse
    return (reduced.scaled(by: -1), reduced * w.transpose)
  }
}

/// R K⁻ᵀ for several blocks: R weights an error of the score, this the error of the noise behind it.
struct WeightedError {
  let factor: BlockMatrix

  /// | weight | R K⁻ᵀ |
  /// |---|---|
  /// | `uniform-noise` | I; its last row where noise drives the last block alone |
  /// | `likelihood` | √β (K⁻¹Σ)ᵀ |
  /// | `unit-variance`, given the data | I/(r|w|) |
  /// | `unit-variance`, given the state | (K⁻¹Σ)ᵀ/‖K⁻¹Σ‖ |
  init(_ kernel: ConditioningKernel, _ process: some ForwardProcess, weight: LossWeight, at t: Double) {
    let c = process.blocks
    switch weight {
    case .uniformNoise:
      var selection = BlockMatrix.identity(c)
      if !process.isFullyDriven { for i in 0..<c - 1 { selection[i, i] = 0 } }
      factor = selection
    case .unitVariance where kernel.sources == 1:
      let hybrid = kernel.hybrid
      let size = hybrid.residualScale * hybrid.signalToNoise.squareRoot()
      factor = BlockMatrix.identity(c).scaled(by: 1 / size)
    case .likelihood, .unitVariance:
      let whitened = (kernel.factor.inverse * process.diffusion(at: t).cholesky()).transpose
      let scale =
        weight == .likelihood
        ? process.rate(at: t).squareRoot() : 1 / (whitened * whitened.transpose).trace.squareRoot()
      factor = whitened.scaled(by: scale)
    }
  }
}
