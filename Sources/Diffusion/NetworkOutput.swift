internal import LinearAlgebra

/// What a network's raw output F stands for.
///
/// Each is preconditioned: F = 0 is the exact score of unit Gaussian data.
public enum NetworkOutput: String, Sendable, CaseIterable {
  /// `posterior-mean`: E[x_0|u] = r²MᵀH⁻¹u + r F, with d outputs for every process.
  case posteriorMean = "posterior-mean"
  /// `noise`: ê = KᵀPu + F, one block of d outputs for each block that noise drives.
  case noise

  /// How many blocks of d numbers the network puts out.
  ///
  /// For `noise` it is all c where D has full rank; else 1, the last block: the others follow from it, because the
  /// hybrid score has only d unknowns.
  public func blocks(for process: some ForwardProcess) -> Int {
    switch self {
    case .posteriorMean: 1
    case .noise: process.diffusion(at: process.horizon).determinant > 0 ? process.blocks : 1
    }
  }
}

/// What denoising score matching conditions u_t on.
///
/// Both have the same minimiser; they are one for a single block.
public enum Conditioning: String, Sendable, CaseIterable {
  /// `hsm`, hybrid: on the data x_0 alone (Dockhorn, Vahdat and Kreis 2022, arXiv 2112.07068). Lower variance.
  case data = "hsm"
  /// `dsm`: on the whole of u_0, velocities included.
  case state = "dsm"
}

/// How the squared error is weighted over time.
public enum LossWeight: String, Sendable, CaseIterable {
  /// `uniform-noise`: ‖e − ê‖², e the noise of the conditioning kernel.
  case uniformNoise = "uniform-noise"
  /// `likelihood`: ‖Σᵀ(s − s_θ)‖² (Song, Durkan, Murray and Ermon 2021, arXiv 2101.09258).
  case likelihood
  /// `unit-variance`: what F is to predict has unit variance at every t, for unit data.
  ///
  /// When conditioned on the whole state, the D-weighted error is divided by that of the zero score, tr(D C⁻¹).
  case unitVariance = "unit-variance"

  /// The weight for an output unless another is asked for.
  public static func standard(for output: NetworkOutput) -> LossWeight {
    switch output {
    case .posteriorMean: .unitVariance
    case .noise: .uniformNoise
    }
  }

  /// Whether `TrainingCoefficients` knows this weight for an output.
  public func isAvailable(for output: NetworkOutput) -> Bool { self == .standard(for: output) }
}
