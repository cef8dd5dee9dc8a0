import Glibc

/// Writes text to a terminal, pipe or file that may be closed or full: what cannot be written is lost, the run goes on.
package func writeText(_ text: String, to descriptor: Int32) {
  try? writeWhole(text, to: descriptor)
}

/// Writes a text that is a program's result to its standard output.
///
/// - Throws: ``ToolError/inputOutput(doing:file:_:)`` where not all of it could be written.
package func printResult(_ text: String) throws(ToolError) {
  try writeWhole(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO)
}

private func writeWhole(_ text: String, to descriptor: Int32) throws(ToolError) {
  let bytes = Array(text.utf8)
  var done = 0
  while done < bytes.count {
    let count = unsafe bytes[done...].withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 {
      done += count
    } else if errno != EINTR {
      throw .inputOutput(
        doing: "writing", file: descriptor == STDERR_FILENO ? "standard error" : "standard output", errno)
    }
  }
}
