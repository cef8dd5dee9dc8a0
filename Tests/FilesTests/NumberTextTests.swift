import TestSupport
import Testing

@testable import Files

@Suite struct NumberTextTests {
  @Test("whole numbers are grouped by thousands") func groups() {
    #expect([0, 999, 1_000, -1_234_567].map { grouped($0) } == ["0", "999", "1,000", "−1,234,567"])
  }

  @Test("numbers have three digits, and a mean as many places as its deviation's second digit") func roundedNumbers() {
    #expect(
      [0.012345, 0.5, 12.345, 4321.9, 1e-5, -2.5].map { rounded($0) } == [
        "0.0123", "0.500", "12.3", "4,322", "1.00e−05", "−2.50",
      ])
    #expect(rounded(0.12345, 0.0123) == "0.123 ± 0.012" && rounded(12.3456, 1.5) == "12.3 ± 1.5")
    #expect(rounded(1234.4, 56.7) == "1234 ± 57" && rounded(0.5, 0) == "0.500")
  }

  @Test("short numbers keep four digits") func shortNumbers() {
    #expect(
      [0.12345, 12.345, 123.45, 4321.2, 1e7, 0.0001234].map { short($0) } == [
        "0.1235", "12.35", "123.5", "4321", "1e+07", "0.000123",
      ])
  }

  @Test("durations") func durations() {
    #expect(
      [0.4, 59.6, 61, 3_600, 8_130, .infinity].map { duration($0) } == [
        "0 s", "1 min 0 s", "1 min 1 s", "1 h 0 min", "2 h 15 min", "?",
      ])
  }

  @Test("powers of ten are numbers of YAML 1.1") func decimals() {
    #expect([1e-5, 1.5e-7, 0.25, 1e22].map { decimal($0) } == ["1.0e-05", "1.5e-07", "0.25", "1.0e+22"])
  }
}
