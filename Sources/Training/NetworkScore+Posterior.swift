public import Diffusion
public import LinearAlgebra
internal import Networks

extension NetworkScore {
  /// A tenth: what networks of the usual sizes show in the whitened derivative, where the data says what it should be.
  public var derivativeError: Double { 0.1 }

  /// From the network's own form of the posterior mean, which no signal-to-noise ratio makes cancel.
  ///
  /// ```
  /// E[x_0|u] = r²MᵀH⁻¹u + χᵀF,   Γh = r²h + aᵀF'ᵀ(χ ⊗ h),   a = GM/snr
  /// ```
  /// Below snr = 1e-4 the derivative is divided by less than 0.01 and says nothing: there Γ is r² alone, and so is the mean
  /// where an output such as `noise` has lost it, χ > 1,000.
  public func posterior(
    _ state: borrowing Matrix, atTimes times: [Double], directions: [[Double]], into moments: inout PosteriorMoments
  ) {
    precondition(state.rows == Self.rows && times.count == Self.rows, "\(state.rows) rows, \(times.count) times")
    precondition(directions.count == moments.directions, "\(directions.count) for \(moments.directions) directions")
    let (pass, d) = (differentiated, dimension)
    var readings: [PosteriorReading] = []
    var c = model.coefficients(at: times[0])
    for (row, t) in times.enumerated() {
      let isNew = row == 0 || times[row - 1] != t
      if isNew { c = model.coefficients(at: t) }
      prepare(pass, state, row: row, c, at: t)
      readings.append(isNew ? PosteriorReading(c, model.process.kernel(at: t)) : readings[row - 1])
    }
    unsafe pass.forward(parameters.pointer)
    for row in 0..<Self.rows {
      let reading = readings[row]
      let output = unsafe pass.output(set: 0, row: row)
      for k in 0..<d {
        var sum = 0.0
        for b in 0..<reading.state.size { sum += reading.state[b] * Double(state[row, b * d + k]) }
        for o in 0..<reading.outputs { unsafe sum += reading.gain[o] * Double(output[o * d + k]) }
        moments.mean[row, k] = Float(sum)
      }
    }
    for (i, h) in directions.enumerated() {
      for row in 0..<Self.rows {
        for o in 0..<readings[row].outputs {
          for k in 0..<d { output[row, o * d + k] = Float(readings[row].gain[o] * h[k]) }
        }
      }
      propagateOutput(pass)
      for row in 0..<Self.rows {
        let reading = readings[row]
        for k in 0..<d {
          var sum = reading.variance * h[k]
          for b in 0..<reading.inputs { sum += reading.back[b] * Double(derivative[row, b * d + k]) }
          moments.products[i * Self.rows + row, k] = Float(sum)
        }
      }
    }
  }
}

/// The coefficients of the posterior's moments at one time.
private struct PosteriorReading {
  /// r²H⁻¹M.
  let state: BlockVector
  /// χ.
  let gain: BlockVector
  /// GM/snr, of which the first `inputs` elements count.
  let back: BlockVector
  /// r².
  let variance: Double
  let inputs, outputs: Int

  init(_ c: ScoreCoefficients, _ kernel: Kernel) {
    let (snr, none) = (kernel.signalToNoise, BlockVector(size: kernel.mean.size, repeating: 0))
    state = c.meanState
    (inputs, outputs) = (c.inputBlocks, c.outputBlocks)
    let isKnown = (0..<outputs).allSatisfy { abs(c.meanOutput[$0]) <= 1000 }
    gain = isKnown ? c.meanOutput : none
    back = isKnown && snr >= 1e-4 ? (c.whitening * kernel.mean).scaled(by: 1 / snr) : none
    variance = 1 / (1 + snr)
  }
}
