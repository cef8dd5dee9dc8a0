// Reads data sets of HDF5 files through the machine's libhdf5, which is looked for when the first file is opened: a program
// whose user has no such files needs no such library, neither where it is built nor where it runs.
#pragma once
#include <stdint.h>

/// How a call ended.
enum sgm_hdf5_outcome {
  sgm_hdf5_done,
  sgm_hdf5_no_library,   // none is there, or it lacks a function; `words` says what was tried
  sgm_hdf5_unreadable,   // the library cannot open the file, or read what is in it; `words` are its own
  sgm_hdf5_no_such_set,  // the file has nothing at that path
  sgm_hdf5_no_set,       // what is there is no data set
};

/// The most axes of a data set.
#define SGM_HDF5_AXES 32

/// An open data set.
struct sgm_hdf5_set {
  int64_t file, set, type;         // as the library knows them; 0 or less where they are not open
  int axes;                        // 0 for one number alone
  uint64_t extents[SGM_HDF5_AXES]; // elements along each
  char code[8];                    // the elements' type as NumPy names it, such as "<f8"; "V" for what NumPy's codes do not name
  char words[512];                 // what went wrong
};

/// Opens a data set for reading. Whatever comes of it, the set is to be closed.
enum sgm_hdf5_outcome sgm_hdf5_open(const char *file, const char *path, struct sgm_hdf5_set *set);

/// Writes the bytes of `count` rows from `first` on, as the file has them, into `bytes`, of one or two axes.
enum sgm_hdf5_outcome sgm_hdf5_read(struct sgm_hdf5_set *set, uint64_t first, uint64_t count, void *bytes);

/// Closes what is open of a set.
void sgm_hdf5_close(struct sgm_hdf5_set *set);

/// Writes the paths of a file's data sets into `names`, one a line, as many as find room in `size` bytes.
enum sgm_hdf5_outcome sgm_hdf5_list(const char *file, char *names, int size);
