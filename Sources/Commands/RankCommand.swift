package import ArgumentParser
package import Communication
package import Files

/// A program that runs alone or as one of several ranks, of which one speaks.
package protocol RankCommand: ParsableCommand {}

extension RankCommand {
  /// Parses the command line and runs; every rank parses the same words, and one says what is wrong, or helps.
  package static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      if Communicator.isFirstProcess { exit(withError: error) }
    }
  }

  /// Runs `work` on all ranks, prints the text that it returns, once, and ends the process.
  package func printing(_ work: (Communicator) throws -> String) -> Never {
    onAllRanks { communicator in
      let text = try work(communicator)
      if communicator.isRoot { print(text, terminator: text.hasSuffix("\n") ? "" : "\n") }
      return .success
    }
  }

  /// Runs `work` on all ranks and ends the process with the status that it returns, or that of its error.
  package func onAllRanks(catchesStops: Bool = false, _ work: (Communicator) throws -> ExitStatus) -> Never {
    runTool(Self.configuration.commandName ?? Self._commandName, catchesStops: catchesStops, work)
  }
}

/// `--set key=value`, as often as one likes.
package struct Overrides: ParsableArguments {
  /// As given, in their order.
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a key, such as training.steps=300; may be repeated.", valueName: "key=value"))
  package var settings: [String] = []

  /// As the command-line parser wants it.
  package init() {}
}
