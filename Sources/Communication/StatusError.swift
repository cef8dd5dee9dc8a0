/// An error that knows the exit status it asks for; every module's error type conforms.
public protocol StatusError: Error, CustomStringConvertible {
  /// The process exit status, from sysexits.h.
  var status: Int32 { get }
}
