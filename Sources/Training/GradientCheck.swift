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
    /// The standard error of `difference`, from the scatter about its fit.
    public let standardError: Double

    /// A row.
    public init(tensor: String, index: [Int], gradient: Double, difference: Double, standardError: Double) {
      self.tensor = tensor
      self.index = index
      self.gradient = gradient
      self.difference = difference
      self.standardError = standardError
    }

    /// |gradient − difference| over the larger of the two; 0 where both vanish.
    public var relativeDeviation: Double {
      let size = max(abs(gradient), abs(difference))
      return size > 0 ? abs(gradient - difference) / size : 0
    }

    /// Whether the two are within 0.1 % and 10 standard errors of each other.
    ///
    /// The scatter has 4 degrees of freedom, so that ten standard errors are passed by chance less than once in 1,000.
    public var agrees: Bool {
      abs(gradient - difference) <= 0.001 * max(abs(gradient), abs(difference)) + 10 * standardError
    }
  }

  /// The parameters, tensor after tensor.
  public let rows: [Row]
  /// Whether the last layer was displaced for the check: where it is zero, no gradient passes below it.
  public let isDisplaced: Bool
}

extension Trainer {
  /// Compares the gradient of the coming step with differences of its loss, with the step's own draws, on one process.
  ///
  /// The loss is a mean of Float residuals, so that a difference at one distance is noise if near and curvature if far.
  /// Here the odd part d(x) = ½(L(θ+x) − L(θ−x)) is taken at six distances and fitted by a x + b x³: a is free of
  /// curvature up to x⁴, averages the noise, and its scatter measures it. Of two ranges of x the better one counts.
  ///
  /// - Parameter count: the least number of parameters; all tensors get the same share.
  /// - Returns: gradient and difference of each chosen parameter.
  public func checkGradient(count: Int = 24) -> GradientCheck {
    precondition(communicator.size == 1, "a gradient check on \(communicator.size) ranks")
    let watching = observer
    observer = nil
    var saved = Matrix(rows: 1, columns: layout.count)
    saved.copy(from: parameters)
    defer {
      parameters.copy(from: saved)
      observer = watching
    }
    var sequence = RandomStream(seed: seed, purpose: .gradientCheck, step: UInt64(step)).row(0)
    let isDisplaced = displaceLastLayer(&sequence)
    drawBatch()
    computeGradients()
    let share = (count + layout.entries.count - 1) / layout.entries.count
    var rows: [GradientCheck.Row] = []
    for entry in layout.entries {
      for _ in 0..<share {
        let place = sequence.nextBelow(entry.count)
        let slope = slope(at: entry.offset + place)
        rows.append(
          GradientCheck.Row(
            tensor: entry.name,
            index: entry.shape.count == 1 ? [place] : [place / entry.shape[1], place % entry.shape[1]],
            gradient: Double(gradients[0, entry.offset + place]), difference: slope.value, standardError: slope.error))
      }
    }
    return GradientCheck(rows: rows, isDisplaced: isDisplaced)
  }

  private func displaceLastLayer(_ sequence: inout VariateSequence) -> Bool {
    let weight = layout.weight(model.network.layerCount - 1)
    guard weight.range.allSatisfy({ parameters[0, $0] == 0 }) else { return false }
    let scale = 1 / Double(weight.shape[1]).squareRoot()
    for i in weight.range { parameters[0, i] = Float(scale * sequence.nextNormal()) }
    return true
  }

  private func slope(at index: Int) -> (value: Double, error: Double) {
    let value = parameters[0, index]
    defer { parameters[0, index] = value }
    let fits = [0.15, 0.03].map { range in
      oddFit(
        (1...6).map { j in
          let distance = Float(range * Double(j) / 6)
          let (above, below) = (value + distance, value - distance)
          // What is stored is rounded: the distance is that of the stored numbers.
          let difference = loss(with: above, at: index) - loss(with: below, at: index)
          return ((Double(above) - Double(below)) / 2, difference / 2)
        })
    }
    return fits[0].error <= fits[1].error ? fits[0] : fits[1]
  }

  private func loss(with value: Float, at index: Int) -> Double {
    parameters[0, index] = value
    unsafe pass.forward(parameters.pointer)
    return (0..<pass.sets).reduce(0) { $0 + batch.loss(set: $1, of: pass, count: pass.rows) } / Double(options.batch)
  }
}

/// Least squares of d ≈ a x + b x³: a and its standard error.
private func oddFit(_ points: [(x: Double, d: Double)]) -> (value: Double, error: Double) {
  // In units of the largest x, for a well-conditioned system.
  let unit = points.map(\.x).max() ?? 1
  var (s2, s4, s6, p1, p3) = (0.0, 0.0, 0.0, 0.0, 0.0)
  for point in points {
    let x = point.x / unit
    s2 += x * x
    s4 += x * x * x * x
    s6 += x * x * x * x * x * x
    p1 += x * point.d
    p3 += x * x * x * point.d
  }
  let determinant = s2 * s6 - s4 * s4
  let (a, b) = ((s6 * p1 - s4 * p3) / determinant, (s2 * p3 - s4 * p1) / determinant)
  let residuals = points.reduce(0.0) { sum, point in
    let x = point.x / unit
    let r = point.d - a * x - b * x * x * x
    return sum + r * r
  }
  return (a / unit, (residuals / Double(points.count - 2) * s6 / determinant).squareRoot() / unit)
}
