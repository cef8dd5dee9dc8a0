extension Experiment {
  /// `docs/experiment-file.md`: every key with type, range, default and meaning.
  public static var documentation: String {
    let defaults = Experiment()
    var text = """
      # The experiment file

      A YAML file of sections and keys; `sgm-train --print-defaults` prints one with every key. Every key has a default
      but the data: give `data.target` or `data.file`. Unknown keys, repeated keys, aliases and values of the wrong type
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
    return text
  }
}
