import Testing

@testable import Experiments

@Suite struct RunFolderTests {
  @Test(
    "a path's parent is what stands before its last component",
    arguments: [
      ("r", ""), ("/", "/"), ("a/b", "a"), ("/b", "/"), ("a//b/", "a"), ("./r", "."), ("/tmp/runs/x.yaml", "/tmp/runs"),
    ])
  func parents(path: String, parent: String) {
    #expect(parentFolder(of: path) == parent)
  }
}
