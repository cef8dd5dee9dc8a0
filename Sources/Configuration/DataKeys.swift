internal import Files

extension ExperimentKey {
  static let ofFile = Condition(words: "data.file", subject: "data.target") { $0.data.file != nil }
  static let ofRows = Condition(words: "data.file or data.prior", subject: "data.target") {
    $0.data.file != nil || !$0.data.prior.entries.isEmpty
  }
  private static let ofDraws = Condition(words: "data.target or data.prior") {
    $0.data.target != nil || !$0.data.prior.entries.isEmpty
  }
  private static let ofConditions = Condition(words: "runs with conditions", subject: "data.conditions") {
    $0.conditionCount > 0
  }
  private static let ofSimulator = Condition(words: "data.simulator", subject: "data.simulator") {
    $0.data.simulator != nil
  }

  static let data: [ExperimentKey] = [
    .init(
      "data.target", \.data.target, default: "none",
      "Built-in law to learn; exactly one of `data.target`, `data.file` and `data.prior` is given."),
    .init(
      "data.file", \.data.file, default: "none",
      "Rows to learn from, `.npy`, `.csv`, `.tsv`, `.txt`, `.dat`, or a data set `rows.h5:/PATH`; a relative path starts at the experiment file's "
        + "folder. With data.simulator these are rows of parameters."),
    .init(
      "data.prior", \.data.prior, when: ofSimulator, default: "none",
      "Laws of a simulator's parameters, by name: uniform [LOW, HIGH] or normal [MEAN, DEVIATION], independent of each other; "
        + "`data.count` rows are drawn. A uniform parameter is of the kind bounded unless `data.columns` says otherwise."
    ),
    .init(
      "data.simulator", \.data.simulator, when: ofRows, default: "none",
      "Shell command that reads rows of parameters as CSV and writes a row of observations for each: the columns of "
        + "the data are then the parameters and the observations. It runs once, before training, in the experiment file's folder."
    ),
    .init(
      "data.simulator_rows", \.data.simulatorRows, in: .whole(1, 1e6), when: ofSimulator,
      "Rows of parameters that one start of the simulator is given; each start has a seed of its own, in SGM_SEED."),
    .init(
      "data.simulator_timeout", \.data.simulatorTimeout, in: .positive, onResume: true, when: ofSimulator,
      "Seconds that one start of the simulator may take."),
    .init(
      "data.header", \.data.header, onResume: true, when: ofFile,
      "Whether a table's first line holds names; auto takes a line of numbers for names where it is unlike those below."
    ),
    .init(
      "data.conditions", \.data.conditions, when: ofRows,
      "Columns given as conditions, by name or number from 0; the others are learned given these."),
    .init(
      "data.exchangeable", \.data.exchangeable, in: .whole(1, 1e6), when: ofConditions,
      "Parts of equal size that the conditions make, in their order, and whose order means nothing, such as independent "
        + "observations of the same parameters. Training shows a row's parts in a new random order in every step."),
    .init(
      "data.columns", \.data.columns, default: "numbers, or what is found in a mixed table",
      "What columns hold, by name or number from 0: number, integer, indicator (0 or 1), levels K, positive, bounded [LOW, "
        + "HIGH], zero-or-positive, atom-or-number, category or ignored. Samples are of the column's kind, and rows that are not "
        + "are refused. A table with words or missing cells says itself what the other columns hold."),
    .init(
      "data.missing", \.data.missing, when: ofFile,
      "Words by which cells of a table say that there is nothing, as empty cells do."),
    .init(
      "data.levels", \.data.levels, in: .whole(2, 65_536), when: ofRows, default: "none",
      "Number K of levels of every data column that `data.columns` does not name: whole numbers from 0 to K−1, such as 256 "
        + "grey values. They are trained with noise of one level's width (`training.dequantisation`), and samples are rounded; the metric nll is "
        + "then a bound for the probabilities of whole rows, in bits per dimension too."),
    .init(
      "data.dimension", \.data.dimension, in: .whole(1, 1e6), default: "a target's, 2 where it has any; the file's",
      "Coordinates of a row without conditions; given with a file, it must agree with it."),
    .init(
      "data.count", \.data.count, in: .whole(1, 1e9), when: ofDraws, "Rows drawn from the target, or of parameters."),
    .init(
      "data.held_out", \.data.heldOut, in: .share,
      "Share of the rows kept from training for the held-out loss and distances, or a file of such rows."),
    .init(
      "data.standardise", \.data.standardise, when: ofReals,
      "Whether each column is shifted and scaled to mean 0 and variance 1: by a target's exact moments or a file's own."
    ),
    .init(
      "data.images", \.data.images,
      "Whether the report shows rows as square grey pictures; the dimension must be a square number."),
  ]
}
