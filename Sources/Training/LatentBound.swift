internal import Diffusion
public import LinearAlgebra
internal import Networks
internal import Randomness
internal import RealFunctions

/// Upper bounds of −ln p of rows under a latent model: decoder, encoder, and the score's integral by one time in each of n strata.
///
/// ```
/// bound(x) = −ln p(x|y) − ½ Σ ln(1 + σ²/σ₁²) + KL(q(u_T|z) ‖ prior) + Σ_{i<n} ½ rate(t_i) |Σᵀ(∇ln q(u_{t_i}|z) − s_θ)|² w_i
/// t_i = t₁ (T/t₁)^((i + U)/n),   w_i = t_i ln(T/t₁)/n
/// ```
/// Its mean over draws of z, y, times and noise bounds −ln p(x) from above (`AutoencoderPass`). Vahdat, Kreis and Kautz 2021,
/// arXiv 2106.05931, theorem 1. Cost: n evaluations of the score.
@safe public final class LatentBound {
  /// The rows of a call.
  public static let rows = NetworkScore.rows

  /// What a row's draws depend on.
  public struct Key: Sendable {
    /// The row's number, and that of the draw.
    public let index, draw: UInt64

    /// The draw of a row.
    public init(index: Int, draw: Int) { (self.index, self.draw) = (UInt64(index), UInt64(draw)) }
  }

  private let model: ScoreModel
  private let score: NetworkScore
  private let pass: AutoencoderPass
  private let parameters: Matrix
  private let first: Double
  private let steps: Int
  private let seed: UInt64
  private var noise, state, rowNoise, value: Matrix
  private var isPrepared = false

  /// The bound of a model with latents; nil without.
  ///
  /// - Parameters:
  ///   - model: the score's, with its autoencoder.
  ///   - parameters: those of all, `[1, layout count]`.
  ///   - firstTime: t₁, below which no score is known.
  ///   - steps: n.
  ///   - seed: the key of all draws.
  public init?(model: ScoreModel, parameters: borrowing Matrix, firstTime: Double, steps: Int, seed: UInt64) {
    guard let autoencoder = model.autoencoder else { return nil }
    (self.model, first, self.steps, self.seed) = (model, firstTime, steps, seed)
    pass = AutoencoderPass(
      autoencoder, model.layout, LatentEnds(model.process, first: firstTime), rows: Self.rows, use: .inference)
    var own = Matrix(rows: 1, columns: parameters.columns)
    own.copy(from: parameters)
    var copy = Matrix(rows: 1, columns: parameters.columns)
    copy.copy(from: parameters)
    self.parameters = own
    score = NetworkScore(model: model, parameters: copy)
    let columns = model.process.blocks * model.dimension
    noise = Matrix(rows: Self.rows, columns: model.dimension)
    state = Matrix(rows: Self.rows, columns: columns)
    rowNoise = Matrix(rows: Self.rows, columns: columns)
    value = Matrix(rows: Self.rows, columns: columns)
  }

  /// A draw of the bound of each row, in nats of trained coordinates.
  ///
  /// - Parameters:
  ///   - rows: x, `[256, d]`, in trained coordinates.
  ///   - keys: those of the rows; a row's value depends on nothing else beside it.
  /// - Returns: 256 numbers.
  public func values(_ rows: borrowing Matrix, keys: [Key]) -> [Double] {
    precondition(rows.rows == Self.rows && keys.count == Self.rows, "\(rows.rows) rows, \(keys.count) keys")
    draw(.latent, keys, into: &noise)
    unsafe pass.encode(parameters.pointer, rows.pointer, noise: noise.pointer, again: isPrepared)
    var values = unsafe pass.losses(parameters.pointer, rows.pointer, noise: noise.pointer, again: isPrepared)
    isPrepared = true
    for i in 0..<steps { addStratum(i, keys, to: &values) }
    return values
  }

  private enum Draw {
    case latent
    case time(Int)
    case noise(Int)
  }

  private func stream(_ what: Draw, _ key: Key) -> RandomStream {
    let place: UInt64 =
      switch what {
      case .latent: 0
      case .time(let i): UInt64(2 * i + 1)
      case .noise(let i): UInt64(2 * i + 2)
      }
    return RandomStream(seed: seed, purpose: .latentBound, step: key.draw << 22 | place)
  }

  private func draw(_ what: Draw, _ keys: [Key], into matrix: inout Matrix) {
    var row = Matrix(rows: 1, columns: matrix.columns)
    for (r, key) in keys.enumerated() {
      stream(what, key).fillNormals(&row, firstIndex: key.index)
      for k in 0..<row.columns { matrix[r, k] = row[0, k] }
    }
  }

  private func addStratum(_ i: Int, _ keys: [Key], to values: inout [Double]) {
    let (process, k) = (model.process, model.dimension)
    let range = log(process.horizon / first)
    let times = keys.map { key in
      var variates = stream(.time(i), key).row(key.index)
      return first * exp(range * (Double(i) + variates.nextUniform()) / Double(steps))
    }
    draw(.noise(i), keys, into: &rowNoise)
    let kernels = times.map { process.kernel(at: $0) }
    for (r, kernel) in kernels.enumerated() {
      for b in 0..<process.blocks {
        for j in 0..<k {
          var sum = kernel.mean[b] * Double(pass.latents[r, j])
          for c in 0...b { sum += kernel.cholesky[b, c] * Double(rowNoise[r, c * k + j]) }
          state[r, b * k + j] = Float(sum)
        }
      }
    }
    score.evaluate(state, atTimes: times, into: &value)
    for (r, kernel) in kernels.enumerated() {
      let (backward, diffusion) = (kernel.cholesky.inverse.transpose, process.diffusion(at: times[r]))
      var sum = 0.0
      for j in 0..<k {
        let e = BlockVector((0..<process.blocks).map { Double(rowNoise[r, $0 * k + j]) })
        let s = BlockVector((0..<process.blocks).map { Double(value[r, $0 * k + j]) })
        let error = backward * e + s
        sum += error.dot(diffusion * error)
      }
      values[r] += 0.5 * process.rate(at: times[r]) * sum * times[r] * range / Double(steps)
    }
  }
}
