#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CHDF5.h"

// The library's types and numbers, which are the same from version 1.10 on. Its headers are not needed to build.
typedef int64_t hid;
typedef int (*linked)(hid group, const char *name, const void *info, void *data);
struct error {
  hid class, major, minor;
  unsigned line;
  const char *function, *file, *words;
};
typedef int (*walked)(unsigned n, const struct error *error, void *data);
enum { index_by_name = 0, increasing = 0, kind_group = 2, kind_set = 5, layout_chunked = 2, walk_upward = 0, select_set = 0 };
enum { class_integer = 0, class_float = 1, class_string = 3, class_compound = 6, class_enum = 8 };

#define FUNCTIONS(F)                                                                                        \
  F(int, H5open, (void))                                                                                    \
  F(int, H5get_libversion, (unsigned *, unsigned *, unsigned *))                                            \
  F(int, H5Eset_auto2, (hid, void *, void *))                                                               \
  F(int, H5Ewalk2, (hid, int, walked, void *))                                                              \
  F(hid, H5Fopen, (const char *, unsigned, hid))                                                            \
  F(int, H5Fclose, (hid))                                                                                   \
  F(hid, H5Oopen, (hid, const char *, hid))                                                                 \
  F(int, H5Oclose, (hid))                                                                                   \
  F(int, H5Iget_type, (hid))                                                                                \
  F(hid, H5Dopen2, (hid, const char *, hid))                                                                \
  F(int, H5Dclose, (hid))                                                                                   \
  F(hid, H5Dget_space, (hid))                                                                               \
  F(hid, H5Dget_type, (hid))                                                                                \
  F(hid, H5Dget_create_plist, (hid))                                                                        \
  F(int, H5Dread, (hid, hid, hid, hid, hid, void *))                                                        \
  F(int, H5Sget_simple_extent_ndims, (hid))                                                                 \
  F(int, H5Sget_simple_extent_dims, (hid, uint64_t *, uint64_t *))                                          \
  F(int, H5Sselect_hyperslab, (hid, int, const uint64_t *, const uint64_t *, const uint64_t *, const uint64_t *)) \
  F(hid, H5Screate_simple, (int, const uint64_t *, const uint64_t *))                                       \
  F(int, H5Sclose, (hid))                                                                                   \
  F(int, H5Tget_class, (hid))                                                                               \
  F(size_t, H5Tget_size, (hid))                                                                             \
  F(int, H5Tget_sign, (hid))                                                                                \
  F(int, H5Tget_order, (hid))                                                                               \
  F(size_t, H5Tget_precision, (hid))                                                                        \
  F(size_t, H5Tget_ebias, (hid))                                                                            \
  F(int, H5Tget_nmembers, (hid))                                                                            \
  F(int, H5Tclose, (hid))                                                                                   \
  F(hid, H5Pcreate, (hid))                                                                                  \
  F(int, H5Pclose, (hid))                                                                                   \
  F(int, H5Pget_layout, (hid))                                                                              \
  F(int, H5Pget_chunk, (hid, int, uint64_t *))                                                              \
  F(int, H5Pset_chunk_cache, (hid, size_t, size_t, double))

static struct {
#define DECLARE(result, name, parameters) result(*name) parameters;
  FUNCTIONS(DECLARE)
#undef DECLARE
  int (*iterate)(hid, int, int, uint64_t *, linked, void *);
  hid *access_class;  // of properties by which data sets are opened
} h5;

// Builds of the library are mostly not made for several threads.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int state;  // 0 not looked for, 1 there, -1 not there
static char missing[512];

// Debian's names are those with "serial"; the numbers are those of 1.10, 1.12, 1.14 and 2.0.
static const char *const names[] = {
    "libhdf5_serial.so.103", "libhdf5_serial.so.310", "libhdf5.so.103", "libhdf5.so.200",    "libhdf5.so.310",
    "libhdf5.so.320",        "libhdf5.so",            "libhdf5_serial.so"};

static int find(void) {
  // Some network file systems cannot lock, and nothing is written here.
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
  const char *wanted = getenv("SGM_HDF5");
  void *library = wanted ? dlopen(wanted, RTLD_NOW | RTLD_LOCAL) : NULL;
  for (size_t i = 0; !wanted && !library && i < sizeof names / sizeof *names; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) {
    const char *words = wanted ? dlerror() : NULL;
    snprintf(missing, sizeof missing, "%s", words ? words : "none of the names that libhdf5 has is found");
    return -1;
  }
#define LOAD(result, name, parameters)                                     \
  *(void **)&h5.name = dlsym(library, #name);                              \
  if (!h5.name) {                                                          \
    snprintf(missing, sizeof missing, "the library found has no " #name); \
    return -1;                                                             \
  }
  FUNCTIONS(LOAD)
#undef LOAD
  unsigned major = 0, minor = 0, release = 0;
  h5.H5get_libversion(&major, &minor, &release);
  if (major < 1 || (major == 1 && minor < 10)) {
    snprintf(missing, sizeof missing, "the library found is version %u.%u.%u, older than 1.10", major, minor, release);
    return -1;
  }
  // From 1.12 on two versions differ in what they tell of a link, which is not looked at.
  *(void **)&h5.iterate = dlsym(library, "H5Literate");
  if (!h5.iterate) *(void **)&h5.iterate = dlsym(library, "H5Literate1");
  h5.access_class = dlsym(library, "H5P_CLS_DATASET_ACCESS_ID_g");
  if (h5.H5open() < 0) {
    snprintf(missing, sizeof missing, "the library found does not start");
    return -1;
  }
  return 1;
}

// Takes the turn; the errors that the library prints by itself are this thread's own matter.
static int enter(char *words, size_t size) {
  pthread_mutex_lock(&turn);
  if (!state) state = find();
  if (state < 0) {
    snprintf(words, size, "%s", missing);
    pthread_mutex_unlock(&turn);
    return 0;
  }
  h5.H5Eset_auto2(0, NULL, NULL);
  return 1;
}

static void leave(void) { pthread_mutex_unlock(&turn); }

struct sentence {
  char *words;
  size_t size;
};

// The first is the innermost: what happened, where the others say what could not be done for it.
static int take_first(unsigned n, const struct error *error, void *data) {
  const struct sentence *into = data;
  if (n == 0 && error->words) snprintf(into->words, into->size, "%s", error->words);
  return 0;
}

static enum sgm_hdf5_outcome unreadable(char *words, size_t size) {
  snprintf(words, size, "libhdf5 says no more");
  struct sentence into = {words, size};
  h5.H5Ewalk2(0, walk_upward, take_first, &into);
  return sgm_hdf5_unreadable;
}

// NumPy's code of a type, where the bytes of its numbers are those of NumPy's.
static void name_type(hid type, char *code, size_t size) {
  const int class = h5.H5Tget_class(type);
  const size_t width = h5.H5Tget_size(type);
  const char order = width > 1 && h5.H5Tget_order(type) == 1 ? '>' : '<';
  snprintf(code, size, "%s", class == class_string ? "S" : class == class_compound && h5.H5Tget_nmembers(type) == 2 ? "c" : "V");
  if (class == class_enum && width == 1 && h5.H5Tget_nmembers(type) == 2) snprintf(code, size, "|b1");
  if ((class != class_integer && class != class_float) || h5.H5Tget_precision(type) != 8 * width || width > 8) return;
  if (class == class_integer) snprintf(code, size, "%c%c%d", order, h5.H5Tget_sign(type) ? 'i' : 'u', (int)width);
  const size_t bias = class == class_float ? h5.H5Tget_ebias(type) : 0;
  const size_t usual = width == 2 ? 15 : width == 4 ? 127 : 1023;
  if (class == class_float && bias == usual) snprintf(code, size, "%cf%d", order, (int)width);
}

// Opened with a cache for a row of chunks, so that none is unpacked twice.
static hid open_set(hid file, const char *path) {
  const hid set = h5.H5Dopen2(file, path, 0);
  if (set < 0 || !h5.access_class) return set;
  const hid made = h5.H5Dget_create_plist(set), space = h5.H5Dget_space(set), type = h5.H5Dget_type(set);
  uint64_t chunk[SGM_HDF5_AXES], extents[SGM_HDF5_AXES];
  const int axes = h5.H5Sget_simple_extent_ndims(space);
  hid access = -1;
  if (axes > 0 && axes <= 2 && h5.H5Pget_layout(made) == layout_chunked && h5.H5Pget_chunk(made, axes, chunk) == axes &&
      h5.H5Sget_simple_extent_dims(space, extents, NULL) == axes) {
    const uint64_t beside = axes == 2 ? (extents[1] + chunk[1] - 1) / chunk[1] : 1;
    const uint64_t bytes = beside * chunk[0] * (axes == 2 ? chunk[1] : 1) * h5.H5Tget_size(type);
    access = h5.H5Pcreate(*h5.access_class);
    // Twice, as a block of rows may lie across two rows of chunks.
    h5.H5Pset_chunk_cache(access, 200 * beside + 1, 2 * bytes > 1048576 ? 2 * bytes : 1048576, 1);
  }
  h5.H5Tclose(type);
  h5.H5Sclose(space);
  h5.H5Pclose(made);
  if (access < 0) return set;
  h5.H5Dclose(set);
  const hid again = h5.H5Dopen2(file, path, access);
  h5.H5Pclose(access);
  return again;
}

enum sgm_hdf5_outcome sgm_hdf5_open(const char *file, const char *path, struct sgm_hdf5_set *set) {
  *set = (struct sgm_hdf5_set){.file = -1, .set = -1, .type = -1};
  if (!enter(set->words, sizeof set->words)) return sgm_hdf5_no_library;
  enum sgm_hdf5_outcome outcome = sgm_hdf5_done;
  set->file = h5.H5Fopen(file, 0, 0);
  const hid object = set->file < 0 ? -1 : h5.H5Oopen(set->file, path, 0);
  if (set->file < 0) {
    outcome = unreadable(set->words, sizeof set->words);
  } else if (object < 0) {
    outcome = sgm_hdf5_no_such_set;
  } else if (h5.H5Iget_type(object) != kind_set) {
    outcome = sgm_hdf5_no_set;
  } else if ((set->set = open_set(set->file, path)) < 0) {
    outcome = unreadable(set->words, sizeof set->words);
  } else {
    const hid space = h5.H5Dget_space(set->set);
    set->type = h5.H5Dget_type(set->set);
    set->axes = h5.H5Sget_simple_extent_ndims(space);
    if (set->axes > 0) h5.H5Sget_simple_extent_dims(space, set->extents, NULL);
    h5.H5Sclose(space);
    name_type(set->type, set->code, sizeof set->code);
  }
  if (object >= 0) h5.H5Oclose(object);
  leave();
  return outcome;
}

enum sgm_hdf5_outcome sgm_hdf5_read(struct sgm_hdf5_set *set, uint64_t first, uint64_t count, void *bytes) {
  if (!enter(set->words, sizeof set->words)) return sgm_hdf5_no_library;
  const uint64_t start[2] = {first, 0}, extent[2] = {count, set->axes == 2 ? set->extents[1] : 1};
  const hid space = h5.H5Dget_space(set->set), memory = h5.H5Screate_simple(set->axes, extent, NULL);
  const int isRead = space >= 0 && memory >= 0 &&
                     h5.H5Sselect_hyperslab(space, select_set, start, NULL, extent, NULL) >= 0 &&
                     // In the file's own type: the bytes come as they are.
                     h5.H5Dread(set->set, set->type, memory, space, 0, bytes) >= 0;
  const enum sgm_hdf5_outcome outcome = isRead ? sgm_hdf5_done : unreadable(set->words, sizeof set->words);
  if (memory >= 0) h5.H5Sclose(memory);
  if (space >= 0) h5.H5Sclose(space);
  leave();
  return outcome;
}

void sgm_hdf5_close(struct sgm_hdf5_set *set) {
  char words[8];
  // What is open has a number above 0.
  if (set->file <= 0 || !enter(words, sizeof words)) return;
  if (set->type > 0) h5.H5Tclose(set->type);
  if (set->set > 0) h5.H5Dclose(set->set);
  h5.H5Fclose(set->file);
  set->file = set->set = set->type = -1;
  leave();
}

struct listing {
  char *names;
  size_t size, used;
  char path[1024];  // of the group that is gone through
  int depth;
};

static int list_one(hid group, const char *name, const void *info, void *data) {
  (void)info;
  struct listing *listing = data;
  const size_t before = strlen(listing->path);
  const size_t length = before + 1 + strlen(name);
  const hid object = length < sizeof listing->path ? h5.H5Oopen(group, name, 0) : -1;
  if (object < 0) return 0;
  const int kind = h5.H5Iget_type(object);
  snprintf(listing->path + before, sizeof listing->path - before, "/%s", name);
  int isFull = 0;
  if (kind == kind_set) {
    isFull = listing->used + length + 2 > listing->size;
    if (!isFull) {
      listing->used += (size_t)snprintf(listing->names + listing->used, listing->size - listing->used, "%s\n", listing->path);
    }
  } else if (kind == kind_group && listing->depth < 16) {
    // Groups may hold each other.
    listing->depth++;
    isFull = h5.iterate(object, index_by_name, increasing, NULL, list_one, listing);
    listing->depth--;
  }
  listing->path[before] = 0;
  h5.H5Oclose(object);
  return isFull > 0;
}

enum sgm_hdf5_outcome sgm_hdf5_list(const char *file, char *names, int size) {
  *names = 0;
  if (!enter(names, (size_t)size)) return sgm_hdf5_no_library;
  const hid opened = h5.H5Fopen(file, 0, 0);
  if (opened < 0) {
    const enum sgm_hdf5_outcome outcome = unreadable(names, (size_t)size);
    leave();
    return outcome;
  }
  struct listing listing = {.names = names, .size = (size_t)size};
  if (h5.iterate) h5.iterate(opened, index_by_name, increasing, NULL, list_one, &listing);
  h5.H5Fclose(opened);
  leave();
  return sgm_hdf5_done;
}
