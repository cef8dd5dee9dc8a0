internal import LinearAlgebra
internal import Randomness
internal import RealFunctions

/// Features of the noise level or time: φ(ℓ) = (sin 2πf₁ℓ, …, sin 2πf_kℓ, cos 2πf₁ℓ, …, cos 2πf_kℓ).
public struct TimeEmbedding: Sendable, Equatable {
  /// How the frequencies are chosen.
  public enum Kind: String, Sendable, CaseIterable {
    /// Geometric from 1/64 to 2 turns per unit of level (Vaswani et al. 2017, with a range for levels within ±8).
    case sinusoidal
    /// Independent N(0, ½²) draws, fixed by the seed (Tancik et al. 2020, arXiv 2006.10739).
    case fourier
  }

  /// How the frequencies are chosen.
  public var kind: Kind
  /// The number of features, even.
  public var features: Int

  /// An embedding with `features` numbers.
  public init(kind: Kind, features: Int) {
    precondition(features > 0 && features % 2 == 0, "\(features) features: not a positive even number")
    self.kind = kind
    self.features = features
  }

  /// The frequencies f in turns per unit of level.
  public func frequencies(seed: UInt64) -> [Float] {
    let count = features / 2
    switch kind {
    case .sinusoidal:
      return (0..<count).map { Float(pow(2, -6 + 7 * Double($0) / Double(max(count - 1, 1)))) }
    case .fourier:
      var sequence = RandomStream(seed: seed, purpose: .embedding).row(0)
      return (0..<count).map { _ in Float(0.5 * sequence.nextNormal()) }
    }
  }
}

/// Writes φ(level) to `into`, sines first.
@unsafe func embed(_ level: Float, frequencies: [Float], into features: UnsafeMutablePointer<Float>) {
  let count = frequencies.count
  unsafe frequencies.withUnsafeBufferPointer { f in
    for k in 0..<count { unsafe features[k] = Elementary.sinTurns(f[k] * level) }
    let cosines = unsafe features + count
    for k in 0..<count { unsafe cosines[k] = Elementary.cosTurns(f[k] * level) }
  }
}
