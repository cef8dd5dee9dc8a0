/// How the squared error of the score is weighted over time.
///
/// The loss is the mean of ‖R(s − s_θ)‖², and each case names its matrix R.
public enum LossWeight: String, Sendable, CaseIterable {
  /// `uniform-noise`: the error of the noise counts the same at all times.
  ///
  /// The loss is ‖e − ê‖², where e is the noise of the conditioning kernel and ê the network's. So R = Kᵀ, with K the kernel's
  /// Cholesky factor. Where noise drives the last block alone, R is the last row of Kᵀ.
  case uniformNoise = "uniform-noise"
  /// `likelihood`: ‖Σᵀ(s − s_θ)‖² dτ/dt (Song, Durkan, Murray and Ermon 2021, arXiv 2101.09258).
  ///
  /// With uniform times, half its integral over t bounds the divergence of the samples' law from the data's.
  case likelihood
  /// `unit-variance`: what F is to predict has unit variance at every t, for unit data.
  ///
  /// Where F has several blocks, the variance of all blocks together is one on average. Where the loss is conditioned on the whole
  /// state and F has several blocks, the D-weighted error is divided by that of the zero score, tr(D C⁻¹).
  case unitVariance = "unit-variance"

  /// The weight for an output unless another is asked for.
  public static func standard(for output: NetworkOutput) -> LossWeight {
    switch output {
    case .posteriorMean, .velocity: .unitVariance
    case .noise, .score: .uniformNoise
    }
  }

  /// Whether this weight is finite at all times for an output under a process; the output itself must be available.
  public func isAvailable(for output: NetworkOutput, under process: some ForwardProcess) -> Bool {
    guard process.noise == .gaussian else { return self == .uniformNoise }
    let losesTheData = process.kernel(at: process.horizon).signalToNoise == 0
    switch (output, self) {
    case (.noise, .unitVariance), (.score, .unitVariance), (.noise, .likelihood), (.score, .likelihood):
      return !losesTheData
    default: return true
    }
  }
}
