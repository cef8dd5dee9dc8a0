internal import Communication
internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Networks
internal import Sampling
internal import Training

extension TrainingRun {
  /// In the middle of training a full disk, a sample that is not finite or a signal costs a sample file, not the run.
  func drawSamplesOrWarn() throws {
    do { _ = try drawSamples() } catch let error as any StatusError {
      let lost = [ExitStatus.cantCreate, .ioErr, .dataErr, .tempFail].map(\.rawValue)
      guard lost.contains(error.status) else { throw error }
      warn("samples not written: \(error.description)")
    }
  }

  /// Draws the experiment's samples from the averaged network of the step at hand, or from another step's.
  func drawSamples(
    of chosen: ChosenNetwork? = nil, keeping kept: Int = 0
  ) throws -> (file: String, summary: SampleWriter.Summary) {
    RunStage.sampling.begin()
    let parameters = try (chosen ?? currentNetwork()).average.value.head(1)
    let count = experiment.sampling.count
    let sources = try experiment.sources(
      of: parameters, data, count: count, given: conditions, communicator)
    let file = folder.samples(step: chosen?.step ?? trainer.step)
    let writer = SampleWriter(communicator: communicator, description: data, kept: kept)
    let summary = try writer.write(count: count, from: sources, to: file, progress: { display.sampling($0) })
    try communicator.agree {
      guard communicator.isRoot, data.table != nil else { return }
      try SampleTable(data, separator: ",").write(file, to: RunFolder.table(of: file))
    }
    return (file, summary)
  }
}
