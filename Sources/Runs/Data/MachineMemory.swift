internal import Foundation

/// Bytes of memory and swap that this process may have: the machine's, or its control group's where that is less.
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
  let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
  return memoryLimitFiles(ofGroups: groups).compactMap(number).reduce(machine, min)
}

/// The files that may limit this process's memory: those of its control group and of every group above it.
///
/// A container often sees its own group as the root, whatever the path says. So the root's files always belong to the list,
/// and files that are not there limit nothing.
///
/// - Parameter groups: the text of `/proc/self/cgroup`, a line `number:controllers:path` for each hierarchy. The number 0 is
///   version 2; version 1 has one with the controller `memory`. See the manual page cgroups(7).
/// - Returns: absolute paths.
func memoryLimitFiles(ofGroups groups: String) -> [String] {
  var paths = (two: "", one: "")
  for line in groups.split(separator: "\n") {
    let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { continue }
    if parts[0] == "0" { paths.two = String(parts[2]) }
    if parts[1].split(separator: ",").contains("memory") { paths.one = String(parts[2]) }
  }
  func upwards(_ root: String, _ path: String, _ file: String) -> [String] {
    let names = path.split(separator: "/")
    return (0...names.count).map { ([Substring(root)] + names.dropLast($0) + [Substring(file)]).joined(separator: "/") }
  }
  return upwards("/sys/fs/cgroup", paths.two, "memory.max")
    + upwards("/sys/fs/cgroup/memory", paths.one, "memory.limit_in_bytes")
}

/// Ranks on this machine, as mpirun says.
func ranksOnThisMachine() -> Int {
  max(ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) } ?? 1, 1)
}
