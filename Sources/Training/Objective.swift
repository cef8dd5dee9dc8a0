public import Diffusion
internal import Networks

/// The score-matching objectives by name.
public enum ObjectiveKind: String, Sendable, CaseIterable {
  /// `hsm`: denoising, given the data alone.
  case hybrid = "hsm"
  /// `dsm`: denoising, given the data and the rest of the state.
  case denoising = "dsm"
  /// `explicit`: against a known score.
  case explicit
  /// `implicit`: without kernel and score, by the exact trace of the Jacobian.
  case implicit
  /// `sliced`: as `implicit`, by random directions.
  case sliced

  /// Whether the loss compares scores, or their Jacobians, and not the noise that was added.
  public var comparesScores: Bool {
    switch self {
    case .hybrid, .denoising: false
    case .explicit, .implicit, .sliced: true
    }
  }

  /// Whether the loss has second derivatives of the activation.
  public var needsCurvature: Bool { self == .implicit || self == .sliced }

  /// What the noisy state is conditioned on.
  public var conditioning: Conditioning { self == .denoising ? .state : .data }
}

/// How the rows of a shard are paired with noise.
public enum NoiseCoupling: String, Sendable, CaseIterable {
  /// `independent`: at random.
  case independent
  /// `optimal-transport`: at the least sum of squared distances.
  case optimalTransport = "optimal-transport"
}

/// What a score network learns from.
public enum TrainingObjective {
  /// Denoising score matching: a regression on the noise that was added, conditioned as the model says.
  case denoising
  /// As `denoising`, with the noise of a shard's rows paired to their data by optimal transport: for one block alone.
  ///
  /// Pooladian et al. 2023 (arXiv 2304.14772), Tong et al. 2023 (arXiv 2302.00482).
  case transported
  /// Explicit score matching: ½E‖Σᵀ(s − s*)‖² against a score s* that is known; each thread has a copy of it.
  case explicit(any Score)
  /// Implicit score matching, E[tr D∇s + ½ sᵀDs] (Hyvärinen 2005); every element of the trace is computed.
  ///
  /// - Parameter simulationSteps: steps by which rows are carried forward by the process's transition; 0 for its kernel.
  case implicit(simulationSteps: Int)
  /// As `implicit`, with a trace estimated by random signs (Song, Garg, Shi and Ermon 2019, arXiv 1905.07088).
  case sliced(probes: Int, simulationSteps: Int)

  /// The most rows of a shard that `transported` pairs.
  public static let mostTransported = 256
  /// The largest state whose trace `implicit` computes element by element.
  public static let largestTrace = 16
}

/// An objective over the sets of a pass: it draws rows, and makes losses and gradients from the network's outputs.
protocol Objective: AnyObject {
  /// The times' law; to be prepared before a step's draws.
  var times: TimeSampler { get set }
  /// Of the last `lossesAndGradients`: Σ loss over the rows of each set.
  var losses: [Double] { get }
  /// Of the last `lossesAndGradients`, for a law that learns from losses.
  var cells: CellSums { get }
  /// Bytes of buffers beside the pass's.
  var bytes: Int { get }

  /// Draws one set and writes its inputs into the pass.
  ///
  /// - Parameters:
  ///   - set: the set.
  ///   - firstIndex: the first row's global index.
  ///   - streams: what is drawn from.
  ///   - pass: takes the inputs.
  ///   - data: the address of x_0 (and conditions) for each row of the set.
  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>)

  /// Hears which step the coming draws are of; never where no step is taken, as for held-out rows.
  func begin(after step: Int)

  /// Whether the network has a part in the step: where it has none, `forward` may be left out.
  var usesNetwork: Bool { get }

  /// Writes those inputs of a group that depend on the parameters, after `draw` and before `forward`.
  func writeInputs(of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>)

  /// What parts of the parameters beside the network learn from: Σ over a set's rows, after `forward` of its group.
  ///
  /// Nil where that is no loss of the drawn batch.
  func furtherLoss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>) -> Double?

  /// Σ loss over the rows `0..<count` of a set, after `forward` of its group.
  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double

  /// Makes `loss` take from the last `lossesAndGradients` what these gradients take as given, or no longer.
  ///
  /// So that differences of losses are what the gradients say.
  func holdMean(_ isHeld: Bool)

  /// Whether gradients of `lossesAndGradients` can be added as they are computed.
  var sumsSets: Bool { get }

  /// Computes `losses` of a group of sets, and the gradient of `scale` times their sum, after its `forward`.
  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink)
}

extension Objective {
  /// Nothing: most gradients are those of the whole loss.
  func holdMean(_ isHeld: Bool) {}
  /// Nothing: most objectives are those of every step.
  func begin(after step: Int) {}
  /// Most losses are the network's.
  var usesNetwork: Bool { true }
  /// Nothing: most inputs are drawn.
  func writeInputs(of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>) {}
  /// None: a schedule learns from its variance, and a discriminator plays a game.
  func furtherLoss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>) -> Double? { nil }
}

/// Where gradients go.
@safe enum GradientSink {
  /// Into sums along the steps, in the slots that the first closure gives; the second hears now and then from which
  /// element of the network's on they are whole.
  case sums(
    SetSums, slot: (_ index: Int) -> UnsafeMutablePointer<Float>, progress: (_ first: Int) -> Void = { _ in })
  /// Each set's on its own; the second closure hears when a set's gradient of a layer is whole.
  case sets(
    gradient: (_ set: Int) -> UnsafeMutablePointer<Float>, completed: (_ set: Int, _ elements: Range<Int>) -> Void)
}

extension GradientSink {
  /// Writes a set's gradient of a further part of the parameters, and adds what is to be added.
  func write(_ values: [Float], at elements: Range<Int>, set: Int) {
    precondition(values.count == elements.count, "\(values.count) numbers for \(elements.count)")
    unsafe values.withUnsafeBufferPointer {
      guard let first = $0.baseAddress else { return }
      unsafe write(first, at: elements, set: set)
    }
  }

  /// As above, of as many numbers as there are elements.
  @unsafe func write(_ values: UnsafePointer<Float>, at elements: Range<Int>, set: Int) {
    unsafe fill([elements], set: set) {
      unsafe ($0 + elements.lowerBound).update(from: values, count: elements.count)
    }
  }

  /// Has a set's gradient of further parts written in its place, and adds what is to be added.
  ///
  /// - Parameters:
  ///   - parts: the elements that `body` writes.
  ///   - set: the set.
  ///   - body: takes where the gradient of all parameters begins.
  @unsafe func fill(_ parts: [Range<Int>], set: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    switch self {
    case .sums(let sums, let slot, _):
      let step = sums.steps[set]
      unsafe body(slot(step.slot))
      for (into, from) in step.additions {
        let (sum, added) = unsafe (slot(into), slot(from))
        for elements in parts { for i in elements { unsafe sum[i] += added[i] } }
      }
    case .sets(let gradient, let completed):
      unsafe body(gradient(set))
      for elements in parts { completed(set, elements) }
    }
  }

  /// Where the gradients of a part of the parameters go, by their places in the part.
  ///
  /// - Parameter first: the part's first element.
  /// - Returns: this sink, for gradients laid out as the part alone.
  func part(from first: Int) -> GradientSink {
    switch self {
    case .sums(let sums, let slot, _): unsafe .sums(sums, slot: { unsafe slot($0) + first })
    case .sets(let gradient, let completed):
      unsafe .sets(
        gradient: { unsafe gradient($0) + first },
        completed: { completed($0, $1.lowerBound + first..<$1.upperBound + first) })
    }
  }

  /// Leaves zeros for a set's gradient of parts that rest.
  func rest(_ parts: [Range<Int>], set: Int) {
    func clear(_ first: UnsafeMutablePointer<Float>) {
      for elements in parts { unsafe (first + elements.lowerBound).update(repeating: 0, count: elements.count) }
    }
    switch self {
    case .sums(let sums, let slot, _):
      // Sums of zeros are zeros: a slot that a set before has cleared stays as it is.
      let own = sums.steps[set].slot
      if sums.steps.firstIndex(where: { $0.slot == own }) == set { unsafe clear(slot(own)) }
    case .sets(let gradient, let completed):
      unsafe clear(gradient(set))
      for elements in parts { completed(set, elements) }
    }
  }
}

extension NetworkPass {
  /// Propagates ∂loss/∂F of the group.
  func backward(_ parameters: UnsafePointer<Float>, into gradients: GradientSink) {
    switch gradients {
    case .sums(let sums, let slot, let progress):
      unsafe backward(parameters, sums: sums, slot: slot, progress: progress)
    case .sets(let gradient, let completed):
      unsafe backward(parameters, gradient: gradient, completed: completed)
    }
  }
}

extension TrainingObjective {
  /// What a pass must keep so that losses, or gradients too, can be computed.
  func use(gradients: Bool) -> NetworkPass.Use {
    switch self {
    case .denoising, .transported, .explicit: gradients ? .training : .inference
    case .implicit, .sliced: gradients ? .curvature : .training
    }
  }

  /// The objective for the sets of a pass.
  func make(model: ScoreModel, times: TimeSampler, pass: NetworkPass) -> any Objective {
    if let autoencoder = model.autoencoder {
      return LatentObjective(model: model, autoencoder, times: times, pass: pass)
    }
    if let dequantiser = model.dequantiser {
      return DequantisedObjective(model: model, dequantiser, times: times, pass: pass)
    }
    return switch self {
    case .denoising: DenoisingObjective(model: model, times: times, rows: pass.rows, sets: pass.sets)
    case .transported:
      DenoisingObjective(model: model, isTransported: true, times: times, rows: pass.rows, sets: pass.sets)
    case .explicit(let score): ExplicitObjective(model: model, score: score, times: times, pass: pass)
    case .implicit(let steps):
      ImplicitObjective(model: model, probes: nil, simulationSteps: steps, times: times, pass: pass)
    case .sliced(let probes, let steps):
      ImplicitObjective(model: model, probes: probes, simulationSteps: steps, times: times, pass: pass)
    }
  }
}
