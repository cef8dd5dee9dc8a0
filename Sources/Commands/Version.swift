internal import CMachine
internal import Communication
internal import LinearAlgebra

/// What `--version` prints.
package func versionText() -> String {
  """
  sgm-train \(programVersion), commit \(unsafe String(cString: sgm_commit()))
  \(messagePassingVersion())
  products by \(MatrixProduct.engine)
  """
}

/// The program's version.
let programVersion = "0.1.0"
