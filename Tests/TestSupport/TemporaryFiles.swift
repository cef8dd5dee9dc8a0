internal import Files
internal import Glibc

/// Removes a file; false if it is not there.
package func unlinkFile(_ path: String) -> Bool { unsafe unlink(path) == 0 }

/// A path in the temporary folder that no other test uses.
package func temporaryPath(_ ending: String) -> String {
  "/tmp/sgm-test-\(UInt64.random(in: 0...UInt64.max))-\(ending)"
}

/// Calls `body` with the path of a file that holds `bytes`, and removes the file.
package func withFile<R>(_ bytes: [UInt8], _ ending: String, _ body: (String) throws -> R) throws -> R {
  let path = temporaryPath(ending)
  let file = try Descriptor.creating(path)
  defer { _ = unlinkFile(path) }
  try file.write(bytes, at: 0)
  return try body(path)
}
