import Glibc

/// An open file, closed when it goes out of scope.
///
/// Every call is repeated after an interrupt and until all bytes are moved.
package struct Descriptor: ~Copyable {
  /// The number the kernel knows the file by.
  package let number: Int32
  /// The name used in errors.
  package let file: String

  private init(number: Int32, file: String) {
    self.number = number
    self.file = file
  }

  deinit { _ = Glibc.close(number) }

  /// Opens a regular file for reading.
  ///
  /// Anything else is refused at once: a pipe would wait for its writer for ever.
  package static func reading(_ path: String) throws(ToolError) -> Descriptor {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { throw .unreadable(file: path, errno) }
    let descriptor = Descriptor(number: number, file: path)
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw .unreadable(file: path, errno) }
    if status.st_mode & S_IFMT == S_IFDIR { throw .unreadable(file: path, EISDIR) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .data(Place(path), "is not a regular file; name a file") }
    return descriptor
  }

  /// Creates a file that did not exist, with the user's umask; a link planted at `path` is never followed.
  package static func creating(_ path: String) throws(ToolError) -> Descriptor {
    let number = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard number >= 0 else { throw .uncreatable(file: path, errno) }
    return Descriptor(number: number, file: path)
  }

  /// Opens an existing file for writing parts of it; neither a link nor a pipe is opened.
  package static func writing(_ path: String) throws(ToolError) -> Descriptor {
    let number = unsafe open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { throw .uncreatable(file: path, errno) }
    let descriptor = Descriptor(number: number, file: path)
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw .uncreatable(file: path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .data(Place(path), "is not a regular file; remove it") }
    return descriptor
  }

  /// The descriptor's number for a library that closes it.
  package consuming func release() throws(ToolError) -> Int32 {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .uncreatable(file: file, errno) }
    return copy
  }

  /// Bytes of the file now.
  package func size() throws(ToolError) -> Int {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw .inputOutput(doing: "reading", file: file, errno) }
    return Int(status.st_size)
  }

  /// Fills `buffer` from `offset`; fewer bytes only at the end of the file.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ToolError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = unsafe pread(
        number, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done, off_t(offset + done))
      if count == 0 { break }
      if count > 0 { done += count } else if errno != EINTR { throw .inputOutput(doing: "reading", file: file, errno) }
    }
    return done
  }

  /// Up to `count` bytes from `offset`.
  package func read(_ count: Int, at offset: Int) throws(ToolError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    let done = try unsafe span.withUnsafeMutableBytes { (buffer) throws(ToolError) in
      try unsafe read(into: buffer, at: offset)
    }
    bytes.removeLast(count - done)
    return bytes
  }

  /// Writes all of `bytes` at `offset`.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ToolError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe pwrite(
        number, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
      if count >= 0 { done += count } else if errno != EINTR { throw .inputOutput(doing: "writing", file: file, errno) }
    }
  }

  /// Writes all of `bytes` at `offset`.
  package func write(_ bytes: [UInt8], at offset: Int) throws(ToolError) {
    try unsafe bytes.span.withUnsafeBytes { (buffer) throws(ToolError) in try unsafe write(buffer, at: offset) }
  }

  /// Sets the file's length; new bytes are zero.
  func resize(to count: Int) throws(ToolError) {
    guard ftruncate(number, off_t(count)) == 0 else { throw .inputOutput(doing: "writing", file: file, errno) }
  }

  /// Waits until the bytes are on the disk.
  package func synchronise() throws(ToolError) {
    while fsync(number) != 0 {
      if errno != EINTR { throw .inputOutput(doing: "writing to the disk", file: file, errno) }
    }
  }
}

/// All bytes of a file that must not be longer than `limit`.
package func readFile(
  _ path: String, atMost limit: Int, otherwise refusal: (Int) -> ToolError
) throws(ToolError) -> [UInt8] {
  let descriptor = try Descriptor.reading(path)
  let size = try descriptor.size()
  guard size <= limit else { throw refusal(size) }
  return try descriptor.read(size, at: 0)
}
