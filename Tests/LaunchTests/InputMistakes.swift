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
    name: "a folder for an experiment", words: ["full"], status: 64,
    says: ["full: is a folder; name an experiment file, or go on with a run by sgm-train --resume"]),
  Mistake(
    name: "resuming a file", words: ["--resume", "small.yaml"], status: 64,
    says: ["small.yaml: is a file, but the folder of a run is expected"]),
  Mistake(
    name: "sampling a file", program: "sgm-sample", words: ["small.yaml"], status: 64,
    says: ["small.yaml: is a file, but the folder of a run is expected"]),
  Mistake(
    name: "the report of a file", program: "sgm-report", words: ["small.yaml"], status: 64,
    says: ["small.yaml: is a file, but the folder of a run is expected"]),
  Mistake(
    name: "the theory of no target", program: "sgm-theory", words: ["errors", "funel"], status: 64,
    says: ["funel: is neither a run's folder nor a target; the targets are gaussian, "]),
  Mistake(
    name: "indented by a tab", words: ["small.yaml"], experiment: "data:\n\ttarget: funnel\n", status: 78,
    says: ["small.yaml:2:1: is not YAML: ", "; indent by blanks, not by tabs"]),
  Mistake(
    name: "a fixed number beyond single precision", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--fix", "huge.csv"], status: 65,
    says: ["huge.csv: row 0: gives ", "in trained units, beyond single precision (3.4e38); check the values and units"]),
  Mistake(
    name: "no repeats", program: "sgm-bench", words: ["--only", "normals", "--repeats", "-1"], status: 64,
    says: ["--repeats -1: at least 1 is expected"]),
]
