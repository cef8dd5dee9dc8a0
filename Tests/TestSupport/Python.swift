internal import Foundation

/// The Python whose readers check our files.
///
/// `launch/test.sh` sets it; without it tests are reported as skipped.
package let python = ProcessInfo.processInfo.environment["SGM_PYTHON"]

/// Why tests with Python are skipped.
package let withoutPython = "SGM_PYTHON names no Python with numpy and safetensors; launch/test.sh sets it"

/// Runs a program given as text; its output, or the error output where it failed.
package func runPython(_ program: String, _ words: [String]) throws -> (status: Int32, output: String) {
  let file = temporaryPath("program.py")
  try program.write(toFile: file, atomically: true, encoding: .utf8)
  defer { _ = unlinkFile(file) }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: python ?? "/nonexistent")
  process.arguments = [file] + words
  // Files, not pipes: an exit test's signals, elsewhere in the process, interrupt reads of a pipe.
  let texts = [temporaryPath("output.txt"), temporaryPath("errors.txt")]
  defer { for text in texts { _ = unlinkFile(text) } }
  for text in texts { _ = FileManager.default.createFile(atPath: text, contents: nil) }
  process.standardOutput = FileHandle(forWritingAtPath: texts[0])
  process.standardError = FileHandle(forWritingAtPath: texts[1])
  try process.run()
  process.waitUntilExit()
  let status = process.terminationStatus
  return (status, try String(contentsOfFile: texts[status == 0 ? 0 : 1], encoding: .utf8))
}
