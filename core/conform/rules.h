/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules that a plugin is held to, each with the words that people and machines know it by.
 *
 * Invariant: an id never changes its meaning; a rule that is retired leaves its id unused.
 * Ownership: constant.
 * Threads:   any.
 */
#ifndef QETL_CORE_CONFORM_RULES_H
#define QETL_CORE_CONFORM_RULES_H

#include <stdint.h>

/* Bits of a rule's kinds; LIBRARY: of the file, once. */
enum {
    CONFORM_LIBRARY = 1,
    CONFORM_SOURCE = 2,
    CONFORM_TRANSFORM = 4,
    CONFORM_SINK = 8,
    CONFORM_FORMAT = 16,
    CONFORM_EACH = 30,
    CONFORM_MAKES = CONFORM_SOURCE | CONFORM_TRANSFORM | CONFORM_FORMAT
};

/* name, id, kinds, what must hold */
#define CONFORM_RULES(X)                                                                           \
    X(MANIFEST, "manifest", CONFORM_LIBRARY,                                                       \
      "a manifest NAME.qetl.json lies beside NAME.so, and is valid")                               \
    X(NOTE, "manifest-note", CONFORM_LIBRARY,                                                      \
      "the library holds a note with the bytes of its manifest")                                   \
    X(SYMBOLS, "symbols-exported", CONFORM_LIBRARY,                                                \
      "qetl_plugin_entry is the only symbol exported")                                             \
    X(UNDEFINED, "symbols-undefined", CONFORM_LIBRARY,                                             \
      "every symbol that the library asks for is in a library that it names")                      \
    X(LOAD, "load", CONFORM_LIBRARY, "the library loads, and its entry answers")                   \
    X(LOAD_TIME, "load-time", CONFORM_LIBRARY,                                                     \
      "loading takes less than half a second of processor time")                                   \
    X(LOAD_QUIET, "load-quiet", CONFORM_LIBRARY,                                                   \
      "loading leaves no threads, no open files, and the process as it was")                       \
    X(STATICS, "statics", CONFORM_LIBRARY,                                                         \
      "no variable is shared by all instances or is a thread's, but what is constant")             \
    X(ENTRY_ABI, "entry-abi", CONFORM_LIBRARY,                                                     \
      "the entry answers the highest version that both sides know, and refuses another major one") \
    X(BINARY, "manifest-binary", CONFORM_LIBRARY,                                                  \
      "id, version, components and kinds of manifest and library are the same")                    \
    X(TABLES, "tables", CONFORM_LIBRARY,                                                           \
      "sizes are those of the version, mandatory callbacks are there, one table a component")      \
    X(RUN, "run", CONFORM_EACH, "a plain run with the inputs of the check succeeds")               \
    X(EXPECT, "expect", CONFORM_EACH, "what the check expects comes out")                          \
    X(OPTIONS_DEFAULT, "options-accepted", CONFORM_EACH,                                           \
      "values that the schema allows, its bounds among them, are accepted, or refused as CONFIG "  \
      "with the option's name")                                                                    \
    X(OPTIONS_KNOWN, "options-known", CONFORM_EACH,                                                \
      "options that are asked for stand in the schema")                                            \
    X(OPTIONS_READ, "options-read", CONFORM_EACH, "options that the schema has are asked for")     \
    X(LIFE_ORDER, "lifecycle", CONFORM_EACH,                                                       \
      "create, start, stop and destroy in every legal order, also after failures")                 \
    X(STATE_SIZE, "state-size", CONFORM_EACH,                                                      \
      "nothing is written beyond state_size bytes of self")                                        \
    X(STATUS, "status", CONFORM_EACH, "a call answers a status that is among its own")             \
    X(ERROR, "error", CONFORM_EACH,                                                                \
      "a failure is told by host->error: its code, one line of message, an option that there is")  \
    X(HOST_CALLS, "host-calls", CONFORM_EACH,                                                      \
      "calls of the host are legal: reject where it may be called and on the call's own thread, "  \
      "whole log lines")                                                                           \
    X(GROWTH, "growth", CONFORM_EACH,                                                              \
      "structs of a later minor version are taken, and nothing is written beyond the known size")  \
    X(EXTENSIONS, "extensions", CONFORM_EACH,                                                      \
      "a host that lacks an extension is refused, or served with the same outcome")                \
    X(SURROUNDINGS, "surroundings", CONFORM_EACH,                                                  \
      "another time zone and locale make no other outcome")                                        \
    X(INTERRUPT, "interrupt", CONFORM_EACH,                                                        \
      "interrupt may come at any moment, twice, from any thread, and ends a call that waits")      \
    X(MIGRATION, "migration", CONFORM_EACH,                                                        \
      "calls may come on another thread each, with the same outcome")                              \
    X(APART, "instances-apart", CONFORM_EACH,                                                      \
      "instances at work at once do not disturb one another")                                      \
    X(HOST_MEMORY, "host-memory", CONFORM_EACH,                                                    \
      "where buffer_alloc answers NULL, the call fails; nothing is lost or left behind")           \
    X(MEMORY, "memory", CONFORM_EACH,                                                              \
      "where malloc answers NULL, the call fails; nothing is lost or left behind")                 \
    X(LEAK_MEMORY, "leak-memory", CONFORM_EACH,                                                    \
      "memory does not grow from one instance to the next")                                        \
    X(LEAK_BUFFERS, "leak-buffers", CONFORM_EACH,                                                  \
      "all host buffers are free after destroy and the release of all arrays")                     \
    X(LEAK_FILES, "leak-files", CONFORM_EACH, "destroy leaves no descriptor open")                 \
    X(LEAK_THREADS, "leak-threads", CONFORM_EACH, "destroy leaves no thread behind")               \
    X(PROCESS, "process-state", CONFORM_EACH,                                                      \
      "signals, locale, folder, umask, environment, stdin and stdout stay as they were, no "       \
      "process is left")                                                                           \
    X(ARROW, "arrow", CONFORM_MAKES, "schemas and arrays are valid Arrow, to the last value")      \
    X(RELEASE, "release", CONFORM_MAKES,                                                           \
      "release works once, on another thread, after destroy, and marks the array as released")     \
    X(LENT, "lent", CONFORM_EACH, "what a call lent is not used after it")                         \
    X(UNSEEN, "unseen-bytes", CONFORM_EACH,                                                        \
      "bytes under a NULL, of no row, or that nobody wrote yet, mean nothing")                     \
    X(PIECES, "pieces", CONFORM_EACH,                                                              \
      "rows are the same in one batch and one by one, bytes likewise")                             \
    X(SAVE, "save", CONFORM_EACH,                                                                  \
      "a new instance with the saved state goes on as the old one would have")                     \
    X(RESTORE, "restore-garbage", CONFORM_EACH,                                                    \
      "an unknown version is UNSUPPORTED and changes nothing; damaged state is refused")           \
    X(DESCRIBE, "describe", CONFORM_EACH,                                                          \
      "describe answers words that there are, the same each time; bytes where the manifest says "  \
      "so")                                                                                        \
    X(DEMAND, "source-demand", CONFORM_SOURCE,                                                     \
      "next brings no more than was asked for, in its space")                                      \
    X(DEADLINE, "source-deadline", CONFORM_SOURCE, "next answers by its deadline")                 \
    X(ITEM, "source-item", CONFORM_SOURCE,                                                         \
      "items are well-formed: objects, offsets, flags, positions")                                 \
    X(POSITION, "source-position", CONFORM_SOURCE,                                                 \
      "opened at a position that it gave, a source brings the rest and nothing else")              \
    X(POSITION_GARBAGE, "position-garbage", CONFORM_SOURCE,                                        \
      "a damaged position or split is refused, not guessed at")                                    \
    X(NEGOTIATE, "source-negotiate", CONFORM_SOURCE,                                               \
      "what a source says it does for the host, it does")                                          \
    X(SPLITS, "source-splits", CONFORM_SOURCE, "any instance opens any split, in any order")       \
    X(WAKE, "wake", CONFORM_EACH, "who answers IDLE, BLOCKED or BUSY wakes the host")              \
    X(BIND, "bind", CONFORM_TRANSFORM,                                                             \
      "bind names columns that there are, and may be called again")                                \
    X(DISTRIBUTION, "bind-distribution", CONFORM_TRANSFORM,                                        \
      "instances with a part of the rows each bring what one brings with all, or bind says "       \
      "SINGLE")                                                                                    \
    X(BIND_DERIVED, "bind-derived", CONFORM_TRANSFORM,                                             \
      "a derived column depends on the columns that bind names for it, and no others")             \
    X(BIND_NAMES, "bind-names", CONFORM_TRANSFORM,                                                 \
      "columns that options name are found wherever they stand")                                   \
    X(BIND_READS, "bind-reads", CONFORM_TRANSFORM,                                                 \
      "process looks at the columns that it asked for alone")                                      \
    X(ROW_MAP, "row-map", CONFORM_TRANSFORM,                                                       \
      "maps point to rows that there are, as rows() promised")                                     \
    X(LEDGER, "ledger", CONFORM_TRANSFORM | CONFORM_SINK | CONFORM_FORMAT,                         \
      "every row is accounted for: out, filtered, rejected, reduced, held, or written")            \
    X(MOVED, "moved-on-failure", CONFORM_TRANSFORM | CONFORM_SINK,                                 \
      "after a failure the batch is still the host's")                                             \
    X(OFFSET, "array-offset", CONFORM_TRANSFORM | CONFORM_SINK | CONFORM_FORMAT,                   \
      "arrays with an offset are read as those without")                                           \
    X(MERGE, "merge", CONFORM_TRANSFORM,                                                           \
      "an instance that merged two states answers as one that saw all")                            \
    X(RETRY, "retry", CONFORM_EACH,                                                                \
      "a call that answered RETRY_CALL may be repeated; THROTTLED says for how long to wait")      \
    X(COMMIT, "commit", CONFORM_SINK, "prepare and commit work, and commit again changes nothing") \
    X(EPOCHS, "epochs", CONFORM_SINK,                                                              \
      "a later epoch of an instance is what a new instance makes of it")                           \
    X(ABORT, "abort", CONFORM_SINK, "abort works, before and behind prepare, also twice")          \
    X(COMMIT_ELSEWHERE, "commit-elsewhere", CONFORM_SINK,                                          \
      "an instance that never wrote commits the handles of another")                               \
    X(VISIBLE, "commit-visible", CONFORM_SINK,                                                     \
      "rows are seen behind commit, and not before; what others wrote stays as it is")             \
    X(DURABLE, "commit-durable", CONFORM_SINK,                                                     \
      "files that a commit made count are synced, and so are their names in their folders")        \
    X(COMMIT_CUT, "commit-cut", CONFORM_SINK,                                                      \
      "a commit that was cut in its midst is brought to its end by the next process' commit")      \
    X(COMMIT_BESIDE, "commit-beside", CONFORM_SINK,                                                \
      "what another pipeline writes to the same place, or prepared there, stays as it is")         \
    X(LEFTOVERS, "leftovers", CONFORM_SINK,                                                        \
      "what a process wrote that was killed before prepare is gone behind the next one's commit")  \
    X(HANDLE, "handle", CONFORM_SINK, "handles are at most 64 KiB; damaged ones are refused")      \
    X(LAST_COMMITTED, "last-committed", CONFORM_SINK,                                              \
      "last_committed tells the newest epoch, and fences off older generations")                   \
    X(INFER, "infer", CONFORM_FORMAT, "any bytes are inferred, refused, or waited for more of")    \
    X(FRAME, "frame", CONFORM_FORMAT,                                                              \
      "records lie in the data, and every call gets on or asks for more")                          \
    X(DECODE, "decode", CONFORM_FORMAT,                                                            \
      "rows and maps fit the records; nothing behind the chunk is read")                           \
    X(DECODE_COLUMNS, "decode-columns", CONFORM_FORMAT,                                            \
      "decode brings the columns that are wanted, in their order, and no others")                  \
    X(DECODE_GARBAGE, "decode-garbage", CONFORM_FORMAT,                                            \
      "any bytes are decoded, rejected or refused")                                                \
    X(ENCODE, "encode", CONFORM_FORMAT,                                                            \
      "encode appends, within its space; a rejected row leaves no bytes")                          \
    X(ROUND_TRIP, "round-trip", CONFORM_FORMAT,                                                    \
      "what was encoded decodes again, to the same values under the same names")                   \
    X(EMPTY_TEXTS, "empty-texts", CONFORM_FORMAT,                                                  \
      "an empty text comes back as one, and a NULL as a NULL")

#define CONFORM_RULE_NAME(name, id, kinds, holds) CONFORM_##name##_RULE,
enum conform_rule_id { CONFORM_RULES(CONFORM_RULE_NAME) CONFORM_N_RULES };

struct conform_rule {
    const char *id;
    uint32_t kinds;
    const char *holds;
};
extern const struct conform_rule conform_rules[CONFORM_N_RULES];

/* CONFORM_N_RULES: there is none of that id. */
enum conform_rule_id conform_rule_find(const char *id);

#endif
