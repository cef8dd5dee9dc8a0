internal import Foundation

/// Bytes of memory and swap that this process may have: the machine's, or its container's where that is less.
func machineMemory() -> Double {
  func number(_ file: String) -> Double? {
    (try? String(contentsOfFile: file, encoding: .utf8)).flatMap {
      Double($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
  let lines = ((try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? "").split(separator: "\n")
  let totals = ["MemTotal:", "SwapTotal:"].map { name -> Double in
    let words = lines.first { $0.hasPrefix(name) }?.split(separator: " ") ?? []
    return (words.count > 1 ? Double(words[1]) ?? 0 : 0) * 1024
  }
  let machine = totals[0] > 0 ? totals[0] + totals[1] : .infinity
  // Version 2 and version 1 of control groups, as a container sees its own.
  let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap(number)
  return limits.reduce(machine, min)
}

/// Ranks on this machine, as mpirun says.
func ranksOnThisMachine() -> Int {
  max(ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) } ?? 1, 1)
}
