internal import Communication

/// What an executable returns to its shell: the numbers of `sysexits.h`, so that schedulers' and people's scripts can
/// tell causes apart.
package enum ExitStatus: Int32, Sendable, CaseIterable {
  /// The work is done.
  case success = 0
  /// The command line is wrong.
  case usage = 64
  /// A data file or checkpoint is damaged or holds what cannot be used.
  case dataErr = 65
  /// An input file is missing or unreadable.
  case noInput = 66
  /// Something this program needs of its surroundings is missing.
  case unavailable = 69
  /// A fault of this program.
  case software = 70
  /// The operating system refused, or the machine computed wrongly.
  case osErr = 71
  /// An output cannot be created, or exists already.
  case cantCreate = 73
  /// Reading or writing failed part-way.
  case ioErr = 74
  /// The work stopped in good order before its end; the same command continues it.
  case tempFail = 75
  /// Ranks lost each other: one died or did not answer in time. Resume the run.
  case `protocol` = 76
  /// The experiment file says something wrong.
  case config = 78
}

extension ToolError: StatusError {
  /// The number of ``exitStatus``.
  package var status: Int32 { exitStatus.rawValue }

  /// The status with which an executable ends after this error.
  package var exitStatus: ExitStatus {
    switch self {
    case .usage: .usage
    case .configuration: .config
    case .data: .dataErr
    case .unreadable: .noInput
    case .uncreatable, .exists: .cantCreate
    case .inputOutput: .ioErr
    case .system, .corruption: .osErr
    case .unavailable: .unavailable
    case .stopped: .tempFail
    case .fault: .software
    }
  }
}
