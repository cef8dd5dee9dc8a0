/// The lines of a file, one after another, without their ends; never more than one line and one chunk in memory.
struct LineReader: ~Copyable {
  /// Bytes of the longest line; a row of 100,000 numbers is well below.
  static let longestLine = 8 << 20
  private static let chunk = 1 << 18

  /// The number of the line returned last, from 1.
  package private(set) var line = 0
  private let file: Descriptor
  private var buffer: [UInt8] = []
  private var start = 0
  private var position: Int
  private var isAtEnd = false

  /// Opens a file and skips a UTF-8 byte order mark.
  init(_ path: String) throws(ToolError) {
    let file = try Descriptor.reading(path)
    let mark = try file.read(3, at: 0)
    if mark.starts(with: [0xff, 0xfe]) || mark.starts(with: [0xfe, 0xff]) {
      throw .data(Place(path), "is UTF-16 text; save it as UTF-8")
    }
    position = mark == [0xef, 0xbb, 0xbf] ? 3 : 0
    self.file = file
  }

  /// The next line, or nil after the last.
  ///
  /// Lines end with LF, CR LF or, as old Macintosh programs write them, CR; the last may lack its end.
  mutating func next() throws(ToolError) -> ArraySlice<UInt8>? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(where: { $0 == 0x0a || $0 == 0x0d }) {
        // The byte after a CR must be known, to tell one end of a line from two.
        if buffer[end] == 0x0a || end + 1 < buffer.count || isAtEnd { return take(through: end) }
        searched = end
      } else {
        searched = buffer.count
      }
      if isAtEnd {
        if start == buffer.count { return nil }
        return take(through: buffer.count)
      }
      guard buffer.count - start <= Self.longestLine else {
        throw .data(Place(file.file, line: line + 1), "is longer than \(Self.longestLine) bytes; is this a table?")
      }
      searched -= start
      buffer.removeFirst(start)
      start = 0
      let bytes = try file.read(Self.chunk, at: position)
      position += bytes.count
      isAtEnd = bytes.isEmpty
      buffer += bytes
    }
  }

  private mutating func take(through end: Int) -> ArraySlice<UInt8> {
    let slice = buffer[start..<end]
    let isPair = end + 1 < buffer.count && buffer[end] == 0x0d && buffer[end + 1] == 0x0a
    start = min(end + (isPair ? 2 : 1), buffer.count)
    line += 1
    return slice
  }
}
