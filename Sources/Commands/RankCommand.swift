package import ArgumentParser
internal import CMachine
package import Communication
package import Files
internal import Foundation
internal import Glibc

/// A program that runs alone or as one of several ranks, of which one speaks.
package protocol RankCommand: ParsableCommand {}

extension RankCommand {
  /// Parses the command line and runs; every rank parses the same words, and one says what is wrong, or helps.
  package static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard Communicator.isFirstProcess else { return }
      let code = exitCode(for: error)
      guard code.isSuccess else {
        guard let hint = hintAtMinus(fullMessage(for: error), CommandLine.arguments) else { exit(withError: error) }
        writeText(fullMessage(for: error) + "\n" + hint + "\n", to: STDERR_FILENO)
        Glibc.exit(code.rawValue)
      }
      // Help was asked for: it is the result.
      endPrinting(fullMessage(for: error))
    }
  }

  /// Prints a text that is the result, and ends the process.
  package static func endPrinting(_ text: String) -> Never {
    sgm_return_write_errors()
    do throws(ToolError) { try printResult(text) } catch {
      writeText("\(commandName): \(error)\n", to: STDERR_FILENO)
      Glibc.exit(error.status)
    }
    Glibc.exit(0)
  }

  private static var commandName: String { configuration.commandName ?? _commandName }

  /// Runs `work` on all ranks, prints the text that it returns, once, and ends the process.
  package func printing(threads: Int = 1, _ work: (Communicator) throws -> String) -> Never {
    onAllRanks(threads: threads) { communicator in
      let text = try work(communicator)
      return printed(text, communicator)
    }
  }

  /// Prints a text that is the result, once.
  ///
  /// - Returns: the status with which to go on: on the root not that of success where the text was not written.
  package func printed(_ text: String, _ communicator: Communicator) -> ExitStatus {
    guard communicator.isRoot else { return .success }
    do throws(ToolError) { try printResult(text) } catch {
      writeText("\(Self.commandName): \(error)\n", to: STDERR_FILENO)
      return error.exitStatus
    }
    return .success
  }

  /// Runs `work` on all ranks and ends the process with the status that it returns, or that of its error.
  package func onAllRanks(
    catchesStops: Bool = false, threads: Int = 1, _ work: (Communicator) throws -> ExitStatus
  ) -> Never {
    runTool(Self.commandName, catchesStops: catchesStops, threads: threads, work)
  }
}

/// How to give an option a value that begins with a minus, where that is what a message is about.
private func hintAtMinus(_ message: String, _ arguments: [String]) -> String? {
  for (option, value) in zip(arguments, arguments.dropFirst()) where option.hasPrefix("--") && value.hasPrefix("-") {
    guard value.count > 1, !value.hasPrefix("--"), message.contains("Missing value for '\(option)") else { continue }
    return "  A value that begins with a minus follows an equals sign: \(printable(option + "=" + value))"
  }
  return nil
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

/// `--threads T`.
package struct Threads: ParsableArguments {
  /// The threads of each rank.
  @Option(
    name: .customLong("threads"), parsing: .unconditional,
    help: ArgumentHelp(
      "Threads of each rank, which share its work: the same bits for any number. docs/performance.md says when to take threads and when ranks.",
      valueName: "count"))
  package var count = 1

  /// As the command-line parser wants it.
  package init() {}
}
