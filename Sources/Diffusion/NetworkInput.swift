internal import LinearAlgebra

/// What a network sees of a noisy state u.
public enum NetworkInput: String, Sendable, CaseIterable {
  /// `noisy-data`: y/√(1 + σ²), y = MᵀH⁻¹u/snr = x_0 + N(0, σ²), the d numbers that decide x_0 given u.
  ///
  /// The network is then one function of y and σ for every process (`Kernel.noisyData`).
  case noisyData = "noisy-data"
  /// `state`: all c·d numbers of u, whitened.
  case state

  /// How many blocks of d numbers the network sees.
  public func blocks(for process: some ForwardProcess) -> Int { self == .state ? process.blocks : 1 }

  /// Whether the input tells all that the state does: y does where the noise is Gaussian.
  public func isAvailable(for process: some ForwardProcess) -> Bool { self == .state || process.noise == .gaussian }
}

extension ConditioningKernel {
  /// G, the network's input from u: lower triangular with G (H + MMᵀ) Gᵀ = I, or in its first row r L⁻ᵀŵ.
  func reading(_ input: NetworkInput) -> BlockMatrix {
    switch input {
    case .state: return whitening
    case .noisyData:
      let c = hybrid.mean.size
      // With one block both are one number.
      return c == 1 ? whitening : BlockVector.first(c).outer(hybrid.unitNoisyData)
    }
  }
}
