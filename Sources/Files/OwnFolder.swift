import Glibc

/// Makes a folder in an existing one, unless it is there, with the user's umask.
///
/// - Throws: `ToolError.exists` where a link or a file stands in its place: what is written into the folder
///   would go where someone else may have pointed.
package func makeFolder(_ path: String) throws(ToolError) {
  if unsafe mkdir(path, 0o777) == 0 { return }
  guard errno == EEXIST else { throw .uncreatable(file: path, errno) }
  try refuseLink(path)
}

/// Makes the folders that lead to a path, where they are missing; links among them are followed.
///
/// - Throws: `ToolError.uncreatable` for a folder that cannot be made.
package func makeFolders(to path: String) throws(ToolError) {
  let parent = parentFolder(of: path)
  guard !parent.isEmpty else { return }
  var status = stat()
  guard unsafe stat(parent, &status) != 0 else { return }
  guard errno == ENOENT else { throw .uncreatable(file: path, errno) }
  try makeFolders(to: parent)
  guard unsafe mkdir(parent, 0o777) == 0 || errno == EEXIST else { throw .uncreatable(file: path, errno) }
}

/// Whether a folder, or a link to one, is at the path.
package func isFolder(_ path: String) -> Bool {
  var status = stat()
  return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Refuses a path that is a link, or no folder; what does not exist is allowed.
package func refuseLink(_ path: String) throws(ToolError) {
  var status = stat()
  // Of the link itself, not of what it points to.
  guard unsafe lstat(path, &status) == 0 else {
    if errno == ENOENT { return }
    throw .uncreatable(file: path, errno)
  }
  switch status.st_mode & S_IFMT {
  case S_IFDIR: return
  case S_IFLNK:
    throw .exists(file: path, remedy: "it is a link, and a run writes to folders of its own alone; put a folder there")
  default: throw .exists(file: path, remedy: "it is no folder; choose another name")
  }
}

/// What stands before a path's last component, without the slash: empty for a bare name, `/` for one in the root.
///
/// Foundation's own traps at names of one letter (swift-foundation of Swift 6.3, on Linux).
package func parentFolder(of path: String) -> String {
  var rest = path[...]
  while rest.count > 1, rest.hasSuffix("/") { rest.removeLast() }
  guard let slash = rest.lastIndex(of: "/") else { return "" }
  var parent = rest[..<slash]
  while parent.hasSuffix("/") { parent.removeLast() }
  return parent.isEmpty ? "/" : String(parent)
}
