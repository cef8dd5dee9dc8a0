#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "CMachine.h"

// By these a program takes itself for a rank of our job: one that uses MPI itself would wait for our daemon.
static const char *const of_ranks[] = {"OMPI_", "PMIX_", "PMI_", "PRTE_", "SGM_SEED="};

static int is_of_ranks(const char *entry) {
  for (size_t i = 0; i < sizeof of_ranks / sizeof *of_ranks; i++) {
    if (!strncmp(entry, of_ranks[i], strlen(of_ranks[i]))) return 1;
  }
  return 0;
}

int sgm_start(const char *command, const char *folder, const char *seed, int input, int output, int errors) {
  size_t count = 0, kept = 0;
  while (environ[count]) count++;
  char **environment = malloc((count + 2) * sizeof *environment);
  if (!environment) return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    if (!is_of_ranks(environ[i])) environment[kept++] = environ[i];
  }
  char line[64];
  snprintf(line, sizeof line, "SGM_SEED=%s", seed);
  environment[kept++] = line;
  environment[kept] = NULL;
  const pid_t parent = getpid(), child = fork();
  if (child == 0) {
    // Only what POSIX allows between fork and exec of a program with threads.
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0) _exit(126);
#ifdef SYS_close_range
    syscall(SYS_close_range, 3u, ~0u, 0u);
#endif
    if (*folder && chdir(folder)) {
      static const char words[] = "the experiment's folder cannot be entered\n";
      const ssize_t written = write(2, words, sizeof words - 1);
      (void)written;
      _exit(126);
    }
    char *const arguments[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    execve("/bin/sh", arguments, environment);
    _exit(127);
  }
  const int code = errno;
  free(environment);
  if (child < 0) return -code;
  setpgid(child, child);
  return child;
}
