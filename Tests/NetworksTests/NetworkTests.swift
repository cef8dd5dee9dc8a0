import LinearAlgebra
import Networks
import Randomness
import Testing

/// What a network has beside its layers.
enum Head: CaseIterable {
  case plain, shrinkage, radial, both, fourier, all, partlyShrunk, words, shrunkWords

  var shrinks: Bool { [.shrinkage, .both, .all, .partlyShrunk, .shrunkWords].contains(self) }
  var isRadial: Bool { [.radial, .both, .all].contains(self) }
  /// Two of three outputs have a gate where there are three conditions.
  var conditions: Int { self == .partlyShrunk ? 3 : 2 }
  /// Half a turn over 2, and over ½: differences of the oracle are taken at 1e-5.
  var frequencies: [Int] { self == .fourier || self == .all ? [-1, 1] : [] }
  /// A word of two columns and a column of 0 and 1, or a number and a word.
  var words: WordColumns? {
    guard self == .words || self == .shrunkWords else { return nil }
    return WordColumns(
      blocks: self == .words ? [0..<2, 2..<3] : [1..<3], centre: [0.5, 0.3, 0.2], scale: [0.5, 0.4, 0.7],
      logPrior: [-0.4, -1.1, 0.6])
  }
  /// Rounding of evidence is larger than that of sums: some 20 of size where the noise is least, times 6 of F for p.
  var roundings: Double { words == nil ? 1 : 10 }
}

/// What a network is tried with.
struct Trial: Sendable, CustomTestStringConvertible {
  let activation: Activation
  let residual: Bool
  let head: Head

  var testDescription: String { "\(activation.rawValue), \(residual ? "residual" : "plain"), \(head)" }

  /// Every activation with and without residuals, and one with every head.
  static let all =
    Activation.allCases.flatMap { [Trial($0, false, .plain), Trial($0, true, .plain)] }
    + Head.allCases.dropFirst().flatMap { [Trial(.silu, false, $0), Trial(.silu, true, $0)] }

  private init(_ activation: Activation, _ residual: Bool, _ head: Head) {
    (self.activation, self.residual, self.head) = (activation, residual, head)
  }

  var example: Case { Case(activation, residual: residual, head: head) }
}

/// A small network with every parameter random, and one batch for it.
final class Case {
  let architecture: NetworkArchitecture
  let frequencies: [Float]
  var parameters: Matrix
  let states: Matrix
  let levels: [Float]
  static let rows = 6

  init(
    _ activation: Activation, residual: Bool, head: Head = .plain, widths: [Int] = [16, 16, 24], scale: Float = 0.3
  ) {
    architecture = NetworkArchitecture(
      inputs: 5, conditions: head.conditions, outputs: 3, widths: widths, activation: activation, residual: residual,
      shrinkage: head.shrinks, radial: head.isRadial, frequencies: head.frequencies,
      words: head.words, embedding: TimeEmbedding(kind: .fourier, features: 8))
    frequencies = architecture.embedding.frequencies(seed: 3)
    var parameters = Matrix(rows: 1, columns: ParameterLayout(architecture).count)
    RandomStream(seed: 5, purpose: .benchmark).fillNormals(&parameters, firstIndex: 0)
    for i in 0..<parameters.count { parameters[0, i] *= scale }
    self.parameters = parameters
    var states = Matrix(rows: Self.rows, columns: 5)
    RandomStream(seed: 6, purpose: .benchmark).fillNormals(&states, firstIndex: 0)
    self.states = states
    levels = (0..<Self.rows).map { Float($0) - 2.3 }
  }

  var oracle: DoubleNetwork {
    DoubleNetwork(
      architecture: architecture, frequencies: frequencies,
      parameters: (0..<parameters.count).map { Double(parameters[0, $0]) })
  }

  func state(_ row: Int) -> [Double] { (0..<5).map { Double(states[row, $0]) } }

  func pass(sets: Int = 1, use: NetworkPass.Use = .training) -> NetworkPass {
    let pass = NetworkPass(
      architecture: architecture, frequencies: frequencies, rows: Self.rows / sets, sets: sets, use: use)
    for row in 0..<Self.rows {
      let (set, local) = (row / pass.rows, row % pass.rows)
      pass.setLevel(levels[row], set: set, row: local)
      pass.setSignal(DoubleNetwork.signal(levels[row]), set: set, row: local)
      for k in 0..<5 { unsafe pass.state(set: set, row: local)[k] = states[row, k] }
    }
    unsafe pass.forward(parameters.pointer)
    return pass
  }
}

/// Jv and Jᵀc of each row, J = ∂F/∂u, for random v and c: the one by the turned weights, the other by the weights or their copy.
struct Products: ~Copyable {
  let tangent, cotangent, forward, backward: Matrix

  init(_ example: Case) {
    let pass = example.pass()
    var tangent = Matrix(rows: Case.rows, columns: 5)
    var cotangent = Matrix(rows: Case.rows, columns: 3)
    RandomStream(seed: 8, purpose: .benchmark).fillNormals(&tangent, firstIndex: 0)
    RandomStream(seed: 9, purpose: .benchmark).fillNormals(&cotangent, firstIndex: 0)
    var forward = Matrix(rows: Case.rows, columns: 3)
    var backward = Matrix(rows: Case.rows, columns: 5)
    pass.jvp(tangent: tangent, into: &forward)
    unsafe pass.vjp(example.parameters.pointer, cotangent: cotangent, into: &backward)
    self.tangent = tangent
    self.cotangent = cotangent
    self.forward = forward
    self.backward = backward
  }

  /// cᵀ(Jv) and (Jᵀc)ᵀv of a row, which are the same but for rounding.
  func pairings(_ row: Int) -> (Double, Double) {
    (
      (0..<3).reduce(0) { $0 + Double(cotangent[row, $1]) * Double(forward[row, $1]) },
      (0..<5).reduce(0) { $0 + Double(backward[row, $1]) * Double(tangent[row, $1]) }
    )
  }
}

@Suite struct NetworkTests {
  @Test("the output is that of an independent network in Double", arguments: Trial.all)
  func output(trial: Trial) {
    let example = trial.example
    for use in [NetworkPass.Use.training, .inference] {
      let pass = example.pass(use: use)
      for row in 0..<Case.rows {
        let expected = example.oracle.forward(state: example.state(row), level: example.levels[row])
        // Float sums of up to 32 terms of size 1, three layers deep: some 10 roundings of 6e-8 each.
        for o in 0..<3 {
          let error = abs(unsafe Double(pass.output(set: 0, row: row)[o]) - expected[o])
          #expect(error < 3e-6 * trial.head.roundings)
        }
      }
    }
  }

  @Test("layers of several tiles of columns have each tile's own weights and biases", arguments: [false, true])
  func wide(residual: Bool) {
    // A tile has at most 64 columns, or 32.
    let example = Case(.silu, residual: residual, widths: [150, 150, 80], scale: 0.1)
    for use in [NetworkPass.Use.training, .inference] {
      let pass = example.pass(use: use)
      for row in 0..<Case.rows {
        let expected = example.oracle.forward(state: example.state(row), level: example.levels[row])
        // Float sums of up to 160 terms below 1: some 30 roundings of 6e-8 each.
        for o in 0..<3 { #expect(abs(unsafe Double(pass.output(set: 0, row: row)[o]) - expected[o]) < 1e-5) }
      }
    }
  }

  @Test("a row puts out the same in whatever group of sets it stands") func groups() {
    let example = Case(.silu, residual: true, widths: [2048, 16, 16], scale: 0.1)
    let rows = 150
    var states = Matrix(rows: 3 * rows, columns: 5)
    RandomStream(seed: 7, purpose: .benchmark).fillNormals(&states, firstIndex: 0)
    func pass(of sets: Range<Int>) -> NetworkPass {
      let pass = NetworkPass(
        architecture: example.architecture, frequencies: example.frequencies, rows: rows, sets: sets.count,
        use: .inference)
      for row in 0..<rows * sets.count {
        let number = rows * sets.lowerBound + row
        pass.setLevel(Float(number % 7) - 2.3, set: row / rows, row: row % rows)
        for k in 0..<5 { unsafe pass.state(set: row / rows, row: row % rows)[k] = states[number, k] }
      }
      unsafe pass.forward(example.parameters.pointer)
      return pass
    }
    let all = pass(of: 0..<3)
    #expect(all.groups.count == 3)
    for set in 0..<3 {
      let alone = pass(of: set..<set + 1)
      for row in 0..<rows {
        let isSame = (0..<3).allSatisfy {
          unsafe all.output(set: set, row: row)[$0] == alone.output(set: 0, row: row)[$0]
        }
        #expect(isSame, "set \(set), row \(row)")
      }
    }
  }

  @Test("the gradient is the central difference of the oracle", arguments: Trial.all)
  func gradient(trial: Trial) {
    let example = trial.example
    let pass = example.pass(sets: 2)
    let cotangent: [Double] = [0.7, -1.1, 0.4]
    for row in 0..<Case.rows {
      for o in 0..<3 { unsafe pass.outputGradient(set: row / 3, row: row % 3)[o] = Float(cotangent[o]) }
    }
    let gradient = Matrix(rows: 2, columns: pass.layout.count)
    var seen: [Range<Int>] = []
    unsafe pass.backward(
      example.parameters.pointer, gradient: { unsafe gradient.pointer + $0 * pass.layout.count },
      completed: { _, elements in seen.append(elements) })
    #expect(seen.count == 2 * example.architecture.layerCount)
    func loss(_ network: DoubleNetwork) -> Double {
      (0..<Case.rows).reduce(0) { sum, row in
        let f = network.forward(state: example.state(row), level: example.levels[row])
        return sum + zip(f, cotangent).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    var network = example.oracle
    for entry in pass.layout.entries {
      for index in stride(from: entry.offset, to: entry.range.upperBound, by: 7) {
        let h = 1e-5
        let centre = network.parameters[index]
        network.parameters[index] = centre + h
        let above = loss(network)
        network.parameters[index] = centre - h
        let below = loss(network)
        network.parameters[index] = centre
        let expected = (above - below) / (2 * h)
        let found = Double(gradient[0, index] + gradient[1, index])
        // Float rounding of six rows' sums; the difference itself is right to 1e-9. A kink of relu within h: none here.
        #expect(
          abs(found - expected) < 2e-5 * trial.head.roundings * (1 + abs(expected)),
          "\(entry.name)[\(index - entry.offset)]")
      }
    }
  }

  @Test("after backward the input's gradient is that of vjp, for several sets too", arguments: Trial.all)
  func inputGradient(trial: Trial) {
    let example = trial.example
    let whole = example.pass()
    var cotangent = Matrix(rows: Case.rows, columns: 3)
    RandomStream(seed: 9, purpose: .benchmark).fillNormals(&cotangent, firstIndex: 0)
    var known = Matrix(rows: Case.rows, columns: 5)
    unsafe whole.forward(example.parameters.pointer)
    unsafe whole.vjp(example.parameters.pointer, cotangent: cotangent, into: &known)
    for sets in [1, 3] {
      let pass = example.pass(sets: sets)
      let gradient = Matrix(rows: 1, columns: pass.layout.count)
      var found = Matrix(rows: Case.rows, columns: 5)
      for group in pass.groups {
        unsafe pass.forward(example.parameters.pointer, group: group)
        for row in group.lowerBound * pass.rows..<group.upperBound * pass.rows {
          let into = unsafe pass.outputGradient(set: row / pass.rows, row: row % pass.rows)
          for k in 0..<3 { unsafe into[k] = cotangent[row, k] }
        }
        unsafe pass.backward(
          example.parameters.pointer, gradient: { _ in unsafe gradient.pointer }, completed: { _, _ in })
        unsafe pass.inputGradient(example.parameters.pointer, into: &found)
      }
      let isSame = (0..<Case.rows).allSatisfy { row in (0..<5).allSatisfy { found[row, $0] == known[row, $0] } }
      #expect(isSame, "\(sets) sets")
    }
  }

  @Test("jvp and vjp are the Jacobian of the oracle, and adjoint to each other", arguments: Trial.all)
  func products(trial: Trial) {
    let example = trial.example
    let products = Products(example)
    let oracle = example.oracle
    for row in 0..<Case.rows {
      let h = 1e-5
      let state = example.state(row)
      let direction = (0..<5).map { Double(products.tangent[row, $0]) }
      let above = oracle.forward(state: zip(state, direction).map { $0 + h * $1 }, level: example.levels[row])
      let below = oracle.forward(state: zip(state, direction).map { $0 - h * $1 }, level: example.levels[row])
      for o in 0..<3 {
        let expected = (above[o] - below[o]) / (2 * h)
        // Float rounding
        #expect(abs(Double(products.forward[row, o]) - expected) < 1e-5 * trial.head.roundings * (1 + abs(expected)))
      }
      let (left, right) = products.pairings(row)
      #expect(abs(left - right) < 1e-5 * trial.head.roundings * (1 + abs(left)))  // Float rounding
    }
  }

  @Test("sums that are said to be whole do not change any more, and none are before the last group") func progress() {
    let example = Case(.silu, residual: true, widths: [256, 256], scale: 0.05)
    // A group has 1,024 rows: it is a set.
    let (rows, sets) = (600, 3)
    let pass = NetworkPass(
      architecture: example.architecture, frequencies: example.frequencies, rows: rows, sets: sets, use: .training)
    #expect(pass.groups.count == sets)
    let slots = Matrix(rows: 2, columns: pass.layout.count)
    let sums = SetSums([.init(slot: 0, additions: [])] + (1..<sets).map { _ in .init(slot: 1, additions: [(0, 1)]) })
    var found: [(group: Int, first: Int, sums: [Float])] = []
    for group in pass.groups {
      for set in group {
        for row in 0..<rows {
          pass.setLevel(Float(row % 7) - 2.3, set: set, row: row)
          for k in 0..<5 { unsafe pass.state(set: set, row: row)[k] = Float((row + k + set) % 5) - 2 }
        }
      }
      unsafe pass.forward(example.parameters.pointer, group: group)
      for set in group {
        for row in 0..<rows { for k in 0..<3 { unsafe pass.outputGradient(set: set, row: row)[k] = Float(set + k) } }
      }
      unsafe pass.backward(
        example.parameters.pointer, sums: sums, slot: { unsafe slots.pointer + $0 * slots.columns },
        progress: { first in
          found.append((group.lowerBound, first, (first..<slots.columns).map { slots[0, $0] }))
        })
    }
    #expect(found.allSatisfy { $0.group == pass.groups[sets - 1].lowerBound })
    for (_, first, sums) in found { #expect((first..<slots.columns).map { slots[0, $0] } == sums) }
    // Nothing is whole at first; then one layer after another is.
    let starts = [slots.columns] + (0..<3).reversed().map { pass.layout.weight($0).offset }
    #expect(found.map(\.first).reduce(into: []) { if $0.last != $1 { $0.append($1) } } == starts)
    #expect((0..<slots.columns).contains { slots[0, $0] != 0 })
  }

  @Test("layers whose weights are copied with rows further apart pass gradients down", arguments: [false, true])
  func copied(residual: Bool) {
    // Rows of 128 numbers, with 8 features of time in a residual network, are copied where products are by AVX2. With
    // AVX-512 nothing is copied.
    let example = Case(.silu, residual: residual, widths: residual ? [120, 120, 128] : [128, 128, 40], scale: 0.1)
    let products = Products(example)
    for row in 0..<Case.rows {
      let (left, right) = products.pairings(row)
      // Float sums of up to 128 terms below 1: some 30 roundings of 6e-8 each. The products themselves are of size 1.
      #expect(abs(left) > 1e-3 && abs(left - right) < 1e-5 * (1 + abs(left)), "row \(row): \(left), \(right)")
    }
  }

  @Test("an untrained network puts out zero, whatever it sees")
  func untrained() {
    let example = Case(.silu, residual: true)
    example.parameters.copy(from: example.architecture.initialParameters(seed: 1))
    let pass = example.pass()
    for row in 0..<Case.rows { for o in 0..<3 { #expect(unsafe pass.output(set: 0, row: row)[o] == 0) } }
    #expect(example.parameters[0, 0] != 0)
  }
}
