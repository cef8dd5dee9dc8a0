internal import Files
internal import Foundation

/// What is wrong with the hosts of a job, and what to do about it.
struct Diagnosis {
  /// One fault.
  struct Finding: Equatable {
    /// Whether runs fail or lose their promise by it; others only cost time or comfort.
    var isGrave: Bool
    var problem: String
    var remedy: String
  }

  private(set) var findings: [Finding] = []
  private let ranks: [HostFacts]
  private let threads: Int
  /// The first rank of each host.
  let hosts: [HostFacts]

  /// - Parameters:
  ///   - ranks: what each rank found, in their order.
  ///   - threads: the threads of each.
  init(_ ranks: [HostFacts], threads: Int = 1) {
    (self.ranks, self.threads) = (ranks, threads)
    var hosts: [HostFacts] = []
    for facts in ranks where !hosts.contains(where: { $0.host == facts.host }) {
      let measured = ranks.first { $0.host == facts.host && $0.latency > 0 }
      hosts.append(facts)
      hosts[hosts.count - 1].latency = measured?.latency ?? 0
      hosts[hosts.count - 1].bandwidth = measured?.bandwidth ?? 0
    }
    self.hosts = hosts
    findPrograms()
    findFiles()
    findRoom()
    findSpeed()
  }

  /// Ranks on a host.
  func count(on host: HostFacts) -> Int { ranks.filter { $0.host == host.host }.count }

  private mutating func add(_ found: [HostFacts], grave: Bool = false, _ problem: String, _ remedy: String) {
    guard !found.isEmpty else { return }
    var names: [String] = []
    for host in found where !names.contains(host.host) { names.append(host.host) }
    let places = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    findings.append(Finding(isGrave: grave, problem: "\(places): \(problem)", remedy: remedy))
  }

  private mutating func findPrograms() {
    guard let root = ranks.first else { return }
    for host in hosts where !host.lacks.isEmpty {
      add(
        [host], grave: true, "the CPU lacks \(host.lacks), for which the program was built",
        "leave the host out, or build the program with SGM_MARCH=x86-64")
    }
    add(
      ranks.filter { $0.program != root.program }, grave: true, "another build of the program than on \(root.host)",
      "install one build where all hosts see it")
    add(
      ranks.filter { $0.messagePassing != root.messagePassing }, grave: true,
      "another MPI or PMIx than on \(root.host), which has \(root.messagePassing)",
      "load the same module, or install the same packages, on all hosts")
    add(
      hosts.filter(\.isSlow), "matrix products run by loops, ten times slower, with the same bits",
      "allow programs executable memory (SELinux: deny_execmem off), and unset LIBXSMM_TARGET")
    if ranks.count == 1, root.launcher.hasPrefix("hand") {
      add([root], "one process alone was looked at", "start it as the run will be: mpirun -np N sgm-train --doctor")
    }
  }

  private mutating func findFiles() {
    add(
      ranks.filter { !$0.seesFolder }, grave: true, "does not see the folder that rank 0 sees",
      "put the run's folder on a file system that all hosts share, at the same path, and name it by --output")
    add(
      ranks.filter { $0.seesFolder && !$0.writesFolder }, grave: true, "the folder cannot be written",
      "choose another by --output, or mount it for writing with your user's number on every host")
    add(
      ranks.filter { $0.creators != 1 }.prefix(1).map(\.self), grave: true,
      "several ranks could each create the same new file, so two jobs could write one run",
      "use a file system that keeps O_EXCL: NFS 3 or later, Lustre, BeeGFS, CephFS")
    if let root = ranks.first, !root.hasGnuplot {
      add(
        [root], "no gnuplot on the host of rank 0: reports have no pictures",
        "install gnuplot-nox there, or load its module")
    }
  }

  private mutating func findRoom() {
    add(
      hosts.filter { $0.memory < 5e8 * Double(count(on: $0)) }, grave: true,
      "less than 0.5 GB of free memory a rank", "start fewer ranks there, ask for more memory, or end what takes it")
    add(
      hosts.filter { $0.seesFolder && $0.disk < 1e6 }, grave: true, "no room where the run's folder is",
      "make room, or choose another folder by --output")
    add(
      hosts.filter { $0.seesFolder && $0.disk >= 1e6 && $0.disk < 1e9 },
      "less than 1 GB free where the run's folder is",
      "make room, or choose another folder by --output; checkpoints.keep_last says how many stay")
    add(
      hosts.filter { $0.sharedMemory < 1.6e7 * Double(count(on: $0)) },
      "less than 16 MB of /dev/shm a rank, by which ranks on one host talk",
      "enlarge it (docker run --shm-size 1g, Kubernetes: an emptyDir of medium Memory), or start mpirun with --mca btl ^vader"
    )
    add(
      hosts.filter { count(on: $0) * threads > $0.cores },
      "more ranks\(threads > 1 ? " of \(threads) threads" : "") than cores, so each waits for the others",
      threads > 1 ? "start at most as many ranks times threads as cores" : "start at most as many ranks as cores")
  }

  private mutating func findSpeed() {
    guard let root = ranks.first else { return }
    add(
      ranks.filter { abs($0.clock) > 2 }, "the clock differs by more than 2 s from that of \(root.host)",
      "set it by NTP or chrony; times in logs and the names of silent ranks may mislead until then")
    add(
      ranks.filter { $0.latency > 5e-4 }, "a small message to \(root.host) and back takes more than 0.5 ms",
      "choose the fast network: --mca btl_tcp_if_include eth1 (its name by ip addr), and bind no two ranks to one core")
    add(
      ranks.filter { $0.bandwidth > 0 && $0.bandwidth < 1e8 }, "less than 100 MB/s to \(root.host)",
      "choose the fast network: --mca btl_tcp_if_include eth1; a step moves 4 bytes a parameter and rank each way")
  }
}
