internal import Communication
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// The gradient of the batch loss beside finite differences of it, at randomly chosen parameters.
public struct GradientCheck: Sendable, Equatable {
  /// One parameter.
  public struct Row: Sendable, Equatable {
    /// The tensor, for example `layers.0.weight`.
    public let tensor: String
    /// The place in the tensor, `[row, column]` or `[row]`.
    public let index: [Int]
    /// ∂loss/∂θ by back-propagation.
    public let gradient: Double
    /// ∂loss/∂θ by finite differences.
    public let difference: Double
    /// How far `difference` may be off: 10 standard errors, from the scatter about its fit, and the jump between the
    /// slopes on both sides, which is there where an activation has a kink.
    ///
    /// The scatter has 4 degrees of freedom, so that ten standard errors are passed by chance less than once in 1,000.
    public let uncertainty: Double

    /// A row.
    public init(tensor: String, index: [Int], gradient: Double, difference: Double, uncertainty: Double) {
      self.tensor = tensor
      self.index = index
      self.gradient = gradient
      self.difference = difference
      self.uncertainty = uncertainty
    }

    /// |gradient − difference| over the larger of the two; 0 where both vanish.
    public var relativeDeviation: Double {
      let size = max(abs(gradient), abs(difference))
      return size > 0 ? abs(gradient - difference) / size : 0
    }

    /// Whether the two are within the uncertainty and 0.1 % of each other.
    public var agrees: Bool {
      abs(gradient - difference) <= 0.001 * max(abs(gradient), abs(difference)) + uncertainty
    }
  }

  /// The parameters, tensor after tensor.
  public let rows: [Row]
  /// Whether the last layer was displaced for the check: where it is zero, no gradient passes below it.
  public let isDisplaced: Bool
  /// The rows that do not agree.
  public var disagreements: [Row] { rows.filter { !$0.agrees } }

  /// The first disagreement that speaks against the gradient, if any does.
  ///
  /// A few parameters may disagree by less than 5 % where kinks of relu lie within the differences' distances; a wrong
  /// derivative is wrong in whole tensors, or by more.
  public var contradiction: Row? {
    let isFew = disagreements.count <= rows.count / 8
    return disagreements.first { !isFew || !(abs($0.gradient - $0.difference) < 0.05 * abs($0.difference)) }
  }

}

extension Trainer {
  /// Compares the gradient of the coming step with differences of its loss, with the step's own draws, on one process.
  ///
  /// The loss is a mean of Float residuals, so that a difference at one distance is noise if near and curvature if far.
  /// Here the odd part d(x) = ½(L(θ+x) − L(θ−x)) is taken at six distances and fitted by a x + b x³: a is free of
  /// curvature up to x⁴, averages the noise, and its scatter measures it. Of several ranges of x the one with the least
  /// uncertainty counts; kinks need near ones.
  ///
  /// - Parameter count: the least number of parameters.
  /// - Returns: the gradient and the differences, tensor after tensor.
  public func checkGradient(count: Int = 24) -> GradientCheck {
    precondition(communicator.size == 1, "a gradient check on \(communicator.size) ranks")
    let watching = observer
    observer = nil
    var saved = Matrix(rows: 1, columns: layout.count)
    saved.copy(from: parameters)
    defer {
      for work in works { work.objective.holdMean(false) }
      parameters.copy(from: saved)
      observer = watching
    }
    var sequence = RandomStream(seed: seed, purpose: .gradientCheck, step: UInt64(step)).row(0)
    let isDisplaced = displaceLastLayer(&sequence)
    drawBatch()
    computeGradients()
    for work in works { work.objective.holdMean(true) }
    let ranges = network.activation == .relu ? [0.02, 0.004, 0.0008] : [0.5, 0.1, 0.02]
    let centers = (network: loss(ofFurther: false), further: loss(ofFurther: true))
    let rows = choose(count, &sequence).map { entry, place in
      let isFurther = entry.offset >= layout.networkCount
      let slope = slope(
        at: entry.offset + place, ranges: ranges, center: isFurther ? centers.further : centers.network,
        ofFurther: isFurther)
      return GradientCheck.Row(
        tensor: entry.name, index: entry.shape.count == 1 ? [place] : [place / entry.shape[1], place % entry.shape[1]],
        gradient: Double(gradients[0, entry.offset + place]), difference: slope.value, uncertainty: slope.uncertainty)
    }
    return GradientCheck(rows: rows, isDisplaced: isDisplaced)
  }

  /// Distinct places, by tensor: equally many of each tensor as far as it has so many.
  ///
  /// Of parts beside the network those that learn from a loss of the batch: a schedule learns from its variance.
  private func choose(_ count: Int, _ sequence: inout VariateSequence) -> [(ParameterLayout.Entry, Int)] {
    let work = works[0]
    let checksFurther =
      unsafe work.objective.furtherLoss(set: 0, of: work.pass, parameters: parameters.pointer) != nil
    let entries = layout.entries.filter { checksFurther || $0.offset < layout.networkCount }
    var chosen = entries.map { _ in Set<Int>() }
    let available = entries.reduce(0) { $0 + $1.count }
    while chosen.reduce(0, { $0 + $1.count }) < min(count, available) {
      for (e, entry) in entries.enumerated() where chosen[e].count < entry.count {
        while !chosen[e].insert(sequence.nextBelow(entry.count)).inserted {}
      }
    }
    return zip(entries, chosen).flatMap { entry, places in places.sorted().map { (entry, $0) } }
  }

  private func displaceLastLayer(_ sequence: inout VariateSequence) -> Bool {
    let weight = layout.weight(network.layerCount - 1)
    guard weight.range.allSatisfy({ parameters[0, $0] == 0 }) else { return false }
    let scale = 1 / Double(weight.shape[1]).squareRoot()
    for i in weight.range { parameters[0, i] = Float(scale * sequence.nextNormal()) }
    return true
  }

  private func slope(
    at index: Int, ranges: [Double], center: Double, ofFurther isFurther: Bool
  ) -> (value: Double, uncertainty: Double) {
    let value = parameters[0, index]
    defer { parameters[0, index] = value }
    let slopes = ranges.map { range in
      let points = (1...6).map { j in
        let distance = Float(range * Double(j) / 6)
        let (above, below) = (value + distance, value - distance)
        let losses = (
          loss(with: above, at: index, ofFurther: isFurther), loss(with: below, at: index, ofFurther: isFurther)
        )
        return Point(
          // What is stored is rounded: the distance is that of the stored numbers.
          x: (Double(above) - Double(below)) / 2, odd: (losses.0 - losses.1) / 2,
          even: (losses.0 + losses.1) / 2 - center)
      }
      return slope(points)
    }
    return slopes.dropFirst().reduce(slopes[0]) { $1.uncertainty < $0.uncertainty ? $1 : $0 }
  }

  private func slope(_ points: [Point]) -> (value: Double, uncertainty: Double) {
    let odd = fit(points.map { ($0.x, $0.odd) }, power: 3)
    // A smooth loss has an even part without a term in |x|; that of a kink is half the jump between the slopes.
    let even = fit(points.map { ($0.x, $0.even) }, power: 2)
    return (odd.value, 10 * odd.error + 2 * abs(even.value))
  }

  private func loss(with value: Float, at index: Int, ofFurther isFurther: Bool) -> Double {
    parameters[0, index] = value
    // Parts beside the network make its inputs, and lie behind it: until they are varied the inputs are the step's.
    return loss(ofFurther: isFurther, writesInputs: isFurther)
  }

  /// The loss of the batch that was drawn last, the network's or that of the parts beside it.
  private func loss(ofFurther isFurther: Bool, writesInputs: Bool = true) -> Double {
    var sum = 0.0
    for work in works {
      let (pass, objective) = (work.pass, work.objective)
      for group in pass.groups {
        if writesInputs { unsafe objective.writeInputs(of: pass, group: group, parameters: parameters.pointer) }
        if objective.usesNetwork { unsafe pass.forward(parameters.pointer, group: group) }
        for set in group {
          sum +=
            isFurther
            ? unsafe objective.furtherLoss(set: set, of: pass, parameters: parameters.pointer) ?? 0
            : unsafe objective.loss(set: set, of: pass, parameters: parameters.pointer, count: rows)
        }
      }
    }
    return sum / Double(options.batch)
  }
}

/// The parts of the loss at distance x on both sides.
private struct Point {
  let x, odd, even: Double
}

/// Least squares of y ≈ a x + b xᵖ: a and its standard error.
private func fit(_ points: [(x: Double, y: Double)], power: Int) -> (value: Double, error: Double) {
  // In units of the largest x, for a well-conditioned system.
  let unit = points.map(\.x).max() ?? 1
  let scaled = points.map { point in
    let x = point.x / unit
    return (x: x, z: power == 2 ? x * x : x * x * x, y: point.y)
  }
  let xx = scaled.reduce(0) { $0 + $1.x * $1.x }
  let xz = scaled.reduce(0) { $0 + $1.x * $1.z }
  let zz = scaled.reduce(0) { $0 + $1.z * $1.z }
  let xy = scaled.reduce(0) { $0 + $1.x * $1.y }
  let zy = scaled.reduce(0) { $0 + $1.z * $1.y }
  let determinant = xx * zz - xz * xz
  let (a, b) = ((zz * xy - xz * zy) / determinant, (xx * zy - xz * xy) / determinant)
  let residuals = scaled.reduce(0) { sum, p in
    let r = p.y - a * p.x - b * p.z
    return sum + r * r
  }
  return (a / unit, (residuals / Double(points.count - 2) * zz / determinant).squareRoot() / unit)
}
