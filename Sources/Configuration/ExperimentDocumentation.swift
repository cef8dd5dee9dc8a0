internal import Files

extension Experiment {
  /// `docs/experiment-file.md`: every key with type, range, default and meaning.
  package static var documentation: String {
    let defaults = Experiment()
    var text = """
      # The experiment file

      A YAML file of sections and keys; `sgm-train --print-defaults` prints one with every key. Every key has a default
      but the data: give `data.target`, `data.file` or `data.prior`. Unknown keys, repeated keys, aliases and values of the wrong type
      are errors with line and column. `--set section.key=value` overrides any key, `null` unsets one that may be unset,
      and integers may carry underscores (`50_000`). Times are in the process's own unit, that of `process.horizon`.
      On resume only keys marked *may change* can differ.

      """
    for section in [""] + ExperimentKey.sections {
      text += "\n## \(section.isEmpty ? "At the top" : "`\(section)`")\n"
      text += "| key | type | default | on resume | meaning |\n|---|---|---|---|---|\n"
      for key in ExperimentKey.all where key.section == section {
        let usual = key.defaultText ?? "`\(spelled(key.get(defaults), as: key.shape))`"
        let condition = key.condition.map { " Only for \($0.words)." } ?? ""
        let resume = key.mutableOnResume ? "may change" : "fixed"
        text += "| `\(key.name)` | \(key.allowed) | \(usual) | \(resume) | \(key.meaning)\(condition) |\n"
      }
    }
    return text + """

      ## `sweep`
      A table of keys, each with a list of values: `sgm-train` then trains, samples and judges every combination as one
      job, and ends in a table of mean ± standard deviation over the values of `seed`.

      ```yaml
      sweep: {process.epsilon: [0, 0.25], process.a: [0.5, 1, 2], seed: [1, 2]}
      ```

      Every key but `name` can be swept; a swept key's value elsewhere in the file is overridden, and `--set` refuses it.
      N ranks form as many groups as there are ranks, or cells left if these are fewer; each group runs its cells one after
      another. A cell that fails is named at the end, the others go on. `--resume` of the sweep's folder runs what is not
      finished; the result does not depend on ranks or interruptions.

      Cells that would train the same network, to the same bits, share one training. Such cells differ in `sampling` and
      `evaluation` alone. With `training.minimum_noise` and `training.maximum_noise` they may differ in `process` too,
      unless the network learns latents. The first of them trains. When all that train are done, the others get its
      checkpoints and log, then draw and judge samples of their own. Cells with `sampling.every` above 0 and students
      train for themselves.

      """
  }
}
