import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import Testing

/// The exact law of x_0's columns for data of a law of two columns that depend on each other.
struct PairDenoiser: StateDenoiser {
  let process: DiscreteProcess
  let form: ReverseForm
  var dimension: Int { 2 }

  private let probabilities: [Double]

  init(process: DiscreteProcess, form: ReverseForm) {
    (self.process, self.form) = (process, form)
    let levels = process.levels
    let weights = (0..<levels * levels).map { cell -> Double in
      let (a, b) = (cell / levels, cell % levels)
      return exp(-Double((a - b) * (a - b))) * Double(a + 1)
    }
    probabilities = weights.map { $0 / weights.reduce(0, +) }
  }

  /// p(a, b), with a and b mostly close together.
  func law(_ a: Int, _ b: Int) -> Double { probabilities[process.levels * a + b] }

  mutating func evaluate(_ states: borrowing Matrix, at t: Int, into laws: inout Matrix) {
    let (levels, q) = (process.levels, process.marginal(t))
    let reach = (0..<process.states).map { x in (0..<levels).map { q[$0, x] } }
    for row in 0..<states.rows {
      let seen = [Int(states[row, 0]), Int(states[row, 1])]
      for column in 0..<2 {
        var weights = [Double](repeating: 0, count: levels)
        for k in 0..<levels {
          var evidence = 0.0
          for other in 0..<levels {
            let joint = column == 0 ? law(k, other) : law(other, k)
            evidence += joint * reach[seen[1 - column]][other]
          }
          let own = form == .posterior ? reach[seen[column]][k] : 1
          weights[k] = max(evidence * own, 1e-30)
        }
        let total = weights.reduce(0, +)
        for k in 0..<levels { laws[row, column * levels + k] = Float(weights[k] / total) }
      }
    }
  }
}

@Suite struct StateGeneratorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let kind: DiscreteProcessKind
    let form: ReverseForm
    var testDescription: String { "\(kind.rawValue), \(form.rawValue)" }
    static let all = DiscreteProcessKind.allCases.flatMap { kind in
      ReverseForm.allCases.map { Case(kind: kind, form: $0) }
    }
  }

  private func generator(_ denoiser: PairDenoiser, steps: Int, takesMode: Bool = false) -> StateGenerator {
    StateGenerator(
      process: denoiser.process, dimension: 2, times: StateGenerator.times(steps, of: denoiser.process),
      form: denoiser.form, takesMode: takesMode, seed: 11)
  }

  @Test("samples of the exact law of x_0 have the data's law", arguments: Case.all) func law(_ test: Case) {
    let process = DiscreteProcess(test.kind, levels: 4, steps: 100, noise: (0.01, 0.4))
    var denoiser = PairDenoiser(process: process, form: test.form)
    var counts = [Double](repeating: 0, count: 16)
    var rows = Matrix(rows: 256, columns: 2)
    var generator = generator(denoiser, steps: 100)
    for chunk in 0..<16 {
      generator.generate(chunk: chunk, denoiser: &denoiser, into: &rows)
      for r in 0..<256 { counts[4 * Int(rows[r, 0]) + Int(rows[r, 1])] += 1.0 / 4096 }
    }
    var (distance, independent) = (0.0, 0.0)
    let marginals = (0..<4).map { a in
      [(0..<4).reduce(0.0) { $0 + denoiser.law(a, $1) }, (0..<4).reduce(0.0) { $0 + denoiser.law($1, a) }]
    }
    for cell in 0..<16 {
      distance += 0.5 * abs(counts[cell] - denoiser.law(cell / 4, cell % 4))
      independent += 0.5 * abs(marginals[cell / 4][0] * marginals[cell % 4][1] - denoiser.law(cell / 4, cell % 4))
    }
    // 4,096 true rows have a distance of 0.017 ± 0.005; columns drawn independently in one of a hundred steps add 0.01.
    #expect(distance < 0.05 && independent > 0.25)
  }

  @Test("a sample depends on its index alone, and takes as many evaluations as steps") func keys() {
    let process = DiscreteProcess(.uniform, levels: 5, steps: 20)
    var denoiser = PairDenoiser(process: process, form: .joint)
    func chunk(_ number: Int, after others: [Int]) -> [Float] {
      var generator = generator(denoiser, steps: 7)
      var rows = Matrix(rows: 256, columns: 2)
      #expect(generator.evaluationsPerSample == 7)
      for other in others + [number] { generator.generate(chunk: other, denoiser: &denoiser, into: &rows) }
      return (0..<512).map { rows[$0 / 2, $0 % 2] }
    }
    #expect(chunk(3, after: []) == chunk(3, after: [0, 5]))
    #expect(chunk(3, after: []) != chunk(4, after: []))
  }

  @Test("sub-sequences go evenly from T to 0") func times() {
    let process = DiscreteProcess(.absorbing, levels: 2, steps: 10)
    #expect(StateGenerator.times(4, of: process) == [10, 8, 5, 3, 0])
    #expect(StateGenerator.times(99, of: process) == Array((0...10).reversed()))
    #expect(StateGenerator.times(1, of: process) == [10, 0])
  }

  @Test("the likeliest state ends a chain where it is asked for") func mode() {
    let process = DiscreteProcess(.absorbing, levels: 3, steps: 1)
    var denoiser = PairDenoiser(process: process, form: .joint)
    var generator = generator(denoiser, steps: 1, takesMode: true)
    var rows = Matrix(rows: 256, columns: 2)
    generator.generate(chunk: 0, denoiser: &denoiser, into: &rows)
    // All is masked: each column takes the mode of its marginal.
    let best = [
      (0..<3).max { sum(denoiser, 0, $0) < sum(denoiser, 0, $1) },
      (0..<3).max { sum(denoiser, 1, $0) < sum(denoiser, 1, $1) },
    ]
    #expect((0..<256).allSatisfy { Int(rows[$0, 0]) == best[0] && Int(rows[$0, 1]) == best[1] })
  }

  private func sum(_ denoiser: PairDenoiser, _ column: Int, _ k: Int) -> Double {
    (0..<3).reduce(0) { $0 + (column == 0 ? denoiser.law(k, $1) : denoiser.law($1, k)) }
  }
}
