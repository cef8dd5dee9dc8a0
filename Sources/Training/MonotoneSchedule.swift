internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import RealFunctions

/// A monotone map N of [0, 1] onto itself, a network of one hidden layer with positive weights: the interior of VDM's γ.
///
/// ```
/// γ̃(u) = (|w| + f) u + 1/K Σ_k |c_k| tanh(½(|b_k| x + d_k)),   x = 2u − 1,   N(u) = (γ̃(u) − γ̃(0)) / (γ̃(1) − γ̃(0))
/// ```
/// Kingma, Salimans, Poole and Ho 2021, arXiv 2107.00630, appendix H, and their code; they take 1,024 hidden units. The floor f
/// keeps N′ positive, and so every part of the range in sight.
struct MonotoneSchedule: Sendable, Equatable {
  /// The name of its part of the parameters.
  static let part = "schedule"
  /// K.
  static let units = 24
  private static let floor = 0.05
  /// The tensors and their lengths, in the order of the numbers.
  static let tensors: [(name: String, shape: [Int])] = [
    ("slope", [1]), ("input", [units]), ("shift", [units]), ("output", [units]),
  ]
  /// The number of parameters.
  static let count = 1 + 3 * units

  /// w, then b, d and c.
  private let parameters: [Double]
  /// γ̃(0), and γ̃(1) − γ̃(0).
  private let start, range: Double

  /// The map of `count` parameters.
  init(_ parameters: [Double]) {
    precondition(parameters.count == Self.count, "\(parameters.count) parameters for \(Self.count)")
    self.parameters = parameters
    start = Self.raw(parameters, 0).value
    range = Self.raw(parameters, 1).value - start
  }

  /// The parameters to begin with: units side by side, with slopes that are nearly even.
  static var initial: [Float] {
    let centres = (0..<units).map { 2 * (Double($0) + 0.5) / Double(units) - 1 }
    return [1] + centres.map { _ in 8 } + centres.map { Float(-8 * $0) } + centres.map { _ in 1 }
  }

  /// The parameters from the buffer in which they lie, each tensor at a multiple of 16.
  static func parameters(_ read: (_ place: Int) -> Float) -> [Double] {
    places.map { Double(read($0)) }
  }

  /// Numbers of the parameters' order as they lie in a buffer of `count`.
  static func laidOut(_ values: [Double], count: Int) -> [Float] {
    var result = [Float](repeating: 0, count: count)
    for (place, value) in zip(places, values) { result[place] = Float(value) }
    return result
  }

  /// Where each parameter lies.
  private static var places: [Int] {
    var (places, next): ([Int], Int) = ([], 0)
    for tensor in tensors {
      let count = tensor.shape.reduce(1, *)
      places += next..<next + count
      next = (next + count + 15) / 16 * 16
    }
    return places
  }

  /// N and N′ at u.
  func callAsFunction(_ u: Double) -> (value: Double, slope: Double) {
    let raw = Self.raw(parameters, u)
    return ((raw.value - start) / range, raw.slope / range)
  }

  private static func raw(_ p: [Double], _ u: Double) -> (value: Double, slope: Double) {
    let (x, k) = (2 * u - 1, units)
    var (value, slope) = (0.0, 0.0)
    for i in 0..<k {
      let (b, d, c) = (abs(p[1 + i]), p[1 + k + i], abs(p[1 + 2 * k + i]))
      let t = halfTangent(b * x + d)
      value += c * t
      slope += c * b * (1 - t * t)
    }
    let linear = abs(p[0]) + floor
    return (linear * u + value / Double(k), linear + slope / Double(k))
  }

  /// tanh(½h).
  private static func halfTangent(_ h: Double) -> Double {
    let e = exp(-abs(h))
    return h < 0 ? -(1 - e) / (1 + e) : (1 - e) / (1 + e)
  }

  /// Adds `factor` · ∂ ln p(y)/∂θ to a gradient, p = 1/N′ the density of y = N(u) for uniform u, at y fixed.
  ///
  /// ```
  /// ln p(y) = −ln N′(u),   ∂u/∂θ = −∂_θN/N′,   ∂ ln p/∂θ = −(∂_θN′ − N″ ∂_θN/N′)/N′
  /// ```
  func addLogDensityGradient(at u: Double, factor: Double, to gradient: inout [Double]) {
    let (p, k, x) = (parameters, Self.units, 2 * u - 1)
    let ends = (Tangents(p, 0), Tangents(p, 1))
    let here = Tangents(p, u)
    let (y, slope) = self(u)
    let bend = here.bend / range
    for i in 0..<Self.count {
      let spread = ends.1.value(i, k, 1) - ends.0.value(i, k, -1)
      let value = (here.value(i, k, x) - ends.0.value(i, k, -1) - y * spread) / range
      let steepness = (here.slope(i, k, x) - slope * spread) / range
      gradient[i] -= factor * (steepness - bend * value / slope) / slope
    }
  }

  /// What derivatives with respect to the parameters are made of, at one u.
  private struct Tangents {
    let p: [Double]
    let u: Double
    /// tanh of each unit.
    let tangents: [Double]
    /// γ̃″.
    let bend: Double

    init(_ p: [Double], _ u: Double) {
      let k = MonotoneSchedule.units
      (self.p, self.u) = (p, u)
      let tangents = (0..<k).map { MonotoneSchedule.halfTangent(abs(p[1 + $0]) * (2 * u - 1) + p[1 + k + $0]) }
      bend =
        (0..<k).reduce(0) { sum, i in
          let (b, t) = (p[1 + i], tangents[i])
          return sum - 2 * abs(p[1 + 2 * k + i]) * b * b * t * (1 - t * t)
        } / Double(k)
      self.tangents = tangents
    }

    /// ∂γ̃/∂θ_i.
    func value(_ i: Int, _ k: Int, _ x: Double) -> Double {
      guard i > 0 else { return sign(p[0]) * u }
      let unit = (i - 1) % k
      let (c, t) = (p[1 + 2 * k + unit], tangents[unit])
      let rise = 0.5 * abs(c) * (1 - t * t) / Double(k)
      switch (i - 1) / k {
      case 0: return sign(p[i]) * rise * x
      case 1: return rise
      default: return sign(c) * t / Double(k)
      }
    }

    /// ∂γ̃′/∂θ_i.
    func slope(_ i: Int, _ k: Int, _ x: Double) -> Double {
      guard i > 0 else { return sign(p[0]) }
      let unit = (i - 1) % k
      let (b, c, t) = (abs(p[1 + unit]), p[1 + 2 * k + unit], tangents[unit])
      let steep = (1 - t * t) / Double(k)
      switch (i - 1) / k {
      case 0: return sign(p[i]) * abs(c) * steep * (1 - b * t * x)
      case 1: return -abs(c) * b * t * steep
      default: return sign(c) * b * steep
      }
    }

    private func sign(_ x: Double) -> Double { x < 0 ? -1 : 1 }
  }
}

/// The law of times that a schedule stands for: the noise level −½ ln snr goes through its range as N says.
///
/// Between 4,096 levels, equally far apart, ln t is linear in the level: the law's density is then known exactly, and a
/// loss divided by it has the same mean whatever N is.
struct ScheduledTimes: Sendable {
  private static let cells = 4096
  /// ln t at equally spaced levels.
  private let logTimes: [Double]

  init(_ process: any ForwardProcess, from first: Double, to last: Double) {
    let (low, high) = (process.kernel(at: first).noiseLevel, process.kernel(at: min(last, process.horizon)).noiseLevel)
    precondition(low < high, "noise levels from \(low) to \(high)")
    var times = [log(first)]
    for i in 1..<Self.cells {
      let level = low + (high - low) * Double(i) / Double(Self.cells)
      // Where the noise stands still or goes back on its way, the least that keeps times in order.
      times.append(max(log(process.time(ofNoise: exp(level))), times[i - 1] + 1e-12))
    }
    times.append(max(log(last), times[Self.cells - 1] + 1e-12))
    logTimes = times
  }

  /// The time at quantile u, and the law's density there.
  func draw(_ u: Double, _ schedule: MonotoneSchedule) -> (time: Double, density: Double) {
    let (y, slope) = schedule(u)
    let place = min(max(y, 0), 1) * Double(Self.cells)
    let cell = min(Int(place), Self.cells - 1)
    let step = logTimes[cell + 1] - logTimes[cell]
    let time = exp(logTimes[cell] + (place - Double(cell)) * step)
    return (time, 1 / (slope * Double(Self.cells) * step * time))
  }
}

extension Trainer {
  /// The schedule's parameters, where it is learned.
  var scheduleParameters: [Double]? {
    guard let part = layout.further.first(where: { $0.name == MonotoneSchedule.part }) else { return nil }
    return MonotoneSchedule.parameters { parameters[0, part.range.lowerBound + $0] }
  }
}
