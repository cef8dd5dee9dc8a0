import Testing

@testable import Files
@testable import Runs

@Suite struct DiagnosisTests {
  /// Two ranks on each of two sound hosts.
  private static let sound: [HostFacts] = (0..<4).map { rank in
    var facts = HostFacts()
    (facts.rank, facts.host) = (rank, rank < 2 ? "alpha" : "beta")
    (facts.cpu, facts.cores, facts.kernels) = ("a CPU", 4, "LIBXSMM")
    (facts.program, facts.messagePassing, facts.launcher) = ("commit 1", "Open MPI 4", "mpirun")
    (facts.memory, facts.disk, facts.sharedMemory, facts.hasGnuplot) = (8e9, 1e11, 1e9, true)
    if rank == 2 { (facts.latency, facts.bandwidth) = (3e-5, 1e9) }
    return facts
  }

  @Test("sound hosts have no findings, and the table has a line for each") func nothing() {
    let diagnosis = Diagnosis(Self.sound)
    #expect(diagnosis.findings.isEmpty && diagnosis.hosts.map(\.host) == ["alpha", "beta"])
    let lines = diagnosis.text(folder: "runs").split(separator: "\n")
    #expect(lines[1].hasPrefix("alpha  2      4 ") && lines[2].hasPrefix("beta   2      4 "))
    #expect(lines[2].contains("30.00 µs") && lines[2].contains("1000 MB/s") && lines.last == "nothing is wrong")
  }

  /// A fault put into the facts of one rank, and the beginning of what must be said of it.
  struct Fault: Sendable, CustomStringConvertible {
    let description: String
    let isGrave: Bool
    var rank = 3
    let plant: @Sendable (inout HostFacts) -> Void
  }

  static let faults = [
    Fault(description: "beta: does not see the folder", isGrave: true) { $0.seesFolder = false },
    Fault(description: "beta: the folder cannot be written", isGrave: true) { $0.writesFolder = false },
    Fault(description: "beta: several ranks could each create", isGrave: true) { $0.creators = 2 },
    Fault(description: "beta: less than 0.5 GB of free memory", isGrave: true, rank: 2) { $0.memory = 9e8 },
    Fault(description: "beta: no room where", isGrave: true, rank: 2) { $0.disk = 1e5 },
    Fault(description: "beta: less than 1 GB free", isGrave: false, rank: 2) { $0.disk = 1e8 },
    Fault(description: "beta: less than 16 MB of /dev/shm", isGrave: false, rank: 2) { $0.sharedMemory = 3e7 },
    Fault(description: "alpha: no gnuplot", isGrave: false, rank: 0) { $0.hasGnuplot = false },
    Fault(description: "beta: the clock differs", isGrave: false) { $0.clock = -3 },
    Fault(description: "beta: matrix products run by loops", isGrave: false, rank: 2) { $0.isSlow = true },
    Fault(description: "beta: more ranks than cores", isGrave: false, rank: 2) { $0.cores = 1 },
    Fault(description: "beta: less than 100 MB/s", isGrave: false, rank: 2) { $0.bandwidth = 1e7 },
    Fault(description: "beta: a small message to alpha", isGrave: false, rank: 2) { $0.latency = 2e-3 },
    Fault(description: "beta: another MPI or PMIx than on alpha", isGrave: true) { $0.messagePassing = "Open MPI 5" },
    Fault(description: "beta: another build of the program", isGrave: true) { $0.program = "commit 2" },
    Fault(description: "beta: the CPU lacks avx2", isGrave: true, rank: 2) { $0.lacks = "avx2" },
  ]

  @Test("each planted fault is found, alone, with what to do", arguments: faults) func planted(_ fault: Fault) throws {
    var ranks = Self.sound
    fault.plant(&ranks[fault.rank])
    let findings = Diagnosis(ranks).findings
    try #require(findings.count == 1, "\(findings)")
    #expect(findings[0].problem.hasPrefix(fault.description) && findings[0].isGrave == fault.isGrave, "\(findings)")
    #expect(findings[0].remedy.count > 20)
  }

  @Test("facts come through to the other ranks as they were") func roundTrip() throws {
    var facts = Self.sound[2]
    (facts.seesFolder, facts.clock, facts.lacks, facts.creators) = (false, -0.25, "avx2", 3)
    #expect(HostFacts(try #require(JSONValue(line: facts.json.description))) == facts)
  }
}
