import Testing

@testable import Files

@Suite struct RelativePathTests {
  @Test(
    "a path from a folder leads to the same place",
    arguments: [
      ("runs/t", "", "runs/t"), ("/x/t", "a/b", "/x/t"), ("runs/t", "a/b", "../../runs/t"), ("runs/t", "runs", "t"),
      ("runs/t", "./runs/../a", "../runs/t"), ("a/b", "a/b", "."), ("t", "t/u/", ".."),
    ])
  func relatives(path: String, base: String, result: String) { #expect(relative(path, to: base) == result) }
}
