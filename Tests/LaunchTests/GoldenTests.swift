import Foundation
import Testing

/// How a run may be started without any effect on its numbers.
struct Circumstances: CustomTestStringConvertible, Sendable {
  let name: String
  var ranks = 0
  var threads = 1
  var environment: [String: String] = [:]
  var testDescription: String { name }

  static let all = [
    Circumstances(name: "this machine"),
    Circumstances(name: "1 rank, AVX2", ranks: 1, environment: ["LIBXSMM_TARGET": "hsw"]),
    Circumstances(name: "2 ranks, AVX-512 where the CPU has it", ranks: 2, environment: ["LIBXSMM_TARGET": "skx"]),
    Circumstances(name: "3 ranks", ranks: 3),
    Circumstances(name: "2 threads", threads: 2),
    Circumstances(name: "2 ranks of 3 threads", ranks: 2, threads: 3),
    // No FMA by name: the program keeps to fused multiply-adds all the same.
    Circumstances(name: "an instruction set that LIBXSMM rounds otherwise for", environment: ["LIBXSMM_TARGET": "snb"]),
    Circumstances(name: "2 ranks, loops in place of LIBXSMM", ranks: 2, environment: ["LIBXSMM_TARGET": "generic"]),
    Circumstances(
      name: "a C library that uses neither AVX2 nor FMA",
      environment: ["GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F,-ERMS"]),
    Circumstances(name: "other environments", ranks: 2, environment: ["OMP_NUM_THREADS": "4", "LC_ALL": "C"]),
  ]
}

/// Hashes of the numbers that every CPU, every number of ranks and every build must find.
///
/// They are constants, so that a change of any bit is seen, on whatever machine it happens. Who changes the numbers on
/// purpose puts the new hashes here and says why.
private let golden = Golden(
  parameters: "088f2824fe14de95e7341a6ee4ae0f19", samples: "bcb3aa6e19acf171fd8c078a398f1fd6",
  distances: "c09ea8ac03b985c93902923f10039cf7")

struct Golden: Equatable {
  var parameters, samples, distances: String
}

/// Odd sizes, residual layers, exponentials, sines, powers, normals, a sort, eigenvalues and a classifier on the way.
private let experiment = """
  name: golden
  seed: 3
  data: {target: funnel, dimension: 7, count: 3000, held_out: 0.1}
  process: {kind: critically-damped-langevin, epsilon: 0.25, schedule: cosine}
  network: {widths: [100, 100, 41], embedding_features: 18, activation: silu, residual: true}
  training: {steps: 40, batch: 272, shards: 16, warmup_steps: 5, time_law: importance}
  sampling: {sampler: splitting, steps: 12, count: 300}
  evaluation: {directions: 40, repeats: 2, count: 300, pair_count: 100}

  """

extension LaunchTests {
  @Suite struct GoldenTests {
    @Test("parameters, samples and distances are, bit for bit, those of every other CPU", arguments: Circumstances.all)
    func everywhere(_ circumstances: Circumstances) throws {
      let workshop = try Workshop()
      try workshop.write(experiment, to: "golden.yaml")
      func run(_ program: String, _ words: [String]) throws -> Outcome {
        let outcome = try workshop.run(
          program, words + (circumstances.threads > 1 ? ["--threads", "\(circumstances.threads)"] : []),
          ranks: circumstances.ranks, environment: circumstances.environment)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome
      }
      let training = try run("sgm-train", ["golden.yaml", "--output", "run"])
      let judging = try run(
        "sgm-evaluate", ["run", "--json", "--metrics", "sliced-w2,w2,gaussian,mmd,energy,knn-kl,c2st,marginals,hill"])
      // Whoever runs by loops is told, once.
      let isSlow = circumstances.environment["LIBXSMM_TARGET"] == "generic"
      #expect(training.errors.components(separatedBy: "run by loops").count == (isSlow ? 2 : 1))
      let found = Golden(
        parameters: try workshop.digest(tensors("run/checkpoints/step-000000040.safetensors", in: workshop)),
        samples: try workshop.digest(workshop.bytes("run/samples/step-000000040.npy")),
        distances: try workshop.digest(Data(judging.output.utf8)))
      #expect(found == golden)
    }
  }
}

/// A safetensors file behind its header, which names versions: eight bytes of length, the header, the numbers.
private func tensors(_ name: String, in workshop: Workshop) throws -> Data {
  let file = try workshop.bytes(name)
  let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
  return file.dropFirst(8 + length)
}

extension Workshop {
  /// The first half of the SHA-256 of some bytes.
  fileprivate func digest(_ bytes: Data) throws -> String {
    try bytes.write(to: URL(fileURLWithPath: path + "/digest"))
    let outcome = try run("/usr/bin/sha256sum", ["digest"])
    return String(outcome.output.prefix(32))
  }
}
