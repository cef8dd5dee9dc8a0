@testable import Configuration
@testable import Files
@testable import Runs

/// Makes inputs that almost are what they claim to be; what it makes is a function of its seed.
struct Mutator {
  /// Numbers at which widths, counts and offsets go wrong.
  static let numbers = [
    "0", "1", "-1", "00", "2147483647", "2147483648", "4294967296", "4611686018427387904", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999999999", "1e308",
    "1e309", "1e-400", "-0", "0x10", "1_000", "1__0", ".5", "5.", "nan", "inf", "1e", "+3",
  ]
  /// The longest input made, but for a few of ``longestRare`` bytes.
  static let longest = 96 << 10
  static let longestRare = 4 << 20

  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number in 0 ..< max(n, 1).
  mutating func below(_ n: Int) -> Int { n <= 1 ? 0 : Int(truncatingIfNeeded: next() >> 1) % n }

  private mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }

  /// A few changes of `input`: bits, bytes, ranges, numbers, words of the format, and parts of another input.
  mutating func mutate(_ input: [UInt8], with other: [UInt8], tokens: [String]) -> [UInt8] {
    var bytes = input
    let changes = 1 + below(below(8) == 0 ? 16 : 4)
    for _ in 0..<changes { change(&bytes, other, tokens) }
    let limit = below(500) == 0 ? Self.longestRare : Self.longest
    if bytes.count > limit { bytes.removeLast(bytes.count - limit) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8], _ tokens: [String]) {
    let place = below(bytes.count + 1)
    let length = min(below(below(4) == 0 ? bytes.count + 1 : 17), bytes.count - place)
    let range = place..<place + length
    switch below(12) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
    case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: next())
    case 2: bytes.insert(contentsOf: (0..<1 + below(8)).map { _ in UInt8(truncatingIfNeeded: next()) }, at: place)
    case 3: bytes.removeSubrange(range)
    case 4: bytes.insert(contentsOf: Array(bytes[range]), at: below(bytes.count + 1))
    case 5: bytes.removeLast(bytes.count - place)
    case 6: replaceNumber(in: &bytes, from: place)
    case 7: repeatWord(in: &bytes, at: place, pick(tokens))
    case 8:
      let cut = below(other.count + 1)
      bytes.replaceSubrange(place..., with: other[cut...])
    case 9: bytes.replaceSubrange(range, with: pick(tokens).utf8)
    default: bytes.insert(contentsOf: pick(tokens).utf8, at: place)
    }
  }

  private mutating func replaceNumber(in bytes: inout [UInt8], from place: Int) {
    guard let start = bytes[place...].firstIndex(where: { $0 >= 0x30 && $0 <= 0x39 }) else { return }
    let end = bytes[start...].firstIndex { $0 < 0x30 || $0 > 0x39 } ?? bytes.count
    bytes.replaceSubrange(start..<end, with: pick(Self.numbers).utf8)
  }

  private mutating func repeatWord(in bytes: inout [UInt8], at place: Int, _ word: String) {
    let count = 1 << below(below(50) == 0 ? 21 : 13)
    let total = min(count * word.utf8.count, Self.longestRare)
    let repeats = total / max(word.utf8.count, 1)
    bytes.insert(contentsOf: repeatElement(Array(word.utf8), count: repeats).joined(), at: place)
  }
}
