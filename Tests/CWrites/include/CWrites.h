// Which files and folders are on the disk in which order: this target's fsync and rename take the place of the C library's
// in the test program, keep a record for the thread that asks for one, and do what theirs do.
#pragma once

/// Begins a record of this thread's calls: 'f' for fsync of a file, 'd' for that of a folder, 'r' for rename.
void sgm_record_writes(void);

/// Ends the record; its first 63 letters, valid until this thread records again.
const char *sgm_recorded_writes(void);
