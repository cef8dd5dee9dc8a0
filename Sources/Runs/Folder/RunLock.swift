internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports

/// The right to write a run's folder: the file `lock`, made by whoever is first and removed at the end.
///
/// On the machine of a lock's owner its process tells whether it still holds. Another machine cannot see that; there the
/// owner renews the file's time every second, and a file whose time stands still, by the reader's clock, is stale.
package final class RunLock {
  private let path: String
  private let text: String
  private var isHeld = true
  private let released = DispatchSemaphore(value: 0)

  /// How long another machine's lock must stand still before it is stale: longer than a network file system may show
  /// an old time.
  static let patience = 15.0

  /// Takes the lock, in place of a stale one.
  ///
  /// - Throws: `ToolError.exists` while another job writes the folder.
  init(_ folder: RunFolder, patience: Double = RunLock.patience) throws {
    path = folder.lock
    text = Owner.this.json + "\n"
    for attempt in 0..<4 {
      if try create() {
        renew()
        return
      }
      let before = try? String(contentsOfFile: path, encoding: .utf8)
      if let before, let owner = Owner(before), Self.isAlive(owner, path, patience: patience) {
        isHeld = false
        throw ToolError.exists(
          file: path,
          remedy: "process \(owner.process) on \(owner.host) writes this run: wait for its end, or end it; "
            + "two jobs cannot write one folder")
      }
      if attempt == 0, before?.isEmpty == true {
        // Its owner may be about to write its name.
        usleep(500_000)
        continue
      }
      removeStale(before)
    }
    isHeld = false
    throw ToolError.exists(file: path, remedy: "other jobs want this run as well; start one of them alone")
  }

  deinit { release() }

  /// Gives the lock back.
  package func release() {
    guard isHeld else { return }
    isHeld = false
    released.signal()
    if (try? String(contentsOfFile: path, encoding: .utf8)) == text { unsafe _ = unlink(path) }
  }

  private func create() throws -> Bool {
    let number = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard number >= 0 else {
      if errno == EEXIST { return false }
      isHeld = false
      throw ToolError.uncreatable(file: path, errno)
    }
    defer { close(number) }
    let bytes = Array(text.utf8)
    guard unsafe write(number, bytes, bytes.count) == bytes.count else {
      let code = errno
      unsafe _ = unlink(path)
      isHeld = false
      throw ToolError.inputOutput(doing: "writing", file: path, code)
    }
    return true
  }

  /// Moves the stale lock aside; if it is not the one that was found stale, someone was faster, and gets it back.
  private func removeStale(_ found: String?) {
    let aside = path + ".\(getpid()).partial"
    guard unsafe rename(path, aside) == 0 else { return }
    if let found, (try? String(contentsOfFile: aside, encoding: .utf8)) != found { unsafe _ = link(aside, path) }
    unsafe _ = unlink(aside)
  }

  private static func isAlive(_ owner: Owner, _ path: String, patience: Double) -> Bool {
    if owner.machine == Owner.this.machine { return owner.started == Owner.startTime(of: owner.process) }
    let first = modificationTime(path)
    for _ in 0..<Int(patience * 4) {
      usleep(250_000)
      guard let now = modificationTime(path) else { return false }
      if now != first { return true }
    }
    return false
  }

  private static func modificationTime(_ path: String) -> [Int]? {
    // Opening makes a network file system ask its server.
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard number >= 0 else { return nil }
    defer { close(number) }
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { return nil }
    return [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
  }

  /// Shows other machines that the owner is at work, every second until the lock is given back.
  private func renew() {
    let thread = Thread { [path, released] in
      while released.wait(timeout: .now() + 1) == .timedOut { unsafe _ = utimes(path, nil) }
    }
    thread.stackSize = 1 << 16
    thread.start()
  }

  /// Whether a text is that of a lock.
  static func isLock(_ text: String) -> Bool { Owner(text) != nil }

  /// Who holds a folder's lock, on whatever machine; of another machine's it waits for a sign of life.
  ///
  /// - Returns: nil where there is no lock, or a stale one.
  static func holder(of folder: RunFolder, patience: Double = RunLock.patience) -> String? {
    guard let text = try? String(contentsOfFile: folder.lock, encoding: .utf8), let owner = Owner(text),
      isAlive(owner, folder.lock, patience: patience)
    else { return nil }
    return "process \(owner.process) on \(owner.host)"
  }
}

/// A process, told from all others: numbers come again, start times on one booted machine do not.
private struct Owner {
  var host: String
  /// The boot of the machine, and the space of process numbers.
  var machine: String
  package var process: Int
  /// When the process began, in clock ticks since the boot.
  package var started: String?

  package static var this: Owner {
    let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
    let space = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
    return Owner(
      host: hostName(), machine: boot.trimmingCharacters(in: .newlines) + " " + space, process: Int(getpid()),
      started: startTime(of: Int(getpid())))
  }

  /// Field 22 of the process's line; nil where there is no such process, or only its remains.
  static func startTime(of process: Int) -> String? {
    guard let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = line.lastIndex(of: ")")
    else { return nil }
    let fields = line[line.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return String(fields[19])
  }

  package var json: String {
    JSONValue.object([
      .init("host", .string(host)), .init("machine", .string(machine)), .init("process", .integer(process)),
      .init("started", .string(started ?? "")),
    ]).description
  }
}

extension Owner {
  init?(_ text: String) {
    guard let json = JSONValue(line: text.trimmingCharacters(in: .newlines)), case .string(let host)? = json["host"],
      case .string(let machine)? = json["machine"], case .integer(let process)? = json["process"],
      case .string(let started)? = json["started"]
    else { return nil }
    self.init(host: host, machine: machine, process: process, started: started)
  }
}

extension RunFolder {
  /// The lock of whoever writes the folder.
  var lock: String { path + "/lock" }
}
