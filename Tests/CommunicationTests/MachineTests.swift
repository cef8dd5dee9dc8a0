import CMachine
import Communication
import Glibc
import Testing

/// What changes a whole process happens in a process of its own: exit tests start one each.
@Suite struct MachineTests {
  @Test("a signal to stop sets a flag that tells which, and nothing else happens") func firstSignal() async {
    await #expect(processExitsWith: .exitCode(17)) {
      sgm_catch_stop_signals()
      guard sgm_stop_signal() == 0 else { exit(1) }
      for signal in [SIGUSR1, SIGTERM, SIGINT] {
        raise(signal)
        guard sgm_stop_signal() == signal else { exit(2) }
      }
      exit(17)
    }
  }

  @Test("a second Ctrl-C ends the process at once with status 130; Ctrl-C after another signal does not")
  func secondInterrupt() async {
    await #expect(processExitsWith: .exitCode(130)) {
      sgm_catch_stop_signals()
      raise(SIGINT)
      raise(SIGINT)
      exit(0)
    }
    await #expect(processExitsWith: .exitCode(17)) {
      sgm_catch_stop_signals()
      raise(SIGUSR1)
      raise(SIGINT)
      raise(SIGTERM)
      exit(17)
    }
  }

  @Test("signals that a launcher left blocked are received") func blocked() async {
    await #expect(processExitsWith: .exitCode(17)) {
      var all = sigset_t()
      unsafe sigemptyset(&all)
      for signal in [SIGUSR1, SIGTERM, SIGINT] { unsafe sigaddset(&all, signal) }
      unsafe sigprocmask(SIG_BLOCK, &all, nil)
      sgm_catch_stop_signals()
      raise(SIGTERM)
      exit(sgm_stop_signal() == SIGTERM ? 17 : 1)
    }
  }

  @Test("writing to a closed pipe, or beyond the limit on a file's size, is an error and no signal") func writes() async
  {
    await #expect(processExitsWith: .exitCode(17)) {
      // Who starts the tests may have them ignored or blocked already.
      signal(SIGPIPE, SIG_DFL)
      signal(SIGXFSZ, SIG_DFL)
      var none = sigset_t()
      unsafe sigemptyset(&none)
      unsafe sigprocmask(SIG_SETMASK, &none, nil)
      sgm_return_write_errors()
      var ends: [Int32] = [0, 0]
      unsafe pipe(&ends)
      close(ends[0])
      guard unsafe write(ends[1], [1 as UInt8], 1) == -1, errno == EPIPE else { exit(1) }
      var limit = rlimit(rlim_cur: 10, rlim_max: 10)
      guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
      let path = "/tmp/sgm-test-limit-\(getpid())"
      let file = unsafe open(path, O_CREAT | O_RDWR, 0o600)
      unsafe unlink(path)
      guard file >= 0, unsafe write(file, [UInt8](repeating: 1, count: 10), 10) == 10 else { exit(3) }
      guard unsafe write(file, [1 as UInt8], 1) == -1, errno == EFBIG else { exit(4) }
      exit(17)
    }
  }

  @Test("a watcher sees the step, the stage, the calls begun and whether one runs") func pulse() async {
    await #expect(processExitsWith: .exitCode(17)) {
      sgm_pulse_step(42)
      sgm_pulse_stage(3)
      sgm_pulse_enter(5)
      var now = sgm_pulse_now()
      guard now.step == 42, now.stage == 3, now.calls == 1, now.call == 5, now.inside == 1 else { exit(1) }
      sgm_pulse_leave()
      sgm_pulse_enter(6)
      sgm_pulse_leave()
      now = sgm_pulse_now()
      guard now.calls == 2, now.call == 6, now.inside == 0 else { exit(2) }
      exit(17)
    }
  }

  @Test("where nothing counts allocations none are told, and the CPU has what the program was compiled for")
  func counts() {
    #expect(sgm_allocations() == -1)
    #expect(unsafe sgm_missing_cpu_feature() == nil)
    // A core does between a billion and ten thousand billion of them a second.
    #expect(sgm_fma_peak(1) > 1e9 && sgm_fma_peak(1) < 1e13)
  }

  @Test("several tasks that MPI does not connect are refused, with their number; one is no matter") func tasks() async {
    await #expect(processExitsWith: .exitCode(17)) {
      unsafe setenv("SLURM_STEP_ID", "0", 1)
      unsafe setenv("SLURM_PROCID", "1", 1)
      unsafe setenv("SLURM_NTASKS", "5", 1)
      unsafe setenv("SLURM_STEP_NUM_TASKS", "3", 1)
      do {
        _ = try Communicator.start()
        exit(1)
      } catch { exit(error as? CommunicationError == .unconnected(tasks: 3) ? 17 : 2) }
    }
    await #expect(processExitsWith: .exitCode(17)) {
      unsafe setenv("SLURM_STEP_ID", "0", 1)
      unsafe setenv("SLURM_PROCID", "0", 1)
      unsafe setenv("SLURM_STEP_NUM_TASKS", "1", 1)
      guard let alone = try? Communicator.start() else { exit(1) }
      exit(alone.size == 1 && alone.rank == 0 ? 17 : 2)
    }
  }

  @Test("errors say what to do, and with which status") func texts() {
    let call = CommunicationError.call(name: "MPI_Bcast", reason: "truncated", rank: 3)
    #expect(
      call.description
        == "rank 3: MPI_Bcast failed: truncated. The job cannot go on; resume it from its last checkpoint.")
    #expect(call.status == 76 && CommunicationError.unconnected(tasks: 4).status == 78)
    #expect(CommunicationError.unconnected(tasks: 4).description.hasPrefix("4 tasks were started, but MPI does not"))
    #expect(MessageCall.allCases.map(\.description).count == Set(MessageCall.allCases.map(\.description)).count)
  }
}
