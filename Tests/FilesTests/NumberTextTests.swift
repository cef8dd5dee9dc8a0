import TestSupport
import Testing

@testable import Files

@Suite struct NumberTextTests {
  @Test(
    "numbers have three significant digits",
    arguments: [
      (0.0, "0"), (1.0, "1.00"), (-0.04567, "−0.0457"), (123.4, "123"), (98765, "98,765"), (1.5e-7, "1.50e−07"),
      (.nan, "not a number"), (-.infinity, "−∞"), (2e12, "2.00e+12"),
    ])
  func numbers(value: Double, text: String) { #expect(rounded(value) == text) }

  @Test(
    "a mean ends where its deviation's second digit does",
    arguments: [
      (0.04312, 0.00214, "0.0431 ± 0.0021"), (-12.3, 4.5, "−12.3 ± 4.5"), (5, 0, "5.00"), (812.3, 45, "812 ± 45"),
    ])
  func spreads(mean: Double, deviation: Double, text: String) { #expect(rounded(mean, deviation) == text) }

  @Test("thousands are grouped") func thousands() {
    #expect([0, 999, 1000, 1_234_567, -4321].map(grouped) == ["0", "999", "1,000", "1,234,567", "−4,321"])
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
