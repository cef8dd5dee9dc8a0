import Glibc

/// Makes a folder in an existing one, unless it is there, with the user's umask.
///
/// - Throws: `ExperimentError.exists` where a link or a file stands in its place: what is written into the folder
///   would go where someone else may have pointed.
func makeFolder(_ path: String) throws(ExperimentError) {
  if unsafe mkdir(path, 0o777) == 0 { return }
  guard errno == EEXIST else { throw .uncreatable(file: path, errno) }
  try refuseLink(path)
}

/// Refuses a path that is a link, or no folder; what does not exist is allowed.
func refuseLink(_ path: String) throws(ExperimentError) {
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
  default: throw .exists(file: path, remedy: "it is no folder; remove it")
  }
}

extension RunFolder {
  /// Refuses to go on where a subfolder is a link.
  func refuseLinks() throws(ExperimentError) {
    for name in ["checkpoints", "samples", "plots", "debug", "failures", "ranks"] { try refuseLink("\(path)/\(name)") }
  }
}
