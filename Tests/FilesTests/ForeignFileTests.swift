import TestSupport
import Testing

@testable import Files

@Suite struct ForeignFileTests {
  @Test(
    "files of other kinds that people give are named, with the remedy",
    arguments: [
      ("z.npz", [0x50, 0x4b, 3, 4, 20, 0], "is a zip archive, as numpy.savez and spreadsheets write; save one array"),
      ("z.npy", [0x50, 0x4b, 3, 4, 20, 0], "is a zip archive"),
      ("t.csv", [0x50, 0x4b, 3, 4, 20, 0], "is a zip archive"),
      ("t.csv", [0x1f, 0x8b, 8, 0], "is compressed by gzip; unpack it"),
      ("a.npy", [0x80, 4, 0x95, 0], "is a Python pickle; save the array by numpy.save"),
      ("a.mat", [0x89, 0x48, 0x44, 0x46, 13, 10], "is an HDF5 file; let its name end in .h5"),
      ("t.txt", [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0], "is an NPY file; let its name end in .npy"),
      ("a.dat", Array("MATLAB 5.0 MAT-file".utf8), "is a MATLAB file"),
      ("a.parquet", Array("PAR1".utf8) + [0x15, 4], "is a Parquet file"),
      ("a.xyz", [0x31], "is of an unknown kind; data files end in .npy, .csv, .tsv, .txt or .dat, or are"),
    ] as [(String, [UInt8], String)])
  func others(name: String, content: [UInt8], message: String) throws {
    try withFile(content, name) { path in
      let body = { _ = try openRows(path) }
      #expect(errorText(body).hasPrefix("\(path): \(message)"), "\(errorText(body))")
      #expect(errorStatus(body) == .dataErr)
    }
  }
}
