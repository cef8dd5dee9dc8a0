/// What a file that is neither an array nor a table of text turns out to be, with the remedy.
///
/// The kinds are those that people give in place of data files: what `numpy.savez`, spreadsheets, pandas, MATLAB and
/// compression leave.
private let foreignKinds: [(start: [UInt8], words: String)] = [
  (
    [0x50, 0x4b, 3, 4],
    "is a zip archive, as numpy.savez and spreadsheets write; save one array by numpy.save, or a table"
  ),
  ([0x1f, 0x8b], "is compressed by gzip; unpack it"),
  ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "is compressed by xz; unpack it"),
  ([0x28, 0xb5, 0x2f, 0xfd], "is compressed by zstd; unpack it"),
  ([0x89, 0x48, 0x44, 0x46], "is an HDF5 file; let its name end in .h5, and name a data set of it as rows.h5:/PATH"),
  (Array("PAR1".utf8) + [0x15], "is a Parquet file; save it as .csv, or its numbers by numpy.save"),
  (Array("MATLAB 5.0 MAT".utf8), "is a MATLAB file; save one array of it by numpy.save"),
  ([0x80, 3], "is a Python pickle; save the array by numpy.save"),
  ([0x80, 4], "is a Python pickle; save the array by numpy.save"),
  ([0x80, 5], "is a Python pickle; save the array by numpy.save"),
]

/// What an NPY file begins with.
let arrayMark: [UInt8] = [0x93] + Array("NUMPY".utf8)

/// What is wrong with a file, by its first bytes.
///
/// - Parameters:
///   - start: the first 16 bytes, or all where there are fewer.
///   - isArray: whether the file's name ends in `.npy`.
/// - Returns: the words for a file that no reader of data can use; nil where the bytes say nothing.
func foreignKind(_ start: [UInt8], isArray: Bool) -> String? {
  if !isArray, start.starts(with: arrayMark) { return "is an NPY file; let its name end in .npy" }
  return foreignKinds.first { start.starts(with: $0.start) }?.words
}
