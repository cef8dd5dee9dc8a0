internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Training

extension AuditError {
  /// Who differs in what, and what to do.
  package func words(hosts: [String], folder: RunFolder) -> String {
    func name(_ rank: Int) -> String { "rank \(rank) on \(hosts[rank])" }
    let who = suspects.map(name).joined(separator: " and ")
    let what: String
    switch subject {
    case .parameters(let owner): what = "the parameters that \(name(owner)) owns, after step \(step): "
    case .gradient(let shard, let rank, let checker):
      what =
        "the gradient of shard \(shard) at step \(step), computed by \(name(rank)) and again by \(name(checker)): "
    }
    let verdict =
      suspects.count == 1
      ? "\(who) \(hosts.count == 1 ? "computed it differently the second time" : "has other bits than the rest")"
      : "\(who) hold different bits" + (isDecided ? " than the rest" : ", and no majority says who is right")
    return "audit: " + what + verdict
      + "; memory, processor or network of that machine is at fault. No checkpoint was written; leave the machine out "
      + "and go on by: sgm-train --resume \(folder.path)"
  }
}
