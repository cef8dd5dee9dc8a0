import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct EventFileTests {
  private static let scalars = [
    EventFile.Scalar(tag: "loss/training", value: 0.75), EventFile.Scalar(tag: "größe", value: -1e-3),
  ]

  private static func file(steps: [Int]) -> [UInt8] {
    EventFile.header(wallTime: 10) + steps.flatMap { EventFile.record(step: $0, wallTime: 11, scalars) }
  }

  @Test("the masked check of nine digits is RFC 3720's CRC32C, turned and moved")
  func mask() {
    // CRC32C("123456789") = e3069283; turned right by 15 bits 2507c60d; plus a282ead8, modulo 2³².
    #expect(EventFile.maskedCheck(Array("123456789".utf8)) == 0xc78a_b0e5)
  }

  @Test("steps after the kept one are dropped, and nothing of the others changes", arguments: [0, 1, 5, 300, 70_000])
  func rewound(last: Int) {
    let steps = [1, 2, 5, 127, 128, 300, 70_000, 1 << 40]
    let kept = EventFile.prefix(of: Self.file(steps: steps), until: last)
    #expect(Array(kept) == Self.file(steps: steps.filter { $0 <= last }))
  }

  @Test("a record that was cut or changed ends what is kept")
  func damaged() {
    let whole = Self.file(steps: [1, 2])
    let first = Self.file(steps: [1])
    #expect(Array(EventFile.prefix(of: Array(whole.dropLast(3)), until: 9)) == first)
    for position in [first.count + 1, first.count + 9, first.count + 20, whole.count - 1] {
      var changed = whole
      changed[position] ^= 1
      #expect(Array(EventFile.prefix(of: changed, until: 9)) == first, "byte \(position)")
    }
    #expect(EventFile.prefix(of: [], until: 9).isEmpty)
  }

  @Test(
    "TensorBoard's own reader finds every tag, step, value and time",
    .enabled(if: python != nil, "\(withoutPython)"))
  func reader() throws {
    let folder = try TemporaryFolder()
    try Data(Self.file(steps: [1, 300])).write(to: URL(fileURLWithPath: folder.path + "/events.out.tfevents.sgm-train"))
    let program = """
      import sys
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      events = EventAccumulator(sys.argv[1])
      events.Reload()
      for tag in sorted(events.Tags()["scalars"]):
          print(tag, [(e.step, round(e.value, 6), e.wall_time) for e in events.Scalars(tag)])
      """
    let (status, output) = try runPython(program, [folder.path])
    #expect(status == 0, "\(output)")
    #expect(
      output == """
        größe [(1, -0.001, 11.0), (300, -0.001, 11.0)]
        loss/training [(1, 0.75, 11.0), (300, 0.75, 11.0)]

        """)
  }
}
