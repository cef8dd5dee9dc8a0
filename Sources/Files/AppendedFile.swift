import Glibc

/// A file that grows; what a full disk refuses is kept, and written with what comes next.
package struct AppendedFile {
  private let file: OpenFile
  private var end: Int
  private var pending: [UInt8] = []

  /// Opens an existing file at its end.
  package init(_ path: String) throws(ToolError) {
    file = OpenFile(try Descriptor.writing(path))
    end = try file.descriptor.size()
  }

  /// Adds bytes.
  ///
  /// - Throws: ``ToolError/inputOutput(doing:file:_:)`` where they are kept for later.
  package mutating func append(_ bytes: [UInt8]) throws(ToolError) {
    pending += bytes
    // Written at a place of its own, so that a write that failed half-way is written over.
    try file.descriptor.write(pending, at: end)
    end += pending.count
    pending.removeAll(keepingCapacity: true)
  }

  /// Writes what was kept.
  package mutating func flush() throws(ToolError) { if !pending.isEmpty { try append([]) } }
}

/// A descriptor that structures can share.
private final class OpenFile {
  let descriptor: Descriptor
  init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
