/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files for tests, in a folder of the test's own.
 *
 * Invariant: between scratch and scratch_end the working folder is new, empty and one's own.
 * Ownership: what file_get answers is the caller's to free.
 * Threads:   one; the working folder belongs to the process.
 */
#ifndef QETL_FILE_SCRATCH_H
#define QETL_FILE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void scratch(void);
void scratch_end(void);
void file_put(const char *name, const void *data, size_t size);
void text_put(const char *name, const char *text);
uint8_t *file_get(const char *name, int64_t *size);
void expect_text(const char *name, const char *text);
/* Lines that compress to about a third; the same each time. */
void lines_put(const char *name, int lines);
/* Fails the test if the command fails. */
void shell(const char *command);
/* A child that takes over a minute is killed and fails the test, as does a bad status. */
void expect_done(pid_t child, const char *who);
int64_t now_ns(void);

#endif
