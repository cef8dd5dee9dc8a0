internal import CMachine
import Glibc

/// Files that are whole or absent: written beside, synchronised, renamed into place, and the folder synchronised.
package enum AtomicFile {
  /// Replaces the file at `path` by `bytes`.
  package static func write(_ bytes: [UInt8], to path: String) throws(ToolError) {
    try replace(path) { (file) throws(ToolError) in try file.write(bytes, at: 0) }
  }

  /// Replaces the file at `path` by `text`.
  package static func write(_ text: String, to path: String) throws(ToolError) {
    try write(Array(text.utf8), to: path)
  }

  /// The hidden name beside `path` under which its next version is written.
  package static func partialPath(of path: String) -> String {
    let (folder, name) = split(path)
    return "\(folder)/.\(name).partial"
  }

  /// Removes what writes that died have left in a folder; no writer may be at work there.
  package static func removeLeftovers(in folder: String) throws(ToolError) {
    guard let stream = unsafe opendir(folder) else { throw .unreadable(file: folder, errno) }
    defer { unsafe _ = closedir(stream) }
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      }
      guard name.hasPrefix("."), name.hasSuffix(".partial") else { continue }
      let path = "\(folder)/\(name)"
      if unsafe unlink(path) != 0, errno != ENOENT { throw .inputOutput(doing: "removing", file: path, errno) }
    }
  }

  /// Writes a new version by `body` and puts it in the place of `path`; if anything fails, `path` is as it was.
  package static func replace(
    _ path: String, _ body: (borrowing Descriptor) throws(ToolError) -> Void
  ) throws(ToolError) {
    let file = try create(path)
    do {
      try body(file)
      try file.synchronise()
    } catch {
      discard(path)
      throw error
    }
    try publish(path)
  }

  /// Creates the empty next version of `path`, in place of one that a dead write has left.
  package static func create(_ path: String) throws(ToolError) -> Descriptor {
    discard(path)
    let partial = partialPath(of: path)
    unsafe sgm_begin_half(partial)
    do {
      return try Descriptor.creating(partial)
    } catch .uncreatable(_, let code) {
      // The hidden name would puzzle: people know the file by its own.
      throw .uncreatable(file: path, code)
    }
  }

  /// Renames the finished, synchronised next version into place.
  package static func publish(_ path: String) throws(ToolError) {
    guard unsafe rename(partialPath(of: path), path) == 0 else {
      let code = errno
      discard(path)
      throw .inputOutput(doing: "renaming the finished file into place", file: path, code)
    }
    unsafe sgm_end_half(partialPath(of: path))
    try synchroniseFolder(split(path).folder)
  }

  /// Removes the next version of `path`, if one was begun.
  package static func discard(_ path: String) {
    let partial = partialPath(of: path)
    unsafe _ = unlink(partial)
    unsafe sgm_end_half(partial)
  }

  private static func synchroniseFolder(_ folder: String) throws(ToolError) {
    let number = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw .inputOutput(doing: "writing to the disk", file: folder, errno) }
    defer { close(number) }
    // Some network file systems cannot synchronise a folder and say EINVAL: their rename is durable by itself.
    if fsync(number) != 0, errno != EINVAL { throw .inputOutput(doing: "writing to the disk", file: folder, errno) }
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }
}
