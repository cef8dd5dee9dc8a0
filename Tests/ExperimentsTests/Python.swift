import Foundation

/// The Python whose readers check our files.
///
/// `launch/test.sh` sets it; without it tests are reported as skipped.
let python = ProcessInfo.processInfo.environment["SGM_PYTHON"]

/// Why tests with Python are skipped.
let withoutPython = "SGM_PYTHON names no Python with numpy and safetensors; launch/test.sh sets it"

/// Runs a program given as text; its output, or the error output where it failed.
func runPython(_ program: String, _ words: [String]) throws -> (status: Int32, output: String) {
  let file = temporaryPath("program.py")
  try program.write(toFile: file, atomically: true, encoding: .utf8)
  defer { _ = unlinkFile(file) }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: python ?? "/nonexistent")
  process.arguments = [file] + words
  let (output, errors) = (Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  let complaints = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  let status = process.terminationStatus
  return (status, String(decoding: status == 0 ? text : complaints, as: UTF8.self))
}
