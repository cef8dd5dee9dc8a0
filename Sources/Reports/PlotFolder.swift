package import Files
internal import Foundation

/// A folder of pictures, their scripts and data, which may hold what others made.
package enum PlotFolder {
  /// The endings of a picture's files.
  private static let endings = ["gp", "dat", "png", "svg", "log"]

  /// Looks at a folder before pictures are made for it.
  ///
  /// - Parameters:
  ///   - path: the folder; it need not be there.
  ///   - prefix: what the pictures' names begin with.
  ///   - overwrite: whether pictures, scripts and data of others may be replaced.
  /// - Throws: `ToolError` for what is no folder, cannot be written to, or holds files that look like pictures to
  ///   come and were not made by this program.
  package static func check(_ path: String, prefix: String = "", overwrite: Bool) throws(ToolError) {
    guard FileManager.default.fileExists(atPath: path) || isLink(path) else {
      // As for a file that is to be made in its place.
      return try OutputFile.check(path.hasSuffix("/") ? String(path.dropLast()) : path, overwrite: false)
    }
    try refuseLink(path)
    guard unsafe access(path, W_OK | X_OK) == 0 else { throw .uncreatable(file: path, errno) }
    guard !overwrite else { return }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    for name in names where name.hasPrefix(prefix) {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, endings.contains(parts[1]), !isOwn(parts[0], in: path) else { continue }
      throw .exists(
        file: path + "/" + name, remedy: "it is not of this program; name another folder, or give --overwrite")
    }
  }

  /// Whether the script of the picture `name` is one of this program's, as it stands or edited.
  package static func isOwn(_ name: String, in folder: String) -> Bool {
    OutputFile.holds("# Run again with: gnuplot \(name).gp", folder + "/\(name).gp")
  }

  /// The files of pictures that this program has made in a folder.
  package static func ownFiles(in folder: String) -> [String] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    return names.filter { name in
      let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      return parts.count == 2 && endings.contains(parts[1]) && isOwn(parts[0], in: folder)
    }
  }

  private static func isLink(_ path: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
  }
}
