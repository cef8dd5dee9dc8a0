import Communication
import Foundation
import TestSupport
import Testing

@testable import Files

/// Arrays in every type that NPY files may have, and what is no table of numbers, in one HDF5 file and beside it.
private let maker = """
  import sys, numpy as np, h5py
  folder = sys.argv[1]
  rng = np.random.default_rng(3)
  x = rng.normal(size=(3000, 40)).astype("<f4")
  with h5py.File(folder + "/all.h5", "w") as f:
      for code in "<f2 <f4 <f8 >f2 >f4 >f8 <i1 <i2 <i4 <i8 >i2 >i4 >i8 <u1 <u2 <u4 <u8 >u4 |b1".split():
          a = (rng.normal(size=(700, 7)) * 50 + (200 if "u" in code else 0)).astype(code)
          name = code.replace("<", "little-").replace(">", "big-").replace("|", "")
          f["types/" + name] = a
          np.save(folder + "/" + name + ".npy", a)
      np.save(folder + "/x.npy", x)
      f["x"] = x
      f["column"] = x[:, 3]
      np.save(folder + "/column.npy", x[:, 3])
      f.create_dataset("packed/small", data=x, chunks=(7, 11), compression="gzip", shuffle=True)
      f.create_dataset("packed/whole", data=x, chunks=(3000, 40), compression="gzip")
      f.create_dataset("packed/line", data=x[:, 3], chunks=(64,), compression="gzip")
      f["scalar"] = 3.0
      f["text"] = ["a", "b"]
      f["complex"] = np.ones((3, 2), "c8")
      f["cube"] = np.zeros((2, 3, 4))
      f["empty"] = np.zeros((0, 3))
      f["nan"] = np.where(np.arange(6000).reshape(3000, 2) == 4001, np.nan, 1)
      f["large"] = np.array([[2**53 + 2, 1]])
      f["records"] = np.zeros(3, [("a", "<f4"), ("b", "<f4"), ("c", "<f4")])
  with h5py.File(folder + "/user.h5", "w", userblock_size=1024) as f:
      f["x"] = x
  with h5py.File(folder + "/summed.hdf5", "w") as f:
      f.create_dataset("x", data=np.full((300, 4), 123.25), chunks=(100, 4), fletcher32=True)
  with h5py.File(folder + "/none.h5", "w") as f:
      f.create_group("a")
  whole = open(folder + "/all.h5", "rb").read()
  open(folder + "/cut.h5", "wb").write(whole[:len(whole) // 2])
  bytes = bytearray(open(folder + "/summed.hdf5", "rb").read())
  place = bytes.rfind(np.float64(123.25).tobytes())
  bytes[place] ^= 1
  open(folder + "/damaged.hdf5", "wb").write(bytes)
  open(folder + "/text.h5", "w").write("a,b\\n1,2\\n")
  """

@Suite(.enabled(if: python != nil, "\(withoutPython)")) struct HDF5FileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path }

  init() throws {
    folder = try TemporaryFolder()
    let made = try runPython(maker, [folder.path])
    try #require(made.status == 0, "\(made.output)")
  }

  private func numbers(_ path: String) throws -> [Double] { try RowBlock(openRows(path)).numbers }

  @Test("every type of number that NPY files have is read as from NPY, with the same words")
  func types() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: path).filter {
      $0.hasSuffix(".npy") && $0.contains(/[0-9]/)
    }
    #expect(names.count == 19)
    for name in names {
      let set = "\(path)/all.h5:/types/\(name.dropLast(4))"
      let (array, other) = (try ArrayFile("\(path)/\(name)"), try HDF5File(set))
      #expect(other.rows == 700 && other.dimension == 7 && other.isDouble == array.isDouble, "\(name)")
      #expect(try numbers(set) == numbers("\(path)/\(name)"), "\(name)")
      #expect(other.remarks == array.remarks.map { $0.replacing("\(path)/\(name)", with: set) }, "\(name)")
    }
  }

  @Test("packed chunks of any shape are read as what was packed, in many blocks")
  func chunks() throws {
    let sets = ["all.h5:/x", "all.h5:x", "all.h5:/packed/small", "all.h5:/packed/whole", "user.h5:/x"]
    for set in sets { #expect(try numbers("\(path)/\(set)") == numbers("\(path)/x.npy"), "\(set)") }
    for set in ["all.h5:/column", "all.h5:/packed/line"] {
      #expect(try numbers("\(path)/\(set)") == numbers("\(path)/column.npy"), "\(set)")
    }
  }

  @Test("rows of several readers at the same time are their own")
  func threads() throws {
    let path = path
    let all = try onRanks(4) { rank in
      try RowBlock(HDF5File("\(path)/all.h5:/packed/\(rank.rank % 2 == 0 ? "small" : "whole")")).numbers
    }
    for found in all { #expect(found == all[0]) }
  }

  /// Names that are refused, and what is said of them.
  private static let refusals = [
    (
      "all.h5:/rows",
      "all.h5: has no data set \"/rows\", but /column, /complex, /cube, /empty, /large, /nan, /packed/line, "
    ),
    ("all.h5:/packed", "all.h5: has a group at \"/packed\", no data set, but /column, "),
    ("all.h5", "all.h5: names no data set: write "), ("all.h5:", "all.h5:: names no data set: write "),
    ("none.h5:/x", "none.h5: has no data set \"/x\", but none at all"),
    ("all.h5:/scalar", "all.h5:/scalar: holds one number without axes; save an array of rows and columns"),
    ("all.h5:/text", "all.h5:/text: holds text; save a.astype('float64')"),
    ("all.h5:/complex", "all.h5:/complex: holds complex numbers; save numpy.hstack([a.real, a.imag])"),
    ("all.h5:/records", "all.h5:/records: holds elements that are no plain numbers; save one array of numbers"),
    ("all.h5:/cube", "all.h5:/cube: has 3 axes; rows and columns are expected: save a.reshape(len(a), -1)"),
    (
      "all.h5:/empty",
      "all.h5:/empty: has shape 0 × 3: there is nothing to learn from; save at least one row of one number"
    ),
    (
      "all.h5:/nan",
      "all.h5:/nan: row 2000, column 1 (both from 0, as in NumPy) holds nan, not a finite number; remove the row"
    ),
    ("cut.h5", "cut.h5: is cut short or damaged, or its writer has not closed it ("),
    ("cut.h5:/x", "cut.h5: is cut short or damaged, or its writer has not closed it ("),
    ("damaged.hdf5:/x", "damaged.hdf5:/x: cannot be read from row 0 on (from 0): "),
    ("text.h5:/x", "text.h5: is not an HDF5 file; name a file that h5py or HDF5's own programs made"),
    ("gone.h5:/x", "gone.h5: cannot be read: no such file or directory; check the path and its permissions"),
  ]

  @Test("what is no table of numbers is refused with its name, and with those that are there")
  func refused() {
    for (set, words) in Self.refusals {
      let text = errorText { _ = try numbers("\(path)/\(set)") }
      #expect(text.hasPrefix("\(path)/\(words)"), "\(text)")
      #expect(errorStatus { _ = try numbers("\(path)/\(set)") } == (set == "gone.h5:/x" ? .noInput : .dataErr))
    }
  }

  @Test("a data set that gets another shape or type after it was opened is refused", arguments: ["(9, 3)", "(10, 2)"])
  func changed(shape: String) throws {
    let writer = """
      import sys, numpy as np, h5py
      with h5py.File(sys.argv[1], "w") as f: f["x"] = np.ones(eval(sys.argv[2]), sys.argv[3])
      """
    let file = "\(path)/changed.h5"
    #expect(try runPython(writer, [file, "(10, 3)", "<f8"]).status == 0)
    let opened = try HDF5File(file + ":/x")
    for (shape, type) in [(shape, "<f8"), ("(10, 3)", "<i8")] {
      #expect(try runPython(writer, [file, shape, type]).status == 0)
      let text = errorText { try opened.forEachBlock { _, _ in } }
      #expect(text == "\(file):/x: changed while it was read; let its writer finish, and start again")
    }
  }

  @Test("integers beyond double precision are told") func rounded() throws {
    let remarks = try HDF5File("\(path)/all.h5:/large").remarks
    #expect(
      remarks.count == 1 && remarks[0].hasPrefix("warning: \(path)/all.h5:/large: holds integers beyond 2^53"),
      "\(remarks)")
  }

  @Test("a name is cut behind its ending, and nowhere else") func names() {
    #expect(HDF5Name("a/b.h5:/c:d")?.file == "a/b.h5" && HDF5Name("a/b.h5:/c:d")?.set == "/c:d")
    #expect(HDF5Name("b.HDF5:x")?.set == "x")
    for name in ["b.h5", "b.h5:", "b.npy:/x", "h5:/x"] { #expect(HDF5Name(name) == nil) }
    #expect(endsAsData("b.h5") && endsAsData("b.hdf5:/x") && !endsAsData("b:/x"))
    #expect(fileOnDisk("b.h5:/x") == "b.h5" && fileOnDisk("b.npy") == "b.npy")
  }
}
