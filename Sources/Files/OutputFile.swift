import Glibc

/// What a command may do to the place of its output, looked at before its work.
///
/// A file that such a command has made may be replaced. Another one needs the user's word. A folder, link, device, pipe
/// or socket is never renamed over: what it stands for is not the command's.
package enum OutputFile {
  /// Refuses a place that must not be written to, or cannot be.
  ///
  /// - Parameters:
  ///   - path: the file to be written.
  ///   - overwrite: whether the user has said that a file there may be replaced.
  ///   - inputs: the files that the command reads: none of them is replaced in any case.
  ///   - remedy: what to do about a file that must stay.
  ///   - isOwn: whether a file there was made by such a command.
  /// - Throws: ``ToolError/exists(file:remedy:)`` for what must stay; ``ToolError/uncreatable(file:_:)`` where
  ///   no file can be made.
  package static func check(
    _ path: String, overwrite: Bool, inputs: [String] = [],
    remedy: String = "name another file, or let --overwrite replace it",
    isOwn: (String) -> Bool = { _ in false }
  ) throws(ToolError) {
    guard !path.isEmpty, !path.hasSuffix("/") else {
      throw .exists(file: path.isEmpty ? "the empty name" : path, remedy: "name a file, not a folder")
    }
    var status = stat()
    // Of a link itself, not of what it points to.
    guard unsafe lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw .uncreatable(file: path, errno) }
      return try checkFolder(of: path)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .exists(file: path, remedy: "it is a folder; name a file in it")
    case S_IFLNK: throw .exists(file: path, remedy: "it is a link; name the file that it points to")
    default: throw .exists(file: path, remedy: "it is a device, pipe or socket; name a file")
    }
    for input in inputs {
      var other = stat()
      guard unsafe stat(input, &other) == 0, other.st_dev == status.st_dev, other.st_ino == status.st_ino else {
        continue
      }
      throw .exists(file: path, remedy: "this command reads it; name another file")
    }
    try checkFolder(of: path)
    let isProtected = status.st_mode & 0o222 == 0
    guard overwrite || isOwn(path) && !isProtected else {
      throw .exists(file: path, remedy: remedy)
    }
  }

  /// Refuses a folder that is not there or may not be written to.
  private static func checkFolder(of path: String) throws(ToolError) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    var status = stat()
    guard unsafe stat(folder, &status) == 0 else { throw .uncreatable(file: path, errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .uncreatable(file: path, ENOTDIR) }
    guard unsafe access(folder, W_OK | X_OK) == 0 else { throw .uncreatable(file: path, errno) }
  }

  /// Whether the file at `path` has `mark` among its first 4,096 bytes.
  package static func holds(_ mark: String, _ path: String) -> Bool {
    guard let file = try? Descriptor.reading(path), let start = try? file.read(4096, at: 0) else { return false }
    return String(decoding: start, as: UTF8.self).contains(mark)
  }
}
