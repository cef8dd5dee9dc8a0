internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Targets

/// Samples given observations or fixed coordinates, and what is to be said of them.
struct GivenSamples {
  let experiment: Experiment
  let observations: Observations
  let data: DataSet.Description
  let communicator: Communicator
  /// Called with the number of a chunk before it is drawn.
  let prepare: (Int) -> Void

  /// The fewest steps of particles, unless fewer are asked for: ancestral steps are of order 1.
  static let fewestSteps = 250

  /// Draws by particles into a file; its text says how many of them counted.
  func drawParticles(
    _ score: some DifferentiableScore, _ steps: (grid: TimeGrid, steps: Int), count: Int, to file: String,
    trajectory: Trajectory?, progress: (Double) -> Void
  ) throws -> String {
    var score = score
    let process = score.process
    let (sampling, seed) = (experiment.sampling, experiment.sampling.seed ?? experiment.seed)
    let times = steps.grid.times(steps: steps.steps, of: process, to: sampling.finalTime)
    let draws = try draws(&score)
    var generator = ParticleGenerator(
      process: process, dimension: data.dimension, times: times, denoises: sampling.denoise, seed: seed,
      given: observations, draws: draws, derivativeError: score.derivativeError,
      start: sampling.start.covariance(of: process))
    let limits = draws.plausible(given: observations)
    var record = ParticleRecord()
    let (seconds, _) = try SampleWriter(communicator: communicator, description: data).write(
      count: count, to: file, progress: progress
    ) { (chunk: Int, _: Int, samples: inout Matrix) in
      prepare(chunk)
      let keep = chunk == 0 ? trajectory : nil
      let outcome = generator.generate(chunk: chunk, score: &score, into: &samples) { keep?.append($0, $1) }
      record.add(outcome)
      let wanted = min(samples.rows, count - chunk * samples.rows)
      try samples.checkPlausible(limits, wanted: wanted, firstIndex: chunk * samples.rows, data, file)
    }
    record.held = generator.heldShare
    return
      "\(counted(count, "sample")) by particles, \(generator.evaluationsPerSample) evaluations each, "
      + "in \(duration(seconds)): \(file)\n" + (try record.over(communicator)).text
  }

  /// Draws of the score itself, which say what it holds possible.
  func draws(_ score: inout some DifferentiableScore) throws -> DataDraws {
    prepare(0)
    let draws = DataDraws.drawn(from: &score, seed: experiment.sampling.seed ?? experiment.seed)
    return try communicator.agree {
      guard draws.isFinite else {
        throw ToolError.usage(
          "the score gives no finite samples even without observations: train longer, or with a smaller learning rate")
      }
      return draws
    }
  }
}

extension Matrix {
  /// Refuses samples that nothing but a failed score explains.
  func checkPlausible(
    _ limits: [ClosedRange<Double>], wanted: Int, firstIndex: Int, _ data: DataSet.Description, _ file: String
  ) throws {
    for row in 0..<min(wanted, rows) {
      for (k, range) in limits.enumerated() where !range.contains(Double(self[row, k])) {
        throw ToolError.data(
          Place(file),
          "sample \(firstIndex + row) has \(short(data.original(Double(self[row, k]), k))) in column \(k), outside of "
            + "\(short(data.original(range.lowerBound, k))) to \(short(data.original(range.upperBound, k))), ten times what the "
            + "data and the observations explain: check the observations' values and units, give them a larger standard "
            + "deviation, take more sampling.steps, or train longer")
      }
    }
  }
}

/// What became of all particles.
struct ParticleRecord {
  var chunks = 0
  var resamplings = 0
  var smallestEffective = Double(Generator.rows)
  var distinct = Generator.rows
  var held = 0.0

  mutating func add(_ outcome: ParticleGenerator.Outcome) {
    chunks += 1
    resamplings += outcome.resamplings
    smallestEffective = min(smallestEffective, outcome.smallestEffective)
    distinct = min(distinct, outcome.distinct)
  }

  /// Of all ranks, on every rank.
  func over(_ communicator: Communicator) throws -> ParticleRecord {
    let all = try communicator.allGather(
      [Double(chunks), Double(resamplings), smallestEffective, Double(distinct), held * Double(chunks)])
    var sum = ParticleRecord()
    for first in stride(from: 0, to: all.count, by: 5) {
      sum.chunks += Int(all[first])
      sum.resamplings += Int(all[first + 1])
      sum.smallestEffective = min(sum.smallestEffective, all[first + 2])
      sum.distinct = min(sum.distinct, Int(all[first + 3]))
      sum.held += all[first + 4]
    }
    sum.held /= Double(max(sum.chunks, 1))
    return sum
  }

  /// One line, and one for each thing that is to be doubted.
  var text: String {
    let each = Double(resamplings) / Double(max(chunks, 1))
    var lines = [
      "of each 256 particles at least \(Int(smallestEffective.rounded())) counted and \(distinct) are different; "
        + "they were resampled \(short(each)) times on average"
    ]
    if smallestEffective < 10 {
      lines.append(
        "warning: at some time fewer than 10 of 256 particles counted: modes may be missing and weights are rough; "
          + "give observations a larger standard deviation, or take more samples")
    }
    if held > 0.1 { lines.append(heldWarning(held)) }
    return lines.joined(separator: "\n")
  }
}

/// What is said where the covariance that a score's derivative gives had to be held often.
func heldWarning(_ share: Double) -> String {
  "warning: the network's derivative gave a covariance that no data has at \(Int((100 * share).rounded())) % of its "
    + "evaluations, and was held to what the data allows; a longer training makes it more reliable"
}
