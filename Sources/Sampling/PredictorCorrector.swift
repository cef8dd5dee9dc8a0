public import Diffusion
internal import LinearAlgebra

/// A Langevin step that leaves p_t alone, preconditioned by the kernel's covariance.
///
/// ```
/// u ← u + δ P ∇log p_t(u) + √(2δ) P^½ Z
/// ```
/// P is the covariance H of the kernel at t, or the part of it that belongs to some blocks. In these coordinates the
/// noise's share of a score is about 1 at any t and in any block, so δ has no unit.
///
/// With a signal-to-noise ratio r each sample has its own δ:
/// ```
/// δ = 2r² min(1, b / ‖P^{½ᵀ}∇log p_t(u)‖²),   b = n + 6 √(2n)
/// ```
/// n the number of elements. Song et al. 2021, arXiv 2011.13456, algorithms 4 and 5, for every process. Their δ is
/// 2r² ‖Z‖²/‖∇log p‖² with norms that are means over a batch, which in these coordinates is about 2r². Taken sample by
/// sample that ratio would not leave p_t alone however small r is: steps in proportion to ‖Z‖² are (n + 2)/n times too
/// warm, and δ(u) makes p_t/δ the stationary law. So δ is shortened only where a sample is too far out to be typical
/// (fewer than one in a thousand), as a coarse predictor leaves them.
struct CorrectorStep {
  let stage: SamplerStage

  init(
    _ process: any ForwardProcess, at t: Double, blocks: CorrectedBlocks = .all, delta: Double = 1,
    signalToNoise: Double? = nil
  ) {
    let covariance = blocks.part(of: process.kernel(at: t).covariance)
    stage = SamplerStage(
      state: .identity(process.blocks), score: covariance.scaled(by: delta), at: t,
      noise: covariance.scaled(by: 2 * delta).cholesky(), signalToNoise: signalToNoise)
  }

  /// δ of one row; the noise's factor is √2 P^½.
  static func delta(
    slope: borrowing Span<Float>, _ factor: BlockMatrix, used: [Int], dimension d: Int, ratio: Double
  ) -> Double {
    var scores = 0.0
    for j in used {
      for k in 0..<d {
        var whitened = 0.0
        for i in 0..<factor.size { whitened += factor[i, j] * Double(slope[i * d + k]) }
        scores += 0.5 * whitened * whitened
      }
    }
    let n = Double(used.count * d)
    return 2 * ratio * ratio * min(1, (n + 6 * (2 * n).squareRoot()) / scores)
  }
}

/// Which blocks a corrector moves; the others are left as they are.
public enum CorrectedBlocks: String, Sendable, CaseIterable {
  /// `all`: the whole state.
  case all
  /// `position`: the data's own block.
  case position
  /// `velocity`: all other blocks.
  case velocity

  /// The covariance of these blocks, zero elsewhere.
  func part(of covariance: BlockMatrix) -> BlockMatrix {
    var part = covariance
    for i in 0..<part.size {
      for j in 0..<part.size where !(moves(i) && moves(j)) { part[i, j] = 0 }
    }
    return part
  }

  private func moves(_ block: Int) -> Bool {
    switch self {
    case .all: true
    case .position: block == 0
    case .velocity: block > 0
    }
  }
}

/// Predictor–corrector: a step of another sampler, then Langevin steps at its end.
///
/// Each correction costs one evaluation more. Its length is chosen for each sample, as `CorrectorStep` says. Corrections bring samples
/// back to p_s where the predictor has left it, up to a bias of order r². The order is at most the predictor's.
public struct PredictorCorrector: Sampler {
  /// The scheme that leads from time to time.
  public let predictor: any Sampler
  /// The number of Langevin steps at each time.
  public let corrections: Int
  /// r, the size of a correction's drift beside its noise.
  public let signalToNoise: Double
  /// The blocks that the corrector moves.
  public let corrected: CorrectedBlocks

  /// The scheme of a predictor and its corrections.
  public init(
    predictor: any Sampler, corrections: Int = SamplerOptions.standard.corrections,
    signalToNoise: Double = SamplerOptions.standard.signalToNoise,
    corrected: CorrectedBlocks = SamplerOptions.standard.corrected
  ) {
    precondition(corrections >= 0 && signalToNoise > 0, "\(corrections) corrections of ratio \(signalToNoise)")
    self.predictor = predictor
    self.corrections = corrections
    self.signalToNoise = signalToNoise
    self.corrected = corrected
  }

  /// What the predictor asks for.
  public var requirement: ProcessRequirement { predictor.requirement }

  /// None: corrections leave a bias of order r², and their steps differ from sample to sample.
  public var order: Int? { nil }

  /// The predictor's stages and one for each correction.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let corrector = CorrectorStep(process, at: s, blocks: corrected, signalToNoise: signalToNoise).stage
    return predictor.step(process, from: t, to: s) + Array(repeating: corrector, count: corrections)
  }
}

/// Annealed Langevin dynamics: Langevin steps at each time of the grid in turn, nothing in between.
///
/// ```
/// u ← u + δ H_s ∇log p_s(u) + √(2δ) H_s^½ Z,   `corrections` times at every time s
/// ```
/// This is algorithm 1 of Song and Ermon 2019, arXiv 1907.05600, where H is σ² and δ is half of ε/σ_L². With H_s it serves every
/// process. It has no order: a bias of order δ stays at each time, in the directions in which the data does not vary.
public struct AnnealedLangevin: Sampler, Equatable {
  /// The number of Langevin steps at each time.
  public let corrections: Int
  /// δ, below 2: beyond, the noise's own directions are unstable.
  public let stepSize: Double

  /// The scheme with a number of steps at each time and their size.
  public init(
    corrections: Int = SamplerOptions.standard.corrections, stepSize: Double = SamplerOptions.standard.stepSize
  ) {
    precondition(corrections > 0 && stepSize > 0 && stepSize < 2, "\(corrections) steps of \(stepSize)")
    self.corrections = corrections
    self.stepSize = stepSize
  }

  /// None: a bias of order δ stays at any number of times.
  public var order: Int? { nil }

  /// One stage for each Langevin step, all at s.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    Array(repeating: CorrectorStep(process, at: s, delta: stepSize).stage, count: corrections)
  }
}
