/// What can be wrong with inputs and options, beside what stands in `mistakes`.
let inputMistakes: [Mistake] = [
  Mistake(
    name: "an archive of arrays", words: ["small.yaml"], experiment: onFile("archive.npz"), status: 65,
    says: ["archive.npz: is a zip archive, as numpy.savez and spreadsheets write; save one array by numpy.save"]),
  Mistake(
    name: "a compressed table", words: ["small.yaml"], experiment: onFile("packed.csv"), status: 65,
    says: ["packed.csv: is compressed by gzip; unpack it"]),
  Mistake(
    name: "an empty array file", words: ["small.yaml"], experiment: onFile("empty.npy"), status: 65,
    says: ["empty.npy: is empty; save an array with numpy.save"]),
  Mistake(
    name: "an output that begins with a minus", words: ["small.yaml", "--output", "-1"], status: 64,
    says: [
      "Missing value for '--output <output>'",
      "A value that begins with a minus follows an equals sign: --output=-1",
    ]),
  Mistake(
    name: "one true row", program: "sgm-evaluate", words: ["good.npy", "--against", "row.csv"], status: 65,
    says: ["--against: gives 1 true row, but a distance needs at least 2"]),
  Mistake(
    name: "one sample", program: "sgm-evaluate", words: ["row.csv", "--against", "good.npy"], status: 65,
    says: ["evaluation.metrics: sliced-w2 needs at least 2 rows on either side, and there is 1 sample"]),
  Mistake(
    name: "figures over the samples", program: "sgm-evaluate",
    words: ["good.npy", "--against", "diamond", "--output", "good.npy", "--overwrite"], status: 73,
    says: ["good.npy: exists already; this command reads it; name another file"]),
  Mistake(
    name: "an output folder that is a file", words: ["small.yaml", "--output", "good.npy", "--overwrite"], status: 73,
    says: ["good.npy: exists already; it is no folder; choose another name"]),
  Mistake(
    name: "an output folder within a file", words: ["small.yaml", "--output", "good.npy/a/b"], status: 73,
    says: ["good.npy/a", "cannot be created: not a directory"]),
  Mistake(
    name: "no repeats", program: "sgm-bench", words: ["--only", "normals", "--repeats", "-1"], status: 64,
    says: ["--repeats -1: at least 1 is expected"]),
]
