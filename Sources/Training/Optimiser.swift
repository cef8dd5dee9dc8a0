internal import RealFunctions

/// AdamW with warm-up, cosine decay and an exponential moving average of the parameters.
///
/// ```
/// m ← β₁m + (1−β₁)g,   v ← β₂v + (1−β₂)g²,   θ ← θ − η(m̂/(√v̂ + 1e−8) + λθ),   θ̄ ← θ̄ + (1−ρ)(θ − θ̄)
/// ```
/// Kingma and Ba 2015 (arXiv 1412.6980), Loshchilov and Hutter 2019 (arXiv 1711.05101); λ acts on weights, not biases.
public struct Optimiser: Sendable, Equatable {
  /// How the learning rate falls after the warm-up.
  public enum Schedule: String, Sendable, CaseIterable {
    /// Half a cosine down to the final rate.
    case cosine
    /// Not at all.
    case constant
  }

  /// η at its highest.
  public var learningRate = 1e-3
  /// η at the last step, where the schedule falls.
  public var finalLearningRate = 0.0
  /// Steps over which η rises linearly from 0.
  public var warmupSteps = 200
  /// How η falls.
  public var schedule = Schedule.cosine
  /// β₁.
  public var beta1 = 0.9
  /// β₂.
  public var beta2 = 0.999
  /// λ.
  public var weightDecay = 0.0
  /// The largest global gradient norm; 0 for no clipping.
  public var clipNorm = 1.0
  /// ρ; early in training (1 + step)/(10 + step) where that is less.
  public var emaDecay = 0.999
  /// The number of steps that the schedule spans.
  public var steps = 20_000

  /// The defaults.
  public init() {}

  /// η of the update that ends step `step`, counted from 1.
  public func learningRate(at step: Int) -> Double {
    if step <= warmupSteps { return learningRate * Double(step) / Double(warmupSteps) }
    guard schedule == .cosine else { return learningRate }
    let progress = min(Double(step - warmupSteps) / Double(max(steps - warmupSteps, 1)), 1)
    return finalLearningRate + (learningRate - finalLearningRate) * 0.5 * (1 + cos(.pi * progress))
  }

  /// The numbers of one update, with the learning rate times `scale`.
  func update(at step: Int, gradientNorm: Double, scale: Double = 1) -> Update {
    let clip = clipNorm > 0 && gradientNorm > clipNorm ? clipNorm / gradientNorm : 1
    let rate = scale * learningRate(at: step)
    return Update(
      gradientScale: Float(clip), beta1: Float(beta1), beta2: Float(beta2),
      rate: Float(rate / (1 - pow(beta1, Double(step)))),
      rootScale: Float(1 / (1 - pow(beta2, Double(step))).squareRoot()),
      decay: Float(rate * weightDecay), average: averageRate(at: step))
  }

  /// An update that leaves parameters and moments as they are: the average alone moves on towards them.
  func rest(at step: Int) -> Update {
    Update(
      gradientScale: 1, beta1: 1, beta2: 1, rate: 0, rootScale: 1, decay: 0, average: averageRate(at: step))
  }

  /// 1 − ρ of the update that ends step `step`.
  private func averageRate(at step: Int) -> Float {
    let decay = min(emaDecay, Double(1 + step) / Double(10 + step))
    return Float(1 - decay)
  }

  /// One step's constants and the kernel that applies them.
  struct Update {
    let gradientScale, beta1, beta2, rate, rootScale, decay, average: Float

    /// Updates `count` parameters in one pass.
    func apply(
      _ g: UnsafePointer<Float>, _ p: UnsafeMutablePointer<Float>, _ m: UnsafeMutablePointer<Float>,
      _ v: UnsafeMutablePointer<Float>, _ ema: UnsafeMutablePointer<Float>, count: Int, decays: Bool
    ) {
      let decay = decays ? self.decay : 0
      let rest1 = 1 - beta1
      let rest2 = 1 - beta2
      for i in 0..<count {
        let gradient = unsafe g[i] * gradientScale
        let mean = unsafe (rest1 * gradient).addingProduct(beta1, m[i])
        let square = unsafe (rest2 * gradient * gradient).addingProduct(beta2, v[i])
        let old = unsafe p[i]
        let step = rate * mean / Float(1e-8).addingProduct(square.squareRoot(), rootScale)
        let new = (old - step).addingProduct(-decay, old)
        unsafe m[i] = mean
        unsafe v[i] = square
        unsafe p[i] = new
        unsafe ema[i] = ema[i].addingProduct(average, new - ema[i])
      }
    }
  }
}
