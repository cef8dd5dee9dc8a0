internal import Diffusion
internal import LinearAlgebra
internal import Randomness

/// Coordinates of the data whose values are known, in trained coordinates, for inpainting by replacement.
///
/// ```
/// before every evaluation at t:   u_k ← M_t x*_k + L_t e_k,   e_k ~ N(0, I) once for each sample
/// ```
/// Song et al. 2021, arXiv 2011.13456, appendix I.2. The others then see p_t given the noised values, which becomes the
/// conditional law at small t where a sampler equilibrates at each time, as `annealed-langevin` and
/// `predictor-corrector` with many corrections do; others leave a bias. `ObservedScore` with a noise of 0 has none for
/// Gaussian data.
public struct FixedCoordinates: Sendable {
  /// The coordinates, from 0, without repetition.
  public let columns: [Int]
  /// Their values x*.
  public let values: [Double]

  /// Known values of some coordinates, one each.
  public init(columns: [Int], values: [Double]) {
    precondition(columns.count == values.count && Set(columns).count == columns.count, "\(columns), \(values)")
    self.columns = columns
    self.values = values
  }
}

/// The noised values of fixed coordinates for a chunk of samples.
struct HeldCoordinates: ~Copyable {
  private let fixed: FixedCoordinates
  private let process: any ForwardProcess
  private let dimension: Int
  private var noise: Matrix

  init(_ fixed: FixedCoordinates, _ process: any ForwardProcess, dimension: Int) {
    precondition(fixed.columns.allSatisfy { $0 >= 0 && $0 < dimension }, "\(fixed.columns) of \(dimension)")
    self.fixed = fixed
    self.process = process
    self.dimension = dimension
    noise = Matrix(rows: Generator.rows, columns: process.blocks * fixed.columns.count)
  }

  /// Draws e for a chunk, at a step beyond those of any grid.
  mutating func begin(seed: UInt64, firstIndex: UInt64) {
    RandomStream(seed: seed, purpose: .samplingNoise, step: RandomStream.stepLimit - 1).fillNormals(
      &noise, firstIndex: firstIndex)
  }

  /// Puts the noised values of time t into the states' process blocks.
  func hold(_ state: inout Matrix, at t: Double) {
    let kernel = process.kernel(at: t)
    for row in 0..<state.rows { hold(&state, row, kernel) }
  }

  /// As at one time, each row at a time of its own.
  func hold(_ state: inout Matrix, atTimes times: [Double]) {
    for row in 0..<state.rows { hold(&state, row, process.kernel(at: times[row])) }
  }

  private func hold(_ state: inout Matrix, _ row: Int, _ kernel: Kernel) {
    let count = fixed.columns.count
    for (i, column) in fixed.columns.enumerated() {
      for b in 0..<kernel.mean.size {
        var value = kernel.mean[b] * fixed.values[i]
        for j in 0...b { value += kernel.cholesky[b, j] * Double(noise[row, j * count + i]) }
        state[row, b * dimension + column] = Float(value)
      }
    }
  }

  /// Puts the values themselves into samples.
  func finish(_ samples: inout Matrix) {
    for row in 0..<samples.rows {
      for (i, column) in fixed.columns.enumerated() { samples[row, column] = Float(fixed.values[i]) }
    }
  }
}
