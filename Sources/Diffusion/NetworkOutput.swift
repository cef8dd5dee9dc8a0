internal import LinearAlgebra

/// What a network's raw output F stands for.
///
/// Each is preconditioned: F = 0 is the exact score of unit Gaussian data. A Student-t base has only `score`, without
/// preconditioning.
public enum NetworkOutput: String, Sendable, CaseIterable {
  /// `posterior-mean`: E[x_0|u] = r²MᵀH⁻¹u + r F, with d outputs for every process.
  case posteriorMean = "posterior-mean"
  /// `noise`: ê = KᵀPu + F, one block of d outputs for each block that noise drives.
  case noise
  /// `velocity`: F is the error of the path's velocity at F = 0, per unit of mσ' − m'σ; one block only.
  ///
  /// That unit is 1 for flow matching, where F is the velocity itself. Where m² + σ² = 1 it is the angle of Salimans and
  /// Ho 2022 (arXiv 2202.00512): F is minus that of `posterior-mean`.
  case velocity
  /// `score`: s = −P u + diag(ρ) F, ρ the root mean square of the conditional score, √(H⁻¹)_ii; blocks as for `noise`.
  ///
  /// With one block it is minus the noise. For a Student-t base s = F/L, whose target's mean square is
  /// (ν + d)/(ν + d + 2).
  case score

  /// How many blocks of d numbers the network puts out.
  ///
  /// For `noise` and `score` it is all c where D has full rank; else 1, the last block: the others follow from it,
  /// because the hybrid score has only d unknowns.
  public func blocks(for process: some ForwardProcess) -> Int {
    switch self {
    case .posteriorMean, .velocity: 1
    case .noise, .score: process.isFullyDriven ? process.blocks : 1
    }
  }

  /// Whether the output can say the score of a process, and its posterior mean, at every time.
  public func isAvailable(for process: some ForwardProcess) -> Bool {
    guard process.noise == .gaussian else { return self == .score }
    switch self {
    case .posteriorMean: return true
    case .velocity: return process.blocks == 1
    case .noise, .score:
      // Flow matching starts where neither tells the posterior mean, and needs it.
      if process.blocks == 1 { return process.diffusion(at: process.horizon)[0, 0].isFinite }
      return process.isFullyDriven || process.lastScoreTellsAll
    }
  }
}

extension ForwardProcess {
  /// Whether noise drives every block.
  var isFullyDriven: Bool { blocks == 1 || diffusion(at: horizon).determinant > 0 }

  /// Whether the posterior mean follows from the last block of the score: whether (H⁻¹M)_c has one sign at all times.
  ///
  /// It has where the damping is critical or more; an oscillating process changes it. Seen on a grid of 256 times.
  var lastScoreTellsAll: Bool {
    let signs = (1...256).map { kernel(at: horizon * Double($0) / 256).precisionMean.last > 0 }
    return signs.allSatisfy { $0 == signs[0] }
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
