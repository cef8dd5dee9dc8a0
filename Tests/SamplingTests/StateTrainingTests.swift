import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import Sampling
import Testing
import Training

/// From rows to samples: a network that learned a law of two columns of 8 levels, beside the law itself.
@Suite struct StateTrainingTests {
  private static let levels = 8

  /// p(a, b), in the order 8a + b: b is mostly near 3a mod 8.
  private static let law: [Double] = {
    let weights = (0..<64).map { cell -> Double in
      let (a, b) = (cell / 8, cell % 8)
      let away = Double(b - 3 * a % 8)
      return 0.02 + (2 + cos(Double.pi * Double(a) / 2)) * exp(-away * away / 1.6)
    }
    return weights.map { $0 / weights.reduce(0, +) }
  }()

  /// Exact draws, and their distance from the law.
  private static func draws(_ count: Int, seed: UInt64) -> (cells: [Int], distance: Double) {
    let stream = RandomStream(seed: seed, purpose: .targetDraw)
    let cells = (0..<count).map { index -> Int in
      var sequence = stream.row(UInt64(index))
      var rest = sequence.nextUniform()
      return law.firstIndex {
        rest -= $0
        return rest < 0
      } ?? 63
    }
    return (cells, distance(cells))
  }

  /// Total variation between the shares of cells and the law.
  private static func distance(_ cells: [Int]) -> Double {
    var shares = [Double](repeating: 0, count: 64)
    for cell in cells { shares[cell] += 1 / Double(cells.count) }
    return zip(shares, law).reduce(0) { $0 + 0.5 * abs($1.0 - $1.1) }
  }

  @Test(
    "a trained network's samples are nearly at the floor",
    arguments: zip(DiscreteProcessKind.allCases, [ReverseForm.posterior, .joint, .posterior])
  )
  func distance(kind: DiscreteProcessKind, form: ReverseForm) throws {
    let rows = Self.draws(16_384, seed: 1).cells
    var network = NetworkOptions()
    (network.widths, network.embeddingFeatures, network.reverseForm) = ([64, 64], 16, form)
    let process = DiscreteProcess(kind, levels: Self.levels, steps: 50, noise: (0.002, 0.4))
    let model = StateModel(process: process, dimension: 2, network: network, crossEntropy: 0.001, seed: 1)
    let data = ShardedRows(
      assignment: ShardAssignment(rows: rows.count, shards: 1, seed: 1), shards: 0..<1, dimension: 2, seed: 1)
    for (r, cell) in rows.enumerated() { (data.rows[r, 0], data.rows[r, 1]) = (Float(cell / 8), Float(cell % 8)) }
    var options = TrainingOptions()
    (options.batch, options.timeLaw) = (256, .uniform)
    (options.optimiser.steps, options.optimiser.learningRate, options.optimiser.warmupSteps) = (2000, 4e-3, 50)
    options.optimiser.emaDecay = 0.99
    let trainer = Trainer(
      .states(model), options: options, data: data, tree: CanonicalTree(shards: 1), communicator: .single, seed: 1)
    for _ in 0..<2000 { _ = try trainer.takeStep() }
    var denoiser = NetworkDenoiser(model: model, parameters: try trainer.gatherAverage())
    var generator = StateGenerator(
      process: process, dimension: 2, times: StateGenerator.times(50, of: process), form: form, takesMode: false,
      seed: 2)
    var cells: [Int] = []
    var chunk = Matrix(rows: 256, columns: 2)
    for number in 0..<32 {
      generator.generate(chunk: number, denoiser: &denoiser, into: &chunk)
      for r in 0..<256 { cells.append(8 * Int(chunk[r, 0]) + Int(chunk[r, 1])) }
    }
    let (found, floor) = (Self.distance(cells), Self.draws(8192, seed: 9).distance)
    // Columns drawn independently from their own laws are 0.56 away; columns independent in single steps add 0.02.
    #expect(floor < 0.04 && found < 0.07, "\(kind.rawValue), \(form.rawValue): \(found), floor \(floor)")
  }
}
