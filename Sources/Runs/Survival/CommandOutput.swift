internal import Foundation
internal import Synchronization

/// What a command of the machine prints, run without a shell and without input; nil where it is not there, fails, or does
/// not end in time.
///
/// Times that it prints are in universal time.
///
/// - Parameters:
///   - words: the command, looked for in the folders of `PATH`, and its arguments.
///   - environment: the command's.
///   - patience: seconds that it may take.
/// - Returns: all of its standard output, or nil.
func commandOutput(_ words: [String], _ environment: [String: String], patience: Double = 20) -> String? {
  let folders = (environment["PATH"] ?? "").split(separator: ":")
  guard let name = words.first,
    let executable = folders.lazy.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile)
  else { return nil }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: executable)
  process.arguments = Array(words.dropFirst())
  // SLURM_TIME_FORMAT: a user's own format would not be read.
  process.environment = environment.merging(["TZ": "UTC0", "LC_ALL": "C", "SLURM_TIME_FORMAT": "standard"]) { $1 }
  let output = Pipe()
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  do { try process.run() } catch { return nil }
  let collected = Collected()
  let isRead = DispatchSemaphore(value: 0)
  let reader = Thread {
    let all = readAll(output.fileHandleForReading)
    collected.bytes.withLock { $0 = all }
    isRead.signal()
  }
  reader.start()
  guard isRead.wait(timeout: .now() + patience) == .success else {
    kill(process.processIdentifier, SIGKILL)
    return nil
  }
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { return nil }
  return String(decoding: collected.bytes.withLock { $0 }, as: UTF8.self)
}

/// All that a pipe gives.
///
/// A signal that the process handles meanwhile interrupts a read, which is then made again.
private func readAll(_ pipe: FileHandle) -> Data {
  var (all, failures) = (Data(), 0)
  while failures < 100 {
    do {
      guard let part = try pipe.read(upToCount: 65_536), !part.isEmpty else { break }
      all += part
    } catch { failures += 1 }
  }
  return all
}

/// What a thread has read.
private final class Collected: Sendable {
  let bytes = Mutex(Data())
}
