internal import CMachine
internal import Communication
internal import Files
internal import Foundation
internal import LinearAlgebra

/// What one rank finds on its host.
struct HostFacts: Equatable {
  var rank = 0
  var host = ""
  /// The CPU's name, and how many of them the host has.
  var cpu = ""
  var cores = 1
  /// What the program was built for and the CPU lacks; empty where it lacks nothing.
  var lacks = ""
  /// How matrix products run, and whether by loops.
  var kernels = ""
  var isSlow = false
  var program = ""
  var messagePassing = ""
  var launcher = ""
  /// Bytes that programs may still take, of memory, of the folder's disk and of /dev/shm.
  var memory = 0.0
  var disk = 0.0
  var sharedMemory = 0.0
  var hasGnuplot = false
  /// Whether the rank sees what rank 0 has made in the folder, and may write there.
  var seesFolder = true
  var writesFolder = true
  /// How many ranks could create one and the same file, each as its first.
  var creators = 1
  /// Seconds by which the clock is ahead of rank 0's.
  var clock = 0.0
  /// Seconds of a small message there and back, and bytes a second of large ones, to rank 0; 0 where not measured.
  var latency = 0.0
  var bandwidth = 0.0

  /// What this rank finds by itself.
  static func local(folder: String, rank: Int) -> HostFacts {
    var facts = HostFacts()
    (facts.rank, facts.host) = (rank, hostName())
    let environment = ProcessInfo.processInfo.environment
    facts.cpu = line(of: "model name", in: "/proc/cpuinfo") ?? "unknown"
    facts.cores = max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1)
    facts.lacks = unsafe sgm_missing_cpu_feature().map { unsafe String(cString: $0) } ?? ""
    (facts.kernels, facts.isSlow) = (MatrixProduct.engine, !MatrixProduct.isJustInTime)
    facts.program = unsafe "commit " + String(cString: sgm_commit())
    facts.messagePassing = messagePassingVersion() + pmix(environment)
    facts.launcher = launcher(environment)
    let available = line(of: "MemAvailable", in: "/proc/meminfo").flatMap { Double($0.split(separator: " ")[0]) }
    facts.memory = min((available ?? .infinity) * 1024, machineMemory())
    (facts.disk, facts.sharedMemory) = (free(folder), free("/dev/shm"))
    facts.hasGnuplot = (environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: $0 + "/gnuplot")
    }
    return facts
  }

  private static func line(of name: String, in file: String) -> String? {
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let colon = line.firstIndex(of: ":")
    else { return nil }
    return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
  }

  /// Bytes that a user may still write; 0 where there is no such folder.
  private static func free(_ folder: String) -> Double {
    var status = statvfs()
    guard unsafe statvfs(folder, &status) == 0 else { return 0 }
    return Double(status.f_bavail) * Double(status.f_frsize)
  }

  private static func pmix(_ environment: [String: String]) -> String {
    if let version = environment["PMIX_VERSION"] { return ", PMIx \(version)" }
    // Earlier ones tell it by the names of their addresses: PMIX_SERVER_URI41 of 4.1.
    let digits = environment.keys.filter { $0.hasPrefix("PMIX_SERVER_URI") }.map { $0.dropFirst(15) }.max() ?? ""
    return digits.isEmpty ? "" : ", PMIx " + digits.map(String.init).joined(separator: ".")
  }

  private static func launcher(_ environment: [String: String]) -> String {
    let by =
      if environment["PMIX_NAMESPACE"]?.hasPrefix("slurm") ?? false {
        "srun"
      } else if environment["OMPI_COMM_WORLD_SIZE"] != nil || environment["PMIX_RANK"] != nil {
        "mpirun"
      } else {
        "hand, one process"
      }
    let jobs = [("SLURM_JOB_ID", "Slurm"), ("PBS_JOBID", "PBS"), ("LSB_JOBID", "LSF")]
    let job = jobs.first { environment[$0.0] != nil }.map { " in a job of \($0.1)" } ?? ""
    return by + job
  }
}

extension HostFacts {
  private static var texts: [(String, WritableKeyPath<HostFacts, String>)] {
    [
      ("host", \.host), ("cpu", \.cpu), ("lacks", \.lacks), ("kernels", \.kernels), ("program", \.program),
      ("mpi", \.messagePassing), ("launcher", \.launcher),
    ]
  }
  private static var numbers: [(String, WritableKeyPath<HostFacts, Double>)] {
    [
      ("memory", \.memory), ("disk", \.disk), ("shm", \.sharedMemory), ("clock", \.clock), ("latency", \.latency),
      ("bandwidth", \.bandwidth),
    ]
  }
  private static var wholes: [(String, WritableKeyPath<HostFacts, Int>)] {
    [
      ("rank", \.rank), ("cores", \.cores), ("creators", \.creators),
    ]
  }
  private static var truths: [(String, WritableKeyPath<HostFacts, Bool>)] {
    [
      ("loops", \.isSlow), ("gnuplot", \.hasGnuplot), ("sees_folder", \.seesFolder), ("writes_folder", \.writesFolder),
    ]
  }

  /// As a JSON object, for the other ranks.
  var json: JSONValue {
    .object(
      Self.texts.map { .init($0.0, .string(self[keyPath: $0.1])) }
        + Self.numbers.map { .init($0.0, .real(self[keyPath: $0.1])) }
        + Self.wholes.map { .init($0.0, .integer(self[keyPath: $0.1])) }
        + Self.truths.map { .init($0.0, .boolean(self[keyPath: $0.1])) })
  }

  init?(_ json: JSONValue) {
    for (name, path) in Self.texts { if case .string(let text)? = json[name] { self[keyPath: path] = text } }
    for (name, path) in Self.numbers { self[keyPath: path] = json[name]?.number ?? 0 }
    for (name, path) in Self.wholes { if case .integer(let number)? = json[name] { self[keyPath: path] = number } }
    for (name, path) in Self.truths { if case .boolean(let truth)? = json[name] { self[keyPath: path] = truth } }
  }
}
