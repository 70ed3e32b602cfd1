/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of the program as one table: what is parsed, what --help and the manual say, and what a
 * shell completes all come from it.
 *
 * Invariant: no two options of a command share a name or a letter; an option writes where its
 *            `offset` says, into struct qetl_cli or, in a group of the command's own, into the
 *            `own_size` bytes at cli->own. Ownership: all is constant. Threads:   any.
 */
#ifndef QETL_CORE_COMMAND_H
#define QETL_CORE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_cli;
struct qetl_findings;

enum qetl_arg_kind {
    QETL_ARG_FLAG,   /* bool */
    QETL_ARG_TEXT,   /* const char *, into argv; NULL where it was not given */
    QETL_ARG_MAYBE,  /* as TEXT; "" where it was given without a value: --NAME[=VALUE] */
    QETL_ARG_TEXTS,  /* struct qetl_texts: may be given again and again */
    QETL_ARG_NUMBER, /* int64_t, least to most */
    QETL_ARG_BYTES,  /* int64_t, "64MiB"; at least `least` */
    QETL_ARG_CHOICE  /* int, an index into `choices` */
};

/* What a shell offers for a value or an operand. */
enum qetl_completes {
    QETL_COMPLETES_NOTHING,
    QETL_COMPLETES_FILE,
    QETL_COMPLETES_FOLDER,
    QETL_COMPLETES_PLUGIN, /* a component that is installed */
    QETL_COMPLETES_FORMAT, /* a format that is installed */
    QETL_COMPLETES_COMMAND
};

struct qetl_option {
    const char *name; /* "plugin-dir" */
    char letter;      /* 'q', or 0 */
    enum qetl_arg_kind kind;
    enum qetl_completes completes;
    size_t offset;
    const char *value;          /* "DIR"; NULL for a flag */
    const char *const *choices; /* ended by NULL */
    int64_t least, most;
    const char *help;
};

struct qetl_option_group {
    const char *title; /* "Limits" */
    bool own;          /* offsets are of the command's own struct */
    size_t n_options;
    const struct qetl_option *options;
};

struct qetl_texts { /* ended by NULL */
    const char **items;
    size_t count;
};

struct qetl_operands {
    const char *name; /* "FILE"; NULL: there are none */
    size_t least, most;
    enum qetl_completes completes;
    const char *const *choices; /* or NULL */
};

struct qetl_example {
    const char *line, *says;
};

struct qetl_exit {
    const char *codes, *means;
};

enum { QETL_GROUPS_MAX = 12 };

struct qetl_command {
    const char *name;            /* "run", "plugin list" */
    const char *section;         /* under which the list of commands shows it: "Run" */
    const char *summary;         /* one line of at most 50 letters, no full stop */
    const char *const *synopses; /* what follows the name, without [OPTION]...; ended by NULL */
    const char *description;     /* paragraphs between empty lines; indented lines stay as they
                                    are */
    struct qetl_operands operands;
    const struct qetl_option_group *groups[QETL_GROUPS_MAX + 1]; /* ended by NULL */
    const struct qetl_example *examples;                         /* ended by a NULL line */
    const struct qetl_exit *exits;                               /* ended by NULL codes */
    size_t own_size;
    int (*run)(struct qetl_cli *, struct qetl_findings *); /* the exit code */
};

/* commands.c */
extern const struct qetl_command *const qetl_commands[]; /* ended by NULL */
/* The command that words begin with, and how many of them are its name; or NULL. */
const struct qetl_command *qetl_command_find(size_t n, char *const *words, size_t *n_name);
/* Says that there is none, and what was meant. */
void qetl_command_unknown(size_t n, char *const *words, struct qetl_findings *);
const struct qetl_option *qetl_command_option(const struct qetl_command *, const char *name);

/* option_groups.c: options that commands share. */
extern const struct qetl_option_group qetl_options_general;  /* --quiet, --help */
extern const struct qetl_option_group qetl_options_help;     /* --help alone */
extern const struct qetl_option_group qetl_options_json;     /* --json, --json-file */
extern const struct qetl_option_group qetl_options_plugins;  /* --plugin-dir */
extern const struct qetl_option_group qetl_options_locked;   /* --plugin-dir, --lock */
extern const struct qetl_option_group qetl_options_pipeline; /* --set */
extern const struct qetl_option_group qetl_options_oneliner; /* --from, --to, ... */
extern const struct qetl_option_group qetl_options_limits;   /* --workers, --memory, ... */
extern const struct qetl_option_group qetl_options_log;      /* --log-level, --log-file */

extern const struct qetl_exit qetl_exits_run[];   /* of what moves data */
extern const struct qetl_exit qetl_exits_check[]; /* of what looks at configuration */
extern const struct qetl_exit qetl_exits_show[];  /* of what shows something */

#define QETL_OPTION_GROUP(title_, own_, options_)                                              \
    {                                                                                          \
        .title = (title_), .own = (own_), .n_options = sizeof(options_) / sizeof(options_)[0], \
        .options = (options_),                                                                 \
    }

#endif
