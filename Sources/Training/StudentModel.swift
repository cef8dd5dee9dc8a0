public import Diffusion
internal import LinearAlgebra
public import Networks

/// A one-step student: a network that maps the noise at the horizon T to a sample, by the form of the posterior mean.
///
/// ```
/// x̂(u) = r²MᵀH⁻¹u + r F(G u, level(T)),   M, H of the kernel at T
/// ```
/// It has the network of its teacher, whose score is where the student's training begins. An untrained network maps u to
/// the mean of the data given u, as if these were Gaussian. r is near 1 as little of the data is left at T, and F is near the
/// sample itself. Luhman and Luhman 2021, arXiv 2101.02388; their student has the same form, with the noise as output.
public struct StudentModel: Sendable {
  /// The process whose noise is mapped.
  public let process: any ForwardProcess
  /// The number d of data coordinates.
  public let dimension: Int
  /// The network's shape: the teacher's.
  public let network: NetworkArchitecture
  /// The embedding's frequencies.
  public let frequencies: [Float]
  /// What turns F into a sample at T.
  private let coefficients: ScoreCoefficients
  /// What the network is told of T.
  let level: Float
  /// r, what F is multiplied by.
  let gain: Double

  /// The student of a teacher.
  ///
  /// - Parameter teacher: a model without conditions and learned variance, of Gaussian noise, whose network puts out d
  ///   numbers and sees the whole state.
  public init(_ teacher: ScoreModel) {
    precondition(teacher.conditions == 0 && teacher.variance == nil, "a student with conditions or a variance")
    precondition(
      teacher.network.outputs == teacher.dimension && teacher.process.noise == .gaussian,
      "\(teacher.network.outputs) outputs for samples of \(teacher.dimension) numbers")
    process = teacher.process
    dimension = teacher.dimension
    network = teacher.network
    frequencies = teacher.frequencies
    coefficients = ScoreCoefficients(
      teacher.process, input: teacher.input, output: .posteriorMean, conditioning: .data, at: teacher.process.horizon)
    level = teacher.embeddedLevel(noiseLevel: coefficients.noiseLevel, at: teacher.process.horizon)
    gain = coefficients.meanOutput[0]
  }

  /// The numbers of a pair: the sample x, then the noise u.
  public var pairColumns: Int { (1 + process.blocks) * dimension }

  /// Gives a pass the input and the level of a row, whose noise u is c·d numbers.
  @unsafe func prepare(_ pass: NetworkPass, set: Int, row: Int, _ u: UnsafePointer<Float>) {
    unsafe multiply(
      coefficients.whitening, u, into: pass.state(set: set, row: row), blocks: coefficients.inputBlocks,
      dimension: dimension)
    pass.setLevel(level, set: set, row: row)
  }

  /// Coordinate k of r²MᵀH⁻¹u, the sample where F is zero.
  @unsafe func sampleWithoutNetwork(_ u: UnsafePointer<Float>, _ k: Int) -> Double {
    var sum = 0.0
    for b in 0..<process.blocks { unsafe sum += coefficients.meanState[b] * Double(u[b * dimension + k]) }
    return sum
  }
}
