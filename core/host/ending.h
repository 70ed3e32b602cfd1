/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that ends in a plugin's hands: by a crash, or since it called exit. What was done is
 * as after a kill; who did it is said, and the exit code tells a failure.
 *
 * Invariant: says it once, by the first thread that comes here. Ownership: none. Threads: any; all
 * of it is for programs, not for embedding.
 */
#ifndef QETL_CORE_ENDING_H
#define QETL_CORE_ENDING_H

/* From now on. more: async-signal-safe, called behind what was said. */
void qetl_ending_watch(int exit_code, void (*more)(void));
/* A thread of qetl's that calls plugins: where its stack is full, the one that filled it is named,
 * too. begin as the first thing on it, end (of what begin answered, which may be NULL) as the last.
 */
void *qetl_ending_thread_begin(void);
void qetl_ending_thread_end(void *);
/* The program itself ends now, and no plugin. */
void qetl_ending_own(void);
/* Who called "exit(", "pthread_exit(", … is a plugin: does not return; its status stands behind the
 * name, where there is one. Returns: it was the program, or another process. */
void qetl_ending_asked(const char *call, const int *status);

#endif
