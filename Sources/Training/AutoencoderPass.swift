internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import RealFunctions

/// What the law of latents is worth in the bound, beside the decoder's likelihood.
struct LatentEnds {
  /// snr and σ² = 1/snr of the prior's process at its first time t₁: the decoder sees latents with that noise.
  let signal, variance: Double
  /// The divergence of the horizon's law from what generation starts from, for a latent z of k numbers: k·constant + ½·slope·|z|².
  let constant, slope: Double

  init(_ process: any ForwardProcess, first: Double) {
    signal = process.kernel(at: first).signalToNoise
    variance = 1 / signal
    let (kernel, prior) = (process.kernel(at: process.horizon), process.priorCovariance)
    let inverse = prior.inverse
    slope = kernel.mean.dot(inverse * kernel.mean)
    constant =
      0.5
      * ((inverse * kernel.covariance).trace - Double(process.blocks)
        + log(prior.determinant / kernel.covariance.determinant))
  }
}

/// Encoder and decoder on one set of rows at a time: latents, the bound's terms, and the gradients of both networks.
///
/// ```
/// −ln p(x) ≤ E[−ln p(x|y)] + KL(q(y|x) ‖ p(y)),   y = z + N(0, σ₁²),   z ~ N(μ(x), σ²(x))
/// KL(q(y|x) ‖ p(y)) ≤ −½ Σ ln(1 + σ²/σ₁²) + KL(q(u_T|z) ‖ prior) + ½ ∫ g²‖∇ln q(u_t|z) − s_θ‖² dt
/// ```
/// σ₁² = 1/snr at the first time t₁, below which no score is known. The second line is theorem 1 of Vahdat, Kreis and Kautz 2021,
/// with the entropy of q(u_{t₁}|x) less that of q(u_{t₁}|z) written out, and for any linear process.
@safe final class AutoencoderPass {
  /// After `encode`: μ, σ and dσ/dℓ·1/σ of each row, `[rows, latents]`.
  private(set) var means, deviations: [Double]
  private var slopes: [Double]
  /// The latents z of `encode`, `[rows, latents]`.
  private(set) var latents: Matrix
  private let model: Autoencoder
  private let ends: LatentEnds
  private let places: Autoencoder.Places
  private let encoder, decoder: NetworkPass
  /// ∂/∂y, `[rows, latents]`.
  private var seenGradient: Matrix

  init(_ model: Autoencoder, _ layout: ParameterLayout, _ ends: LatentEnds, rows: Int, use: NetworkPass.Use) {
    (self.model, self.ends) = (model, ends)
    places = model.places(in: layout)
    encoder = NetworkPass(architecture: model.encoder, frequencies: model.frequencies, rows: rows, use: use)
    decoder = NetworkPass(architecture: model.decoder, frequencies: model.frequencies, rows: rows, use: use)
    encoder.setLevel(0)
    decoder.setLevel(0)
    means = [Double](repeating: 0, count: rows * model.latents)
    (deviations, slopes) = (means, means)
    latents = Matrix(rows: rows, columns: model.latents)
    seenGradient = Matrix(rows: rows, columns: model.latents)
  }

  var bytes: Int {
    encoder.bytes + decoder.bytes + 8 * latents.count + 24 * means.count
  }

  private var rows: Int { encoder.rows }

  /// z = μ + σε of rows.
  ///
  /// - Parameters:
  ///   - parameters: all parameters.
  ///   - data: x, `[rows, d]`.
  ///   - noise: ε, `[rows, latents]`.
  ///   - again: whether the parameters are those of the last call.
  func encode(
    _ parameters: UnsafePointer<Float>, _ data: UnsafePointer<Float>, noise: UnsafePointer<Float>, again: Bool
  ) {
    let (d, k) = (model.dimension, model.latents)
    for row in 0..<rows { unsafe encoder.state(set: 0, row: row).update(from: data + row * d, count: d) }
    let own = unsafe parameters + places.encoder.lowerBound
    if again { unsafe encoder.forwardAgain(own) } else { unsafe encoder.forward(own) }
    for row in 0..<rows {
      let output = unsafe encoder.output(set: 0, row: row)
      for i in 0..<k {
        let (at, share) = unsafe (row * k + i, hyperbolicTangent(Double(output[k + i]) / Autoencoder.range))
        means[at] = unsafe Double(output[i])
        deviations[at] = exp(Autoencoder.range * share)
        slopes[at] = 1 - share * share
        latents[row, i] = unsafe Float(means[at] + deviations[at] * Double(noise[at]))
      }
    }
  }

  /// Σ over the first rows of the bound without the score's integral, in nats: the decoder's likelihood, and what latents are worth.
  ///
  /// Where `isGaussian`, p(y) is that of latents from N(0, I), and the divergence is known whole. `again` says that the
  /// parameters are those of the last call.
  func loss(
    _ parameters: UnsafePointer<Float>, _ data: UnsafePointer<Float>, noise: UnsafePointer<Float>, isGaussian: Bool,
    count: Int, again: Bool
  ) -> Double {
    unsafe decode(parameters, noise: noise, again: again)
    let spread = unsafe Spread(model.variances(parameters, places))
    return (0..<count).reduce(0.0) { sum, row in
      unsafe sum + likelihood(data, row, spread) + divergence(row, isGaussian)
    }
  }

  /// As `loss`, for each row, with a score of the network's for the latents' law.
  func losses(
    _ parameters: UnsafePointer<Float>, _ data: UnsafePointer<Float>, noise: UnsafePointer<Float>, again: Bool
  ) -> [Double] {
    unsafe decode(parameters, noise: noise, again: again)
    let spread = unsafe Spread(model.variances(parameters, places))
    return (0..<rows).map { row in unsafe likelihood(data, row, spread) + divergence(row, false) }
  }

  /// As `loss`, of all rows; makes the gradients of `scale` times it, and of what the score's integral adds to it.
  ///
  /// `scoreGradient` is ∂/∂z of the integral, with `scale` in it, `[rows, latents]`; nil where p(y) is Gaussian. `gradients` are
  /// laid out as all parameters are, and those of the two parts are written.
  func lossAndGradient(
    _ parameters: UnsafePointer<Float>, _ data: UnsafePointer<Float>, noise: UnsafePointer<Float>,
    scoreGradient: UnsafePointer<Float>?, scale: Double, again: Bool, into gradients: UnsafeMutablePointer<Float>
  ) -> Double {
    let isGaussian = unsafe scoreGradient == nil
    unsafe decode(parameters, noise: noise, again: again)
    let (d, k) = (model.dimension, model.latents)
    let spread = unsafe Spread(model.variances(parameters, places))
    var (loss, squares) = (0.0, [Double](repeating: 0, count: d))
    for row in 0..<rows {
      loss += unsafe likelihood(data, row, spread) + divergence(row, isGaussian)
      let (mean, gradient) = unsafe (decoder.output(set: 0, row: row), decoder.outputGradient(set: 0, row: row))
      for j in 0..<d {
        let residual = unsafe Double(mean[j]) - Double(data[row * d + j])
        squares[j] += residual * residual
        unsafe gradient[j] = Float(scale * residual / spread.variances[j])
      }
    }
    let own = unsafe parameters + places.decoder.lowerBound
    unsafe decoder.backward(
      own, gradient: { _ in unsafe gradients + places.decoder.lowerBound }, completed: { _, _ in })
    unsafe decoder.inputGradient(own, into: &seenGradient)
    if let noise = places.noise {
      // Of ½ Σ(square/s² + ln s²): s² moves with θ by 2 · 8 exp(16 θ).
      for (j, variance) in spread.variances.enumerated() {
        let slope = 0.5 * (Double(rows) - squares[j] / variance) / variance
        unsafe gradients[noise + j] = Float(
          scale * slope * 2 * Autoencoder.noiseRate * (variance - Autoencoder.leastVariance))
      }
    }
    for row in 0..<rows {
      let gradient = unsafe encoder.outputGradient(set: 0, row: row)
      for i in 0..<k {
        let at = row * k + i
        let (mean, deviation, e) = unsafe (means[at], deviations[at], Double(noise[at]))
        let (square, seen) = (deviation * deviation, Double(seenGradient[row, i]))
        let whole = square + ends.variance
        var ofMean = seen
        var ofLog = seen * e * square / whole.squareRoot() - scale * square / whole
        if let scoreGradient = unsafe scoreGradient {
          let z = mean + deviation * e
          let direct = unsafe Double(scoreGradient[at]) + scale * ends.slope * z
          ofMean += direct
          ofLog += direct * deviation * e
        } else {
          ofMean += scale * mean / (1 + ends.variance)
          ofLog += scale * square / (1 + ends.variance)
        }
        unsafe (gradient[i], gradient[k + i]) = (Float(ofMean), Float(ofLog * slopes[at]))
      }
    }
    unsafe encoder.backward(
      parameters + places.encoder.lowerBound,
      gradient: { _ in unsafe gradients + places.encoder.lowerBound }, completed: { _, _ in })
    return loss
  }

  /// The decoder's means for y = μ + √(σ² + σ₁²) ε: the same ε serves z and y, as each term has one of the two alone.
  private func decode(_ parameters: UnsafePointer<Float>, noise: UnsafePointer<Float>, again: Bool) {
    let k = model.latents
    for row in 0..<rows {
      let state = unsafe decoder.state(set: 0, row: row)
      for i in 0..<k {
        let at = row * k + i
        let spread = (deviations[at] * deviations[at] + ends.variance).squareRoot()
        unsafe state[i] = Float(means[at] + spread * Double(noise[at]))
      }
    }
    let own = unsafe parameters + places.decoder.lowerBound
    if again { unsafe decoder.forwardAgain(own) } else { unsafe decoder.forward(own) }
  }

  /// The decoder's s_j², and what of −ln p(x|y) does not depend on x.
  private struct Spread {
    let variances: [Double]
    let constant: Double

    init(_ variances: [Double]) {
      self.variances = variances
      constant = variances.reduce(0) { $0 + 0.5 * log(2 * Double.pi * $1) }
    }
  }

  /// −ln p(x|y) of a row.
  private func likelihood(_ data: UnsafePointer<Float>, _ row: Int, _ spread: Spread) -> Double {
    let mean = unsafe decoder.output(set: 0, row: row)
    let x = unsafe data + row * model.dimension
    var sum = 0.0
    for j in 0..<model.dimension {
      let residual = unsafe Double(x[j]) - Double(mean[j])
      sum += residual * residual / spread.variances[j]
    }
    return 0.5 * sum + spread.constant
  }

  /// What a row's latents are worth, less the score's integral.
  private func divergence(_ row: Int, _ isGaussian: Bool) -> Double {
    var sum = isGaussian ? 0 : Double(model.latents) * ends.constant
    for i in 0..<model.latents {
      let at = row * model.latents + i
      let square = deviations[at] * deviations[at]
      if isGaussian {
        let share = (square + ends.variance) / (1 + ends.variance)
        sum += 0.5 * (share + means[at] * means[at] / (1 + ends.variance) - 1 - log(share))
      } else {
        let z = Double(latents[row, i])
        sum += 0.5 * (ends.slope * z * z - log1p(ends.signal * square))
      }
    }
    return sum
  }
}

/// tanh.
func hyperbolicTangent(_ x: Double) -> Double {
  let e = exp(-2 * abs(x))
  return x < 0 ? -(1 - e) / (1 + e) : (1 - e) / (1 + e)
}
