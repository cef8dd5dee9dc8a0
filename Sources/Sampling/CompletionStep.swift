internal import Diffusion
internal import LinearAlgebra

/// An ancestral step from t to s, with what the weights of `CompletionGenerator` and its moves at s need.
struct CompletionStep {
  let start, end: Double
  /// At t.
  let kernel: Kernel
  let ancestral: AncestralStep
  /// a.
  let whitenedGain: BlockVector
  /// hH and (2h)^½ H^½ at s.
  let moveMap, moveNoise: BlockMatrix

  init(_ process: any ForwardProcess, from t: Double, to s: Double) {
    (start, end) = (t, s)
    kernel = process.kernel(at: t)
    let target = process.kernel(at: s)
    ancestral = AncestralStep(from: kernel, to: target, process.transition(from: s, to: t))
    whitenedGain = ancestral.whitenedGain
    moveMap = target.covariance.scaled(by: CompletionGenerator.moveSize)
    moveNoise = target.cholesky.scaled(by: (2 * CompletionGenerator.moveSize).squareRoot())
  }
}
