import Communication
import Diffusion
import LinearAlgebra
import Testing

@testable import Training

@Suite struct GuardingTests {
  private func trainer() -> Trainer {
    var options = TrainingOptions()
    (options.batch, options.optimiser.warmupSteps) = (64, 0)
    return Trainer(
      model: tinyModel(.noise, .state), options: options, data: StepTests().rowsOfShards(4, dimension: 3),
      tree: CanonicalTree(shards: 4), communicator: .single, seed: 1)
  }

  @Test("a loss is a fault where it is not finite, or far above the highest average")
  func faults() {
    var guarding = Guarding()
    #expect(guarding.fault(loss: 1e9, squares: 1, divergence: 10) == nil)
    for loss in [2.0, 1, 1] { guarding.note(loss: loss) }
    #expect(guarding.peakLoss == 2)
    // 2, then a hundredth of the way to 1, twice.
    #expect(abs((guarding.averageLoss ?? 0) - 1.9801) < 1e-15)  // rounding
    #expect(guarding.fault(loss: 21, squares: 1, divergence: 10) == .diverging)
    #expect(guarding.fault(loss: 19, squares: 1, divergence: 10) == nil)
    #expect(guarding.fault(loss: 1e300, squares: 1, divergence: 0) == nil)
    #expect(guarding.fault(loss: .nan, squares: 1, divergence: 0) == .notFinite)
    #expect(guarding.fault(loss: 1, squares: .infinity, divergence: 0) == .notFinite)
  }

  @Test("a skipped step changes the step alone; a rollback goes on from the old numbers at a lower rate")
  func skipAndRollBack() throws {
    let trainer = trainer()
    for _ in 0..<3 { _ = try trainer.takeStep() }
    let origin = try trainer.gatherState()
    let before = try State(trainer)
    trainer.skipStep()
    #expect(trainer.step == 4 && trainer.guarding.skipped == 1)
    #expect(try State(trainer) == before)
    let rate = try trainer.takeStep().learningRate
    trainer.rollBack(to: origin, factor: 0.5)
    #expect(trainer.step == 3 && trainer.guarding.rollbacks == 1)
    #expect(trainer.guarding.averageLoss == origin.guarding.averageLoss)
    #expect(trainer.guarding.peakLoss == origin.guarding.peakLoss)
    #expect(try State(trainer) == before)
    // Step 4's rate is a little above step 5's, which was taken.
    #expect(try trainer.takeStep().learningRate < 0.51 * rate)
    let slow = try State(trainer)
    trainer.rollBack(to: origin, factor: 2)
    _ = try trainer.takeStep()
    let usual = try State(trainer)
    // The same step at half the rate moves each parameter half as far, but for a few roundings of parameters below 1.
    for (k, old) in before.parameters.enumerated() {
      #expect(abs(slow.parameters[k] - old - 0.5 * (usual.parameters[k] - old)) < 5e-7)
    }
    #expect(usual.parameters != slow.parameters)
  }

  @Test("an audited step takes the same bits, and finds a gradient that comes out differently the second time")
  func audit() throws {
    let (plain, audited) = (trainer(), trainer())
    for number in 0..<5 {
      _ = try plain.takeStep()
      _ = try audited.takeStep(audit: number)
    }
    #expect(try State(plain) == State(audited))
    #expect(audited.auditedSet(audit: 6) == 2)
    #expect {
      try audited.auditGradient(1, digest: 1)
    } throws: { error in
      guard let error = error as? AuditError else { return false }
      return error.subject == .gradient(shard: 1, rank: 0, checkedBy: 0) && error.suspects == [0] && error.isDecided
    }
  }

  @Test("every flipped bit changes a digest, and odd counts are read to their end")
  func digests() {
    var numbers: [Float] = [1, -2, 3.5, 0, 7]
    func digest() -> UInt64 {
      var digest = Digest()
      unsafe digest.update(numbers, count: numbers.count)
      return digest.value
    }
    let whole = digest()
    var seen: Set<UInt64> = [whole]
    for i in numbers.indices {
      for bit in 0..<32 as Range<UInt32> {
        numbers[i] = Float(bitPattern: numbers[i].bitPattern ^ 1 << bit)
        seen.insert(digest())
        numbers[i] = Float(bitPattern: numbers[i].bitPattern ^ 1 << bit)
      }
    }
    #expect(digest() == whole && seen.count == 5 * 32 + 1)
    #expect([UInt64](bytes: [whole, 5].bytes) == [whole, 5])
  }

  @Test("a majority names who differs; without one, all who voted are named")
  func ballots() {
    var ballot = Ballot()
    for (rank, value) in [(1, 9), (2, 7), (0, 7), (1, 9), (2, 7)] as [(Int, UInt64)] { ballot.add(value, by: rank) }
    #expect(ballot.verdict.suspects == [1] && ballot.verdict.isDecided)
    var tie = Ballot()
    tie.add(1, by: 0)
    tie.add(2, by: 1)
    #expect(tie.verdict.suspects == [0, 1] && !tie.verdict.isDecided)
  }
}
