internal import CHDF5

/// An open data set, closed when it goes out of scope.
struct OpenSet: ~Copyable {
  private var set = sgm_hdf5_set()
  private let path: String

  /// Opens a data set.
  ///
  /// - Parameters:
  ///   - name: the file, and the data set in it.
  ///   - path: both, for messages.
  /// - Throws: ``ToolError`` that says what is wrong, and which data sets there are where this one is not.
  init(_ name: (file: String, set: String), _ path: String) throws(ToolError) {
    self.path = path
    // Of a file that is missing or may not be read the system tells more than the library.
    _ = try Descriptor.reading(name.file)
    let outcome = unsafe sgm_hdf5_open(name.file, name.set, &set)
    guard outcome != sgm_hdf5_done else { return }
    let words = Self.text(set.words)
    unsafe sgm_hdf5_close(&set)
    switch outcome {
    case sgm_hdf5_no_such_set:
      let names = try Self.names(in: name.file)
      throw .data(Place(name.file), "has no data set \(quoted(name.set)), but \(names)")
    case sgm_hdf5_no_set:
      let names = try Self.names(in: name.file)
      throw .data(Place(name.file), "has a group at \(quoted(name.set)), no data set, but \(names)")
    default: throw Self.refusal(outcome, name.file, words)
    }
  }

  deinit {
    var set = set
    unsafe sgm_hdf5_close(&set)
  }

  /// The elements' type, as NumPy names it.
  var code: String { Self.text(set.code) }

  /// Elements along each axis.
  var axes: [Int] {
    let extents = unsafe withUnsafeBytes(of: set.extents) { unsafe Array($0.bindMemory(to: UInt64.self)) }
    return extents.prefix(Int(set.axes)).map { Int(clamping: $0) }
  }

  /// Reads rows as the file has them; `bytes` has room for them.
  mutating func read(_ count: Int, from first: Int, into bytes: inout [UInt8]) throws(ToolError) {
    var buffer = bytes.mutableSpan
    let outcome = unsafe buffer.withUnsafeMutableBytes { buffer in
      unsafe sgm_hdf5_read(&set, UInt64(first), UInt64(count), buffer.baseAddress)
    }
    guard outcome == sgm_hdf5_done else {
      throw .data(
        Place(path),
        "cannot be read from row \(first) on (from 0): \(Self.text(set.words)); it was cut or damaged, or is packed in a way that "
          + "this machine's libhdf5 does not know: copy it again, or pack it by gzip")
    }
  }

  /// The data sets of a file in words.
  static func names(in file: String) throws(ToolError) -> String {
    _ = try Descriptor.reading(file)
    var bytes = [CChar](repeating: 0, count: 2_048)
    var span = bytes.mutableSpan
    let outcome = unsafe span.withUnsafeMutableBufferPointer { buffer in
      unsafe sgm_hdf5_list(file, buffer.baseAddress, Int32(buffer.count))
    }
    let text = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard outcome == sgm_hdf5_done else { throw refusal(outcome, file, text) }
    let names = text.split(separator: "\n").map(String.init)
    return names.isEmpty ? "none at all" : names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
  }

  private static func refusal(_ outcome: sgm_hdf5_outcome, _ file: String, _ words: String) -> ToolError {
    guard outcome == sgm_hdf5_no_library else {
      guard isHDF5(file) else {
        return .data(Place(file), "is not an HDF5 file; name a file that h5py or HDF5's own programs made")
      }
      return .data(
        Place(file), "is cut short or damaged, or its writer has not closed it (\(words)); copy or write it again")
    }
    return .unavailable(
      "\(file): needs the library libhdf5, version 1.10 or later, which this machine does not have (\(words)): install it (Debian: "
        + "libhdf5-dev; clusters: module load hdf5), name its file in SGM_HDF5, or save the array by numpy.save")
  }

  /// Whether a file bears the mark of HDF5 at one of the places where it may stand.
  private static func isHDF5(_ file: String) -> Bool {
    guard let file = try? Descriptor.reading(file) else { return false }
    return [0, 512, 1_024, 2_048].contains { place in
      (try? file.read(8, at: place)) == [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
    }
  }

  /// The text of a field of C.
  private static func text<Field>(_ field: Field) -> String {
    unsafe withUnsafeBytes(of: field) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
