/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands over packages share: which keys are trusted here, and a package in words.
 *
 * Invariant: a package that was judged good is trusted by a key of this machine or of this user, or
 *            was taken without a signature by whoever called.
 * Ownership: answers are the caller's.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_PACKAGES_H
#define QETL_CORE_CLI_PACKAGES_H

#include "cli.h"
#include "depot/depot.h"
#include "package/package.h"
#include "trust/trust.h"

/* Of the machine; the build knows better. */
#ifndef QETL_KEY_DIR
#define QETL_KEY_DIR "/usr/local/etc/qetl/trusted-keys"
#endif

/* $XDG_DATA_HOME/qetl/plugins, and $XDG_CONFIG_HOME/qetl/trusted-keys; NULL: there is no home, or
 * no memory. */
char *qetl_cli_packages_folder(void);
char *qetl_cli_keys_folder(void);
char *qetl_cli_config_file(const char *name); /* $XDG_CONFIG_HOME/qetl/NAME */
/* The user's keys, and those of the machine. NULL with findings. */
struct package_trust *qetl_cli_trust(struct qetl_findings *);

/* The machine's alone, or both. */
struct package_trust *qetl_cli_trust_of(bool system, struct qetl_findings *);
/* Who changes packages or keys is waited for, and it is said, from now on. */
void qetl_cli_wait(void);
/* Where packages are installed; the caller's. NULL with a finding. */
char *qetl_cli_depot(bool system, struct qetl_findings *);

/* What becomes of a verdict: 0, or -1 with a finding. An unsigned package that is allowed is a
 * warning. */
int qetl_cli_judge(const struct package_trust *, const struct package *, bool allow_unsigned,
                   const struct key_file **key, struct qetl_findings *);
/* Of one that was judged good: whether its components may have their names, too. 0, or -1 with
 * findings. */
int qetl_cli_scope_check(const struct package_trust *, const struct package *,
                         struct qetl_findings *);
/* key NULL: nobody's. */
json_t *qetl_cli_package_json(const struct package *, const struct key_file *key);
void qetl_cli_package_print(const struct package *, const struct key_file *key);
void qetl_hex(const uint8_t *bytes, size_t size, char *text);

#endif
