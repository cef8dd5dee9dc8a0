internal import Diffusion
internal import LinearAlgebra
internal import Networks

/// The score's part of a bound of −ln p of rows, by the draws of denoising score matching, and its gradient by the rows.
///
/// ```
/// integral(y) = ½ ∫ g²‖∇ln q(u_t|y) − s_θ(u_t)‖² dt,   u_t ~ q(u_t|y)
/// ```
/// One time and noise for each row estimate it without bias, whatever law of times and weight the network learns by: the loss of a
/// draw is taken to the likelihood's weight. For F of one block.
struct ScoreIntegral {
  private let model: ScoreModel
  private let score: DenoisingObjective

  /// The integral at the draws of an objective.
  init(_ model: ScoreModel, _ score: DenoisingObjective) { (self.model, self.score) = (model, score) }

  /// A row's estimate.
  func value(set: Int, row: Int, of pass: NetworkPass) -> Double {
    let (squares, draw) = score.squaredResidual(set: set, row: row, of: pass)
    return 0.5 * factor(draw, model.trainingCoefficients(at: draw.time)) * squares
  }

  /// What the squares of a draw's residuals are multiplied by, for an estimate of twice the integral.
  private func factor(_ draw: TimeSampler.Draw, _ own: TrainingCoefficients) -> Double {
    let asked = TrainingCoefficients(
      model.process, input: model.input, output: model.output, conditioning: model.conditioning, weight: .likelihood,
      at: draw.time)
    let gain = asked.outputGain(0) / own.outputGain(0)
    return score.times.measure(draw) * gain * gain / draw.weight
  }

  /// ∂/∂y of a row's estimate over `divisor`: through the network's input, and through what F is to predict.
  ///
  /// - Parameters:
  ///   - set: the set.
  ///   - row: its row.
  ///   - pass: the network's, after its gradients.
  ///   - inputGradient: what the network's loss says of its inputs, `[sets · rows, inputs]`; its factor is in the result.
  ///   - divisor: what the estimate is divided by.
  ///   - gradient: the result, as many numbers as y has.
  /// - Returns: the estimate.
  func writeGradient(
    set: Int, row: Int, of pass: NetworkPass, inputGradient: borrowing Matrix, over divisor: Double,
    into gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    let (squares, draw) = score.squaredResidual(set: set, row: row, of: pass)
    let c = model.trainingCoefficients(at: draw.time)
    let factor = factor(draw, c)
    // The network's gradient is that of the squares over the number of outputs.
    let ratio = 0.5 * factor * Double(model.scoreOutputs) / divisor
    let (n, target) = (model.dimension, c.target(0, 0) / c.outputGain(0))
    let own = unsafe inputGradient.pointer + (set * pass.rows + row) * inputGradient.columns
    let ofOutput = unsafe pass.outputGradient(set: set, row: row)
    for i in 0..<n {
      var sum = unsafe -target * Double(ofOutput[i])
      for block in 0..<c.inputBlocks { unsafe sum += c.input(block, 0) * Double(own[block * n + i]) }
      unsafe gradient[i] = Float(ratio * sum)
    }
    return 0.5 * factor * squares
  }
}
