/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text as one word of a shell, for commands that people are told to give.
 *
 * Invariant: a shell that reads the word has the text, whatever stands in it.
 * Ownership: the word is the caller's.
 * Threads:   any.
 */
#ifndef QETL_CORE_SHELL_WORD_H
#define QETL_CORE_SHELL_WORD_H

/* As it is, where no shell reads anything into it; else in quotes. NULL without memory. */
char *qetl_shell_word(const char *text);
/* The sentence with the word in place of each {}. NULL without memory. */
char *qetl_shell_sentence(const char *sentence, const char *text);

#endif
