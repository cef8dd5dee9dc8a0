package import Files

/// `Testing` has another `ExitStatus`.
package typealias Status = ExitStatus

/// The text of the error that `body` throws, or a sentence that no test expects.
package func errorText(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error was thrown"
  } catch let error as ToolError {
    return error.description
  } catch {
    return "an error of another type: \(error)"
  }
}

/// The status of the error that `body` throws.
package func errorStatus(_ body: () throws -> Void) -> ExitStatus? {
  do {
    try body()
    return nil
  } catch {
    return (error as? ToolError)?.exitStatus
  }
}
