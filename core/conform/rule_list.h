/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of conformance, for whoever defines RULE(name, id, kinds, holds, mend) and includes
 * this: what must hold, and what an author does where it does not.
 */
RULE(MANIFEST, "manifest", CONFORM_LIBRARY,
     "a manifest NAME.qetl.json lies beside NAME.so, and is valid",
     "put NAME.qetl.json beside NAME.so; the message names the line in it that is wrong")
RULE(NOTE, "manifest-note", CONFORM_LIBRARY,
     "the library holds a note with the bytes of its manifest",
     "link the manifest into the library with the SDK's build files (automake, CMake, meson), and"
     " build again whenever it changes")
RULE(SYMBOLS, "symbols-exported", CONFORM_LIBRARY, "qetl_plugin_entry is the only symbol exported",
     "compile with -fvisibility=hidden, link with -Wl,--exclude-libs,ALL, and export "
     "qetl_plugin_entry alone")
RULE(UNDEFINED, "symbols-undefined", CONFORM_LIBRARY,
     "every symbol that the library asks for is in a library that it names",
     "name the library that has the symbol when linking (-lNAME), and link with -Wl,-z,defs so "
     "that the linker says so")
RULE(LOAD, "load", CONFORM_LIBRARY, "the library loads, and its entry answers",
     "do nothing in constructors that can fail, and answer a table from qetl_plugin_entry")
RULE(LOAD_TIME, "load-time", CONFORM_LIBRARY,
     "loading takes less than half a second of processor time",
     "move what constructors and the entry do to create or start")
RULE(LOAD_QUIET, "load-quiet", CONFORM_LIBRARY,
     "loading leaves no threads, no open files, and the process as it was",
     "begin threads, open files and set handlers in start, and end them in stop")
RULE(STATICS, "statics", CONFORM_LIBRARY,
     "no variable is shared by all instances or is a thread's, but what is constant",
     "move the variable into self, which each instance has of its own, or make it const")
RULE(ENTRY_ABI, "entry-abi", CONFORM_LIBRARY,
     "the entry answers the highest version that both sides know, and refuses another major one",
     "declare the plugin by QETL_PLUGIN (qetl/sdk.h), or answer the lower of both versions, and "
     "UNSUPPORTED for another major one")
RULE(BINARY, "manifest-binary", CONFORM_LIBRARY,
     "id, version, components and kinds of manifest and library are the same",
     "let library and manifest say the same, and build again: one of them is older")
RULE(TABLES, "tables", CONFORM_LIBRARY,
     "sizes are those of the version, mandatory callbacks are there, one table a component",
     "set struct_size to sizeof, and fill in each callback that the header calls mandatory")
RULE(RUN, "run", CONFORM_EACH, "a plain run with the inputs of the check succeeds",
     "read the message of the call that failed; if the input of the check does not suit the "
     "plugin, say a better one in `check`")
RULE(EXPECT, "expect", CONFORM_EACH, "what the check expects comes out",
     "compare the rows that the message names with `expect`; one of the two is wrong")
RULE(OPTIONS_DEFAULT, "options-accepted", CONFORM_EACH,
     "values that the schema allows, its bounds among them, are accepted, or refused as CONFIG "
     "with the option's name",
     "narrow the schema (minimum, maximum, enum, pattern) to what create takes, or refuse the "
     "value as CONFIG with the option's pointer")
RULE(OPTIONS_KNOWN, "options-known", CONFORM_EACH, "options that are asked for stand in the schema",
     "add the option to `options` in the manifest, or do not ask for it")
RULE(OPTIONS_READ, "options-read", CONFORM_EACH, "options that the schema has are asked for",
     "take the option out of the manifest, or read it; a `check` entry that leads to it may be "
     "missing")
RULE(LIFE_ORDER, "lifecycle", CONFORM_EACH,
     "create, start, stop and destroy in every legal order, also after failures",
     "let destroy free what create made, and stop what start made, however far each of them came")
RULE(STATE_SIZE, "state-size", CONFORM_EACH, "nothing is written beyond state_size bytes of self",
     "set state_size to the size of the struct that self is cast to")
RULE(STATUS, "status", CONFORM_EACH, "a call answers a status that is among its own",
     "answer one of the statuses that qetl/plugin.h lists at the callback")
RULE(ERROR, "error", CONFORM_EACH,
     "a failure is told by host->error: its code, one line of message, an option that there is",
     "fail by qetl_fail (host->error): a code, one line without a line end, and the pointer of an"
     " option of the schema or NULL")
RULE(HOST_CALLS, "host-calls", CONFORM_EACH,
     "calls of the host are legal: reject where it may be called and on the call's own thread, "
     "whole log lines",
     "call reject only where qetl/plugin.h says so and on the call's own thread, and give log "
     "whole lines without a line end")
RULE(GROWTH, "growth", CONFORM_EACH,
     "structs of a later minor version are taken, and nothing is written beyond the known size",
     "look at struct_size before a field of a later minor version, and write no more than it says")
RULE(EXTENSIONS, "extensions", CONFORM_EACH,
     "a host that lacks an extension is refused, or served with the same outcome",
     "look whether the host has the extension, and do without it or fail with UNSUPPORTED")
RULE(SURROUNDINGS, "surroundings", CONFORM_EACH,
     "another time zone and locale make no other outcome",
     "read and write numbers and times by functions that know no locale and no zone "
     "(qetl/parse.h, timegm, strtod_l)")
RULE(INTERRUPT, "interrupt", CONFORM_EACH,
     "interrupt may come at any moment, twice, from any thread, and ends a call that waits",
     "let interrupt set an atomic flag and wake what waits, and look at the flag in each loop "
     "that waits")
RULE(MIGRATION, "migration", CONFORM_EACH,
     "calls may come on another thread each, with the same outcome",
     "keep in self what you keep in thread-local variables, and release locks in the call that "
     "took them")
RULE(APART, "instances-apart", CONFORM_EACH, "instances at work at once do not disturb one another",
     "share nothing that is written between instances: no static, no common file or folder "
     "without a name of the instance")
RULE(HOST_MEMORY, "host-memory", CONFORM_EACH,
     "where buffer_alloc answers NULL, the call fails; nothing is lost or left behind",
     "look at what buffer_alloc answers, free what the call has made so far, and answer NO_MEMORY")
RULE(MEMORY, "memory", CONFORM_EACH,
     "where malloc answers NULL, the call fails; nothing is lost or left behind",
     "look at what each malloc answers, free what the call has made so far, and answer NO_MEMORY")
RULE(LEAK_MEMORY, "leak-memory", CONFORM_EACH, "memory does not grow from one instance to the next",
     "free in destroy what create, start and the calls allocated; valgrind on the test host names"
     " the place")
RULE(LEAK_BUFFERS, "leak-buffers", CONFORM_EACH,
     "all host buffers are free after destroy and the release of all arrays",
     "release each array that you took, and free each host buffer that no array owns")
RULE(LEAK_FILES, "leak-files", CONFORM_EACH, "destroy leaves no descriptor open",
     "close in stop or destroy what was opened, also where a call failed")
RULE(LEAK_THREADS, "leak-threads", CONFORM_EACH, "destroy leaves no thread behind",
     "join in stop or destroy each thread that was begun")
RULE(PROCESS, "process-state", CONFORM_EACH,
     "signals, locale, folder, umask, environment, stdin and stdout stay as they were, no process"
     " is left",
     "do not call setlocale, chdir, umask, setenv, signal or fork from a plugin; use the thread's"
     " or descriptor's own kin (uselocale, openat)")
RULE(ARROW, "arrow", CONFORM_MAKES, "schemas and arrays are valid Arrow, to the last value",
     "build columns by the SDK's builders, or let lengths, offsets, validity and UTF-8 be as the "
     "Arrow format says")
RULE(RELEASE, "release", CONFORM_MAKES,
     "release works once, on another thread, after destroy, and marks the array as released",
     "let release free what the array owns and set release to NULL, without a look at self")
RULE(LENT, "lent", CONFORM_EACH, "what a call lent is not used after it",
     "copy what is needed after the call; pointers of its arguments end with it")
RULE(UNSEEN, "unseen-bytes", CONFORM_EACH,
     "bytes under a NULL, of no row, or that nobody wrote yet, mean nothing",
     "look at the validity before a value, and set every byte of what you hand on")
RULE(PIECES, "pieces", CONFORM_EACH,
     "rows are the same in one batch and one by one, bytes likewise",
     "keep what spans two calls in self: no meaning lies in where a batch or a chunk ends")
RULE(SAVE, "save", CONFORM_EACH,
     "a new instance with the saved state goes on as the old one would have",
     "write into the state all that later answers depend on, and read all of it back")
RULE(RESTORE, "restore-garbage", CONFORM_EACH,
     "an unknown version is UNSUPPORTED and changes nothing; damaged state is refused",
     "write by qetl_state_write and read by qetl_state_read (qetl/sdk.h), or check all of the "
     "state before any of it is taken over, and answer UNSUPPORTED")
RULE(
    DESCRIBE, "describe", CONFORM_EACH,
    "describe answers words that there are, the same each time; bytes, delivery, an end and commit "
    "as the manifest says",
    "fill in each field by the header's words, from options alone, and let `bytes`, `delivery`, "
    "`delivery_if` and `commit` in the manifest say the same")
RULE(DEMAND, "source-demand", CONFORM_SOURCE,
     "next brings no more than was asked for, in its space",
     "bound what a call brings by max_rows, max_bytes and the space that it was given")
RULE(DEADLINE, "source-deadline", CONFORM_SOURCE, "next answers by its deadline",
     "wait no longer than to deadline_ns, and answer IDLE with a wake to come")
RULE(ITEM, "source-item", CONFORM_SOURCE,
     "items are well-formed: objects, offsets, flags, positions",
     "set OBJECT_START and the offset where an object begins, count offsets by its bytes, and set"
     " the flags that the header knows")
RULE(POSITION, "source-position", CONFORM_SOURCE,
     "opened at a position that it gave, a source brings the rest and nothing else",
     "let a position say what is read already, and open go on right behind it, in every split, "
     "any number of times")
RULE(POSITION_GARBAGE, "position-garbage", CONFORM_SOURCE,
     "a damaged position or split is refused, not guessed at",
     "check in open that a position or split has the size, the version and the bounds of those "
     "given out, and fail where it has not")
RULE(NEGOTIATE, "source-negotiate", CONFORM_SOURCE,
     "what a source says it does for the host, it does",
     "answer EXACT only for what the source does itself, to the last row")
RULE(SPLITS, "source-splits", CONFORM_SOURCE, "any instance opens any split, in any order",
     "let a split say all that is needed to read it, and keep nothing of plan_splits in self")
RULE(WAKE, "wake", CONFORM_EACH, "who answers IDLE, BLOCKED or BUSY wakes the host",
     "call host->wake when there is something to do, or watch a descriptor, before the call "
     "answers")
RULE(BIND, "bind", CONFORM_TRANSFORM, "bind names columns that there are, and may be called again",
     "take columns by the indices of the inputs that bind was given, and forget an earlier bind")
RULE(DISTRIBUTION, "bind-distribution", CONFORM_TRANSFORM,
     "instances with a part of the rows each bring what one brings with all, or bind says SINGLE",
     "let bind say SINGLE where a row's outcome depends on other rows, or HASH with the columns "
     "that keep those together")
RULE(BIND_DERIVED, "bind-derived", CONFORM_TRANSFORM,
     "a derived column depends on the columns that bind names for it, and no others",
     "name in derive each column that the new one is computed from, and no other")
RULE(BIND_NAMES, "bind-names", CONFORM_TRANSFORM,
     "columns that options name are found wherever they stand",
     "find columns by their names in bind, and not by a place that they once had")
RULE(BIND_READS, "bind-reads", CONFORM_TRANSFORM,
     "process looks at the columns that it asked for alone",
     "ask binder->read for each column that process looks at")
RULE(ROW_MAP, "row-map", CONFORM_TRANSFORM, "maps point to rows that there are, as rows() promised",
     "map each row out to a row of the batch that came in, ascending where rows() said so")
RULE(LEDGER, "ledger", CONFORM_TRANSFORM | CONFORM_SINK | CONFORM_FORMAT,
     "every row is accounted for: out, filtered, rejected, reduced, held, or written",
     "count each row once: handed on, filtered, rejected by host->reject, reduced, or held and "
     "told")
RULE(MOVED, "moved-on-failure", CONFORM_TRANSFORM | CONFORM_SINK,
     "after a failure the batch is still the host's",
     "leave the batch where it is until nothing can fail any more, and move it then")
RULE(OFFSET, "array-offset", CONFORM_TRANSFORM | CONFORM_SINK | CONFORM_FORMAT,
     "arrays with an offset are read as those without",
     "add the array's offset to each index, and its children's own")
RULE(MERGE, "merge", CONFORM_TRANSFORM,
     "an instance that merged two states answers as one that saw all",
     "add the other state to this one as if its rows had come here")
RULE(RETRY, "retry", CONFORM_EACH,
     "a call that answered RETRY_CALL may be repeated; THROTTLED says for how long to wait",
     "leave everything as it was before the call where it answers RETRY_CALL, and give "
     "retry_after_ms with THROTTLED")
RULE(COMMIT, "commit", CONFORM_SINK, "prepare and commit work, and commit again changes nothing",
     "let the handle name what is to be done, and commit find out whether it is done already")
RULE(EPOCHS, "epochs", CONFORM_SINK,
     "a later epoch of an instance is what a new instance makes of it",
     "forget in commit and abort what belongs to the epoch: counts, files, headers")
RULE(ABORT, "abort", CONFORM_SINK, "abort works, before and behind prepare, also twice",
     "let abort take back what the epoch wrote, and do nothing where nothing is left")
RULE(COMMIT_ELSEWHERE, "commit-elsewhere", CONFORM_SINK,
     "an instance that never wrote commits the handles of another",
     "put into the handle all that commit needs: paths and names, and nothing of self")
RULE(VISIBLE, "commit-visible", CONFORM_SINK,
     "rows are seen behind commit, and not before; what others wrote stays as it is",
     "stage rows where no reader looks (another name, another table, a transaction), and show "
     "them in commit")
RULE(DURABLE, "commit-durable", CONFORM_SINK,
     "files that a commit made count are synced, and so are their names in their folders",
     "fsync the file before it gets its name, and the folder behind that, before commit answers")
RULE(COMMIT_CUT, "commit-cut", CONFORM_SINK,
     "a commit that was cut in its midst is brought to its end by the next process' commit",
     "make each step of commit one that may be done again, and the last one what counts (rename, "
     "one transaction)")
RULE(COMMIT_BESIDE, "commit-beside", CONFORM_SINK,
     "what another pipeline writes to the same place, or prepared there, stays as it is",
     "put the pipeline's name and its run into the names of what is staged, and take away only "
     "such")
RULE(LEFTOVERS, "leftovers", CONFORM_SINK,
     "what a process wrote that was killed before prepare is gone behind the next one's commit",
     "find what earlier processes of this pipeline staged, by its name, and take it away in start"
     " or commit")
RULE(HANDLE, "handle", CONFORM_SINK, "handles are at most 64 KiB; damaged ones are refused",
     "keep the handle small (names, not rows), and check size, version and content before it is "
     "used")
RULE(LAST_COMMITTED, "last-committed", CONFORM_SINK,
     "last_committed tells the newest epoch, and fences off older generations",
     "keep the epoch's number with the rows in one transaction, and the generation beside it")
RULE(INFER, "infer", CONFORM_FORMAT, "any bytes are inferred, refused, or waited for more of",
     "check each length before reading, and answer a schema, a failure, or that more is needed")
RULE(FRAME, "frame", CONFORM_FORMAT,
     "records lie in the data, and every call gets on or asks for more",
     "end a record within the data, consume at least a byte, or ask for more")
RULE(DECODE, "decode", CONFORM_FORMAT,
     "rows and maps fit the records; nothing behind the chunk is read",
     "give as many maps as rows, within the records, and look at no byte behind the chunk's size")
RULE(DECODE_COLUMNS, "decode-columns", CONFORM_FORMAT,
     "decode brings the columns that are wanted, in their order, and no others",
     "go by the wanted columns of decode's arguments, in their order")
RULE(DECODE_GARBAGE, "decode-garbage", CONFORM_FORMAT, "any bytes are decoded, rejected or refused",
     "check each length against what is left before it is used, and reject the record or refuse "
     "the data")
RULE(ENCODE, "encode", CONFORM_FORMAT,
     "encode appends, within its space; a rejected row leaves no bytes",
     "append behind what stands there, and set the length back for a row that is rejected")
RULE(ROUND_TRIP, "round-trip", CONFORM_FORMAT,
     "what was encoded decodes again, to the same values under the same names",
     "write what decode reads back to the same value: names, NULLs, scales, time zones, quotes; "
     "or say `reads_back: false`")
RULE(EMPTY_TEXTS, "empty-texts", CONFORM_FORMAT,
     "an empty text comes back as one, and a NULL as a NULL",
     "write NULL and an empty text in two ways, and read them likewise")
