import Glibc

// Swift lends its strings to the C library for the length of each call: nothing outlives it.

/// Writes a whole file beside `path` and moves it there: readers see the old file or the new one, never a part.
func replaceFile(_ path: String, with text: String) throws(ExperimentError) {
  let fresh = path + ".new"
  // One may be left from a process that was stopped; where removing fails, creating says why.
  _ = unsafe unlink(fresh)
  let file = try Descriptor.creating(fresh)
  try file.write(Array(text.utf8), at: 0)
  guard unsafe rename(fresh, path) == 0 else { throw .uncreatable(file: path, errno) }
}
