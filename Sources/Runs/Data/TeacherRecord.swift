/// What a student's checkpoint says of its teacher.
package struct TeacherRecord: Sendable, Equatable {
  /// The teacher's step.
  package var step: Int
  /// A digest of its averaged parameters.
  package var digest: String
}
