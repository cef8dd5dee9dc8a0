import Glibc

/// Writes text to a terminal, pipe or file that may be closed or full: what cannot be written is lost, the run goes on.
package func writeText(_ text: String, to descriptor: Int32) {
  let bytes = Array(text.utf8)
  var done = 0
  while done < bytes.count {
    let count = unsafe bytes[done...].withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 { done += count } else if errno != EINTR { return }
  }
}
