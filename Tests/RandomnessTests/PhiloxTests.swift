import Foundation
import Testing

@testable import Randomness

@Suite struct PhiloxTests {
  @Test func `Philox4x32-10 gives Random123's known answers`() throws {
    let file = Bundle.module.url(forResource: "philox4x32-10", withExtension: "txt", subdirectory: "Fixtures")
    let url = try #require(file)
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count == 3)
    for line in lines {
      let words = try line.split(separator: " ").map { try #require(UInt32($0, radix: 16)) }
      let counter = SIMD4(words[0], words[1], words[2], words[3])
      let output = Philox.block(counter: counter, key: SIMD2(words[4], words[5]))
      #expect(output == SIMD4(words[6], words[7], words[8], words[9]))
    }
  }

  @Test func `sixty-four lanes give the words of sixty-four single blocks`() {
    var lanes = WordLanes()
    let key = SIMD2<UInt32>(0x1234_5678, 0x9ABC_DEF0)
    for i in 0..<WordLanes.width {
      let seed = UInt32(i) &* 2_654_435_761
      (lanes.word0[i], lanes.word1[i], lanes.word2[i], lanes.word3[i]) = (seed, ~seed, seed &* 3, seed &* 5)
    }
    let counters = lanes
    lanes.encipher(key: key)
    for i in 0..<WordLanes.width {
      let counter = SIMD4(counters.word0[i], counters.word1[i], counters.word2[i], counters.word3[i])
      let expected = Philox.block(counter: counter, key: key)
      #expect(SIMD4(lanes.word0[i], lanes.word1[i], lanes.word2[i], lanes.word3[i]) == expected)
    }
  }
}

@Suite struct CounterLayoutTests {
  private func counter(
    purpose: Purpose = .initialisation, step: UInt64 = 0, index: UInt64 = 0, block: UInt32 = 0, attempt: UInt8 = 0
  ) -> SIMD4<UInt32> {
    RandomStream(seed: 1, purpose: purpose, step: step).counter(index: index, block: block, attempt: attempt)
  }

  /// The counter bits, 0 … 127, in which two counters differ.
  private func differences(_ a: SIMD4<UInt32>, _ b: SIMD4<UInt32>) -> [Int] {
    (0..<128).filter { (a[$0 / 32] ^ b[$0 / 32]) >> UInt32($0 % 32) & 1 == 1 }
  }

  @Test func `every bit of an address has its own bit of the counter, beyond 2³² indices and steps`() {
    let base = counter()
    var taken: [Int] = []
    for bit in 0..<48 { taken += differences(base, counter(index: 1 << UInt64(bit))) }
    for bit in 0..<40 { taken += differences(base, counter(step: 1 << UInt64(bit))) }
    for bit in 0..<24 { taken += differences(base, counter(block: 1 << UInt32(bit))) }
    for bit in 0..<8 { taken += differences(base, counter(attempt: 1 << UInt8(bit))) }
    #expect(taken.count == 120)
    #expect(Set(taken).count == 120)
    // The eight bits left hold the purpose.
    for purpose in Purpose.allCases { #expect(counter(purpose: purpose)[2] == UInt32(purpose.rawValue) << 24) }
    #expect(Set(0..<128).subtracting(taken) == Set(88..<96))
  }

  @Test func `addresses at the edges of all fields never collide`() {
    var counters: Set<SIMD4<UInt32>> = []
    var count = 0
    for purpose in Purpose.allCases {
      for step in [0, 1, 1 << 32 - 1, 1 << 32, 1 << 32 + 1, 1 << 40 - 1] as [UInt64] {
        for index in [0, 1, 1 << 32 - 1, 1 << 32, 1 << 32 + 1, 5 << 40, 1 << 48 - 1] as [UInt64] {
          for block in [0, 1, 1 << 24 - 1] as [UInt32] {
            for attempt in [0, 1, 255] as [UInt8] {
              counters.insert(counter(purpose: purpose, step: step, index: index, block: block, attempt: attempt))
              count += 1
            }
          }
        }
      }
    }
    #expect(counters.count == count)
  }

  @Test func `seeds, purposes and steps give different numbers`() {
    let streams = [
      RandomStream(seed: 1, purpose: .targetDraw), RandomStream(seed: 2, purpose: .targetDraw),
      RandomStream(seed: 1 << 32 | 1, purpose: .targetDraw), RandomStream(seed: 1, purpose: .direction),
      RandomStream(seed: 1, purpose: .targetDraw, step: 1), RandomStream(seed: 1, purpose: .targetDraw, step: 1 << 32),
    ]
    #expect(Set(streams.map { $0.words(index: 3, block: 0) }).count == streams.count)
  }
}
