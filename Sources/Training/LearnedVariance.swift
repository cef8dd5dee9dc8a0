public import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// What a network's variance of reverse steps is learned from: the terms of a chain's bound.
///
/// ```
/// loss = L_simple + λ n L_i,   L_i: the bound's term of the row's state i, in bits a coordinate
/// ```
/// So the second part's mean over states drawn evenly is λ times the bound. The gradient of L_i goes to v alone: the mean is
/// taken as given. Nichol and Dhariwal 2021, arXiv 2102.09672, eq. 16; bits and the factor n as in their code.
public struct LearnedVariance: Sendable {
  /// Where v comes from.
  public enum Kind: String, Sendable, CaseIterable {
    /// `fixed`: the network says nothing of it.
    case fixed
    /// `learned`: v − ½ is a second output of d numbers, so that an untrained network is half-way.
    case learned
  }

  /// v of an output of 0.
  static let middle = 0.5

  /// The chain.
  public let chain: ReverseChain
  /// λ.
  public let weight: Double

  /// A variance learned on a chain with a weight λ.
  public init(_ chain: ReverseChain, weight: Double = TrainingOptions().varianceWeight) {
    precondition(weight > 0 && weight.isFinite, "a weight of \(weight)")
    (self.chain, self.weight) = (chain, weight)
  }
}

/// The part of the loss from which a set's rows learn v, and its gradient.
@safe final class VarianceLoss {
  /// What one state's term asks for.
  private struct State {
    let term: ChainTerm
    /// χ: by how much E[x_0|u] moves with F.
    let meanOutput: Double
  }

  /// A row's term, and the factors of its value and of the squared residual of F.
  private struct Row {
    let term: ChainTerm
    let scale: Double
    let error: Double
  }

  /// Whether the residuals of the last gradient stand for those of the network: what the gradient takes as given stays.
  var isHeld = false
  private let learned: LearnedVariance
  private let dimension: Int
  /// Made when first met, as few of very many states may be.
  private var states: [State?]
  private var rows: [Row?]
  /// The squared residuals behind the last gradient, `[rows, dimension]`.
  private var kept: [Double]
  private let coefficients: (Double) -> ScoreCoefficients

  init(_ model: ScoreModel, _ learned: LearnedVariance, rows: Int) {
    self.learned = learned
    dimension = model.dimension
    states = [State?](repeating: nil, count: learned.chain.steps + 1)
    self.rows = [Row?](repeating: nil, count: rows)
    kept = [Double](repeating: 0, count: rows * model.dimension)
    coefficients = { model.coefficients(at: $0) }
  }

  var bytes: Int {
    8 * kept.count + MemoryLayout<State?>.stride * states.count + MemoryLayout<Row?>.stride * rows.count
  }

  /// Takes note of a row's state.
  ///
  /// - Parameters:
  ///   - row: the row's place among those of all sets.
  ///   - draw: its time, and what it counts for.
  ///   - gain: κ of its residual ρ = κF − y: the error of E[x_0|u] is χρ/κ.
  func note(row: Int, _ draw: TimeSampler.Draw, gain: Double) {
    let i = learned.chain.state(at: draw.time)
    let state =
      states[i] ?? State(term: learned.chain.term(ofState: i), meanOutput: coefficients(draw.time).meanOutput[0])
    states[i] = state
    let ratio = state.meanOutput / gain
    let scale = draw.weight * learned.weight * Double(learned.chain.steps) / (Double(dimension) * log(2.0))
    rows[row] = Row(term: state.term, scale: scale, error: ratio * ratio)
  }

  /// A row's part of the loss; writes its derivative with respect to v.
  ///
  /// - Parameters:
  ///   - row: the row's place.
  ///   - outputs: v − ½, `[dimension]`.
  ///   - square: the squared residual of a coordinate.
  ///   - gradient: takes `slope` times the derivative; nil for none.
  ///   - slope: the factor.
  /// - Returns: λ n times the term, times what the row counts for.
  @unsafe func loss(
    row: Int, _ outputs: UnsafePointer<Float>, square: (_ k: Int) -> Double, gradient: UnsafeMutablePointer<Float>?,
    slope: Double
  ) -> Double {
    guard let own = rows[row] else { preconditionFailure("row \(row) without a draw") }
    var sum = 0.0
    for k in 0..<dimension {
      let residual = isHeld ? kept[row * dimension + k] : square(k)
      let error = own.error * residual
      let value = unsafe LearnedVariance.middle + Double(outputs[k])
      sum += own.term.value(value, squaredError: error)
      guard let gradient = unsafe gradient else { continue }
      kept[row * dimension + k] = residual
      unsafe gradient[k] = Float(slope * own.scale * own.term.slope(value, squaredError: error))
    }
    return own.scale * sum
  }
}
