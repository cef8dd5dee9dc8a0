import Testing

@testable import Runs
@testable import Training

@Suite struct AuditWordsTests {
  private static func words(_ error: AuditError, hosts: [String]) -> String {
    error.words(hosts: hosts, folder: RunFolder("runs/a"))
  }

  @Test("an audit says what differs, where, who is suspected, and how to go on") func words() {
    let hosts = ["one", "one", "two"]
    let slice = Self.words(
      AuditError(subject: .parameters(owner: 0), step: 7, suspects: [2], isDecided: true), hosts: hosts)
    #expect(
      slice.hasPrefix(
        "audit: the parameters that rank 0 on one owns, after step 7: rank 2 on two has other bits than the rest; "
      ))
    #expect(slice.hasSuffix("No checkpoint was written; leave the machine out and go on by: sgm-train --resume runs/a"))
    let gradient = AuditError.Subject.gradient(shard: 5, rank: 1, checkedBy: 2)
    let open = Self.words(AuditError(subject: gradient, step: 9, suspects: [1, 2], isDecided: false), hosts: hosts)
    #expect(
      open.hasPrefix(
        "audit: the gradient of shard 5 at step 9, computed by rank 1 on one and again by rank 2 on two: "
          + "rank 1 on one and rank 2 on two hold different bits, and no majority says who is right; "))
    let several = Self.words(AuditError(subject: gradient, step: 9, suspects: [1, 2], isDecided: true), hosts: hosts)
    #expect(several.contains("rank 1 on one and rank 2 on two hold different bits than the rest; "))
    let alone = Self.words(
      AuditError(subject: .gradient(shard: 5, rank: 0, checkedBy: 0), step: 9, suspects: [0], isDecided: true),
      hosts: ["one"])
    #expect(alone.contains("rank 0 on one computed it differently the second time; "))
  }
}
