internal import Foundation

/// A path as seen from a folder: what leads from there to the same place.
///
/// Both are taken from the current folder, and compared as they are written: a link among their folders is not followed.
///
/// - Parameters:
///   - path: the path; an absolute one stays as it is.
///   - base: the folder; empty for the current one.
/// - Returns: such as `../../runs/teacher`.
package func relative(_ path: String, to base: String) -> String {
  guard !path.hasPrefix("/"), !base.isEmpty else { return path }
  let here = FileManager.default.currentDirectoryPath
  func components(_ path: String) -> [Substring] {
    var all: [Substring] = []
    for part in (path.hasPrefix("/") ? path : here + "/" + path).split(separator: "/") where part != "." {
      if part == "..", !all.isEmpty { all.removeLast() } else if part != ".." { all.append(part) }
    }
    return all
  }
  let (to, from) = (components(path), components(base))
  let shared = zip(to, from).prefix { $0 == $1 }.count
  let parts = from.dropFirst(shared).map { _ in ".." } + to.dropFirst(shared)
  return parts.isEmpty ? "." : parts.joined(separator: "/")
}
