package import Foundation

/// A folder that is removed with its owner.
package final class TemporaryFolder {
  package let path = temporaryPath("folder")

  package init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  package func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)) }

  /// The paths below a folder, of files alone.
  package func files(below folder: String) -> [String] {
    let all = FileManager.default.enumerator(atPath: path + "/" + folder)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.contains(".") || $0 == "origin" || $0.hasSuffix("/latest") }.sorted()
  }
}
