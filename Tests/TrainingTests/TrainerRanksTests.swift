import Communication
import Diffusion
import LinearAlgebra
import Networks
import TestSupport
import Testing

@testable import Training

/// What several ranks make of one training, without mpirun: the ranks are threads.
@Suite struct TrainerRanksTests {
  private static let shards = 4

  /// A trainer of one rank: 4 shards of 100 rows, and three blocks of parameters to own.
  private static func trainer(
    _ communicator: Communicator, objective: TrainingObjective = .denoising, law: TimeLaw = .logUniform,
    widths: [Int] = [96, 96]
  ) -> Trainer {
    let tree = CanonicalTree(shards: shards)
    let assignment = ShardAssignment(rows: 100, shards: shards, seed: 1)
    let own = tree.range(rank: communicator.rank, of: communicator.size)
    let data = ShardedRows(assignment: assignment, shards: own, dimension: 3, seed: 1)
    let all = normals(100, 3, seed: 4)
    let first = assignment.positions(of: own).lowerBound
    for r in 0..<data.rows.rows { for k in 0..<3 { data.rows[r, k] = all[first + r, k] } }
    let model = ScoreModel(
      process: CriticallyDampedLangevin(epsilon: 0.25), dimension: 3, output: .posteriorMean, conditioning: .data,
      widths: widths, activation: .silu, residual: true, embedding: TimeEmbedding(kind: .sinusoidal, features: 4),
      seed: 1)
    var options = TrainingOptions()
    (options.batch, options.timeLaw, options.averages) = (64, law, [0.05, 0.1])
    (options.optimiser.warmupSteps, options.optimiser.weightDecay) = (2, 0.1)
    return Trainer(
      model: model, objective: objective, options: options, data: data, tree: tree, communicator: communicator, seed: 1)
  }

  private struct Outcome: Sendable {
    let reports: [Trainer.StepReport]
    let state: State
    let history: [Double]
  }

  private static func trained(
    ranks: Int, threads: Int = 1, steps: Int, objective: @escaping @Sendable () -> TrainingObjective = { .denoising },
    law: TimeLaw = .logUniform, widths: [Int] = [96, 96]
  ) throws -> [Outcome] {
    try onRanks(ranks, threads: threads) { communicator in
      let trainer = trainer(communicator, objective: objective(), law: law, widths: widths)
      let reports = try (0..<steps).map { _ in try trainer.takeStep() }
      return Outcome(reports: reports, state: try State(trainer), history: try trainer.gatherState().timeHistory)
    }
  }

  @Test("training has the same bits on 1 to 4 ranks, reports and learned times included", arguments: [2, 3, 4])
  func sameBits(ranks: Int) throws {
    // 20 steps are enough for every cell of the history to be known and to change the times.
    let alone = try Self.trained(ranks: 1, steps: 20, law: .importance)[0]
    for other in try Self.trained(ranks: ranks, steps: 20, law: .importance) {
      #expect(other.reports == alone.reports)
      #expect(other.state == alone.state)
      #expect(other.history == alone.history && alone.history.contains { $0 > 10 })
    }
  }

  @Test(
    "and on ranks of several threads, of which some may have no shard",
    arguments: [(1, 2), (1, 3), (1, 4), (1, 6), (2, 2), (3, 2)])
  func threads(ranks: Int, threads: Int) throws {
    let alone = try Self.trained(ranks: 1, steps: 20, law: .importance)[0]
    for other in try Self.trained(ranks: ranks, threads: threads, steps: 20, law: .importance) {
      #expect(other.reports == alone.reports && other.state == alone.state && other.history == alone.history)
    }
    #expect(Set(alone.state.averages).count > alone.state.parameters.count)
  }

  @Test("and where layers' gradients set out one after another", arguments: [(2, 1), (4, 1), (2, 2), (3, 1)])
  func pieces(ranks: Int, threads: Int) throws {
    // 256 × 256 weights and biases are a piece: there are three.
    let widths = [256, 256, 256]
    let alone = try Self.trained(ranks: 1, steps: 3, widths: widths)[0]
    for other in try Self.trained(ranks: ranks, threads: threads, steps: 3, widths: widths) {
      #expect(other.reports == alone.reports && other.state == alone.state)
    }
    let layout = Self.trainer(.single, widths: widths).layout
    let pieces = layout.pieces(least: Trainer.leastPiece).network
    #expect(pieces.count == 3)
    #expect(pieces.reversed().flatMap { Array($0) } == Array(0..<layout.count))
  }

  @Test("so has training on an objective that differentiates the score", arguments: [2, 3])
  func slicedBits(ranks: Int) throws {
    let kind: @Sendable () -> TrainingObjective = { .sliced(probes: 1, simulationSteps: 2) }
    let alone = try Self.trained(ranks: 1, steps: 3, objective: kind)[0]
    for threads in 1...2 {
      for other in try Self.trained(ranks: ranks, threads: threads, steps: 3, objective: kind) {
        #expect(other.reports == alone.reports && other.state == alone.state)
      }
    }
  }

  @Test("a state taken on three ranks goes on on two as if nothing had happened") func restart() throws {
    let whole = try Self.trained(ranks: 1, steps: 8)[0].state
    let taken = try onRanks(3) { communicator in
      let trainer = Self.trainer(communicator)
      for _ in 0..<5 { _ = try trainer.takeStep() }
      let state = try trainer.gatherState()
      return (
        parameters: array(state.parameters), average: array(state.average), step: state.step, state: try State(trainer)
      )
    }
    let ends = try onRanks(2) { communicator in
      let trainer = Self.trainer(communicator)
      var state = TrainerState(count: trainer.parameterCount, averages: 2, step: taken[1].step)
      for i in 0..<trainer.parameterCount {
        (state.parameters[0, i], state.average[0, i]) = (taken[1].state.parameters[i], taken[1].state.average[i])
        (state.first[0, i], state.second[0, i]) = (taken[1].state.first[i], taken[1].state.second[i])
        for k in 0..<2 { state.averages[k, i] = taken[1].state.averages[k * trainer.parameterCount + i] }
      }
      trainer.restore(state)
      for _ in 0..<3 { _ = try trainer.takeStep() }
      // The average that a checkpoint takes is the one that the state has.
      #expect(array(try trainer.gatherAverage()) == (try State(trainer)).average)
      return try State(trainer)
    }
    #expect(taken[1].average != taken[1].parameters)
    for end in ends { #expect(end == whole) }
  }

  @Test("wishes and a loss that is no number reach every rank, whoever has them", arguments: [0, 1, 2])
  func flags(rank: Int) throws {
    let reports = try onRanks(3) { communicator in
      let trainer = Self.trainer(communicator)
      let before = try trainer.takeStep(
        wishes: communicator.rank == rank ? .stop : communicator.rank == 2 ? .checkpoint : [])
      // Shard r is rank r's, for 3 ranks of 4 shards.
      trainer.injected = .notFinite(shard: rank, step: 2)
      let state = try State(trainer)
      let broken = try trainer.takeStep()
      #expect(try State(trainer) == state)
      return [before, broken]
    }
    for report in reports {
      #expect(report[0].wishes == (rank == 2 ? .stop : [.stop, .checkpoint]))
      #expect(report[0].fault == nil && report[0].step == 1)
      #expect(report[1].wishes.isEmpty && report[1].fault == .notFinite && report[1].step == 1)
    }
  }

  @Test("an audit names the rank whose copy of the parameters has a flipped bit", arguments: [0, 1, 2])
  func parameters(rank: Int) throws {
    let errors = try onRanks(3) { communicator -> AuditError? in
      let trainer = Self.trainer(communicator)
      try trainer.auditParameters()
      trainer.injected = .parameters(rank: rank, step: 1)
      _ = try trainer.takeStep()
      do { try trainer.auditParameters() } catch { return error as? AuditError }
      return nil
    }
    for error in errors {
      #expect(error?.suspects == [rank] && error?.isDecided == true && error?.step == 1)
      // A rank's fault is in the slice of the next.
      guard case .parameters(let owner)? = error?.subject else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(owner == (rank + 1) % 3)
    }
  }

  @Test("an audit names the rank whose gradients have a flipped bit, in any of its shards", arguments: [0, 1, 2])
  func gradients(rank: Int) throws {
    for number in 0..<2 {
      let errors = try onRanks(3) { communicator -> AuditError? in
        let trainer = Self.trainer(communicator)
        trainer.injected = .gradient(rank: rank, step: 1)
        do { _ = try trainer.takeStep(audit: number) } catch { return error as? AuditError }
        return nil
      }
      for error in errors {
        #expect(error?.suspects == [rank] && error?.isDecided == true && error?.step == 1)
        guard case .gradient(let shard, _, _)? = error?.subject else {
          Issue.record("\(String(describing: error))")
          continue
        }
        // Either the rank's own shard came out wrong, or its check of the rank before it. Rank 2 has shards 2 and 3.
        let own = rank == 2 ? 2 + number : rank
        let checked = rank == 0 ? 2 + number : rank - 1
        #expect([own, checked].contains(shard), "\(shard)")
      }
    }
  }

  @Test("threads are watched, audited and checked as one thread is, and an observer sees every shard once")
  func watchedThreads() throws {
    let plain = try Self.trained(ranks: 1, steps: 4)[0].state
    final class Seen: GradientObserver {
      var places: [[Int]] = []
      func observe(shard: Int, layer: Int, gradient: Span<Float>) { places.append([shard, layer]) }
    }
    let found = try onRanks(1, threads: 3) { communicator in
      let trainer = Self.trainer(communicator)
      let seen = Seen()
      for number in 0..<4 {
        trainer.observer = number == 2 ? seen : nil
        _ = try trainer.takeStep(audit: number)
      }
      let state = try State(trainer)
      trainer.rehearseStep()
      let sizes = (0..<Self.shards).map { trainer.activationSizes(ofShard: $0) }
      let losses = (0..<Self.shards).map { trainer.loss(ofShard: $0) }
      let check = trainer.checkGradient()
      return (state: state, places: seen.places, sizes: sizes, losses: losses, check: check)
    }[0]
    let alone = try onRanks(1) { communicator in
      let trainer = Self.trainer(communicator)
      for _ in 0..<4 { _ = try trainer.takeStep() }
      trainer.rehearseStep()
      return (
        sizes: (0..<Self.shards).map { trainer.activationSizes(ofShard: $0) },
        losses: (0..<Self.shards).map { trainer.loss(ofShard: $0) }
      )
    }[0]
    #expect(found.state == plain)
    #expect(Set(found.places).count == 3 * Self.shards && found.places.count == 3 * Self.shards)
    #expect(found.sizes == alone.sizes && found.losses == alone.losses)
    #expect(found.check.contradiction == nil)
  }

  @Test("an audit of sound ranks finds nothing and changes no bit") func soundAudit() throws {
    let plain = try Self.trained(ranks: 3, steps: 4)[0].state
    let audited = try onRanks(3) { communicator in
      let trainer = Self.trainer(communicator)
      for number in 0..<4 {
        _ = try trainer.takeStep(audit: number)
        try trainer.auditParameters()
      }
      return try State(trainer)
    }
    for state in audited { #expect(state == plain) }
  }

  @Test("the held-out loss has the same bits on any number of ranks", arguments: [2, 3, 5]) func heldOut(ranks: Int)
    throws
  {
    @Sendable func loss(_ communicator: Communicator) throws -> Double {
      let model = tinyModel(.posteriorMean, .data)
      return try HeldOutLoss(
        model: model, minimumTime: 1e-2, law: .uniform, rows: normals(1000, 3, seed: 4), seed: 7,
        communicator: communicator
      ).evaluate(normals(1, ParameterLayout(model.network).count, seed: 2, scale: 0.4))
    }
    let alone = try loss(.single)
    for threads in [1, 3] { for other in try onRanks(ranks, threads: threads, loss) { #expect(other == alone) } }
    #expect(try loss(.single.with(threads: 2)) == alone)
  }
}
