internal import Files
internal import Foundation
internal import Glibc

/// Removes a file; false if it is not there.
package func unlinkFile(_ path: String) -> Bool { unsafe unlink(path) == 0 }

/// A path in the temporary folder that no other test uses.
package func temporaryPath(_ ending: String) -> String {
  "/tmp/sgm-test-\(UInt64.random(in: 0...UInt64.max))-\(ending)"
}

/// Writes a program that a test starts.
///
/// Another process makes the file. When a thread of this one starts a program, its child has for a moment every file that is
/// open here, and a file that is open for writing cannot be started: "Text file busy".
package func writeProgram(_ text: String, to path: String) throws {
  let source = temporaryPath("program")
  try text.write(toFile: source, atomically: true, encoding: .utf8)
  defer { _ = unlinkFile(source) }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/install")
  process.arguments = ["-m", "755", source, path]
  try process.run()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
}

/// Calls `body` with the path of a file that holds `bytes`, and removes the file.
package func withFile<R>(_ bytes: [UInt8], _ ending: String, _ body: (String) throws -> R) throws -> R {
  let path = temporaryPath(ending)
  let file = try Descriptor.creating(path)
  defer { _ = unlinkFile(path) }
  try file.write(bytes, at: 0)
  return try body(path)
}
