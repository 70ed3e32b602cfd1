#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin is built against the installed SDK alone, as C11 and as C++17, and runs in the installed qetl.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
make -C "$QETL_BUILD" install DESTDIR="$PWD/root" >install.log 2>&1 || fail 'make install' "$(tail -n 20 install.log)"
prefix=$(sed -n 's/^prefix = //p' "$QETL_BUILD/Makefile")
installed=$PWD/root$prefix
pc=$(find "$installed" -name qetl-plugin.pc)
expect_eq 'one .pc file' "$(grep -c . <<<"$pc")" 1
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$PWD/root
flags=$(pkg-config --cflags --libs qetl-plugin)

cat >shout.c <<'C'
#include <qetl/plugin.h>
#include <qetl/sdk.h>
#include <qetl/manifest.h>

QETL_EMBED_MANIFEST("shout.qetl.json");

struct shout {
    struct qetl_env env;
    int64_t rows;
};

static int32_t shout_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx, const char *config)
{
    struct shout *s = (struct shout *)self;
    (void)config;
    s->env.host = host;
    s->env.ctx = ctx;
    return QETL_OK;
}

static int32_t shout_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_IDEMPOTENT;
    out->commit = QETL_COMMIT_NONE;
    return QETL_OK;
}

static int32_t shout_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct shout *s = (struct shout *)self;
    (void)stream;
    qetl_logf(s->env, QETL_LOG_WARN, "shout has %d columns", (int)schema->n_children);
    return QETL_OK;
}

static int32_t shout_write(void *self, struct qetl_write *write)
{
    struct shout *s = (struct shout *)self;
    s->rows += write->rows;
    write->rows_written = write->rows;
    return QETL_OK;
}

static const struct qetl_sink sink = {sizeof(struct qetl_sink), shout_describe, 0, shout_open, shout_write,
                                      0, 0, 0, 0};
static const struct qetl_component component = {sizeof(struct qetl_component), QETL_SINK, "shout",
                                                sizeof(struct shout), shout_create, 0, 0, 0, 0, 0, 0, 0,
                                                0, 0, &sink, 0};

QETL_PLUGIN("shout", "1.0.0", &component)
C
cat >shout.qetl.json <<'JSON'
{"id": "shout", "version": "1.0.0", "summary": "Says how many columns there are", "abi": {"min": "1.0", "max": "1.0"},
 "permissions": [], "components": [{"kind": "sink", "id": "shout", "summary": "Says how many columns there are",
  "delivery": "idempotent", "options": {"type": "object", "additionalProperties": false, "properties": {}}}]}
JSON
cp shout.c shout.cc
printf 'id,name\n1,a\n2,b\n' >in.csv
printf 'name: t\nsources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: shout, input: s}}\n' >p.yaml
run_with() { # folder, compiler and its flags
    local folder=$1
    shift
    mkdir -p "$folder"
    cp shout.qetl.json "$folder"
    # shellcheck disable=SC2086
    expect_exit 0 "$@" -Wall -Wextra -Werror -fPIC -fvisibility=hidden -shared -o "$folder/shout.so" $flags
    unset QETL_PLUGIN_PATH
    expect_exit 0 "$QETL" run p.yaml --plugin-dir "$QETL_BUILD/plugins/lib" --plugin-dir "$folder" --log-level warn
    expect_text err 'shout has 2 columns'
    expect_eq 'exported' "$(nm -D --defined-only "$folder/shout.so" | awk '{ print $3 }' | tr '\n' ' ')" 'qetl_plugin_entry '
}
# pkg-config's libraries follow the source.
flags="-x none $flags"
run_with c11 "${CC:-cc}" -std=c11 -pedantic shout.c
command -v "${CXX:-c++}" >/dev/null && run_with c17 "${CXX:-c++}" -std=c++17 shout.cc

# The installed program finds the installed plugins by itself where its prefix is the true one.
expect_eq 'installed' "$(find "$installed" -path '*/qetl/plugins/csv.so' | wc -l)" 1
[ -x "$installed/bin/qetl" ] && pass 'bin/qetl' || fail 'bin/qetl is missing'
expect_exit 0 env QETL_PLUGIN_PATH="$(dirname "$(find "$installed" -name csv.so)")" "$installed/bin/qetl" \
    run --from in.csv --to installed.csv
expect_same installed.csv in.csv
# With it: a manual page for each command, and what shells complete with.
"$installed/bin/qetl" help --format markdown | sed -n 's/^## qetl //p' | tr ' ' '-' >commands
expect_eq 'manual pages' "$(cd "$installed/share/man/man1" && LC_ALL=C ls)" "$({ echo qetl.1; sed 's/.*/qetl-&.1/' commands; } | LC_ALL=C sort)"
for file in bash-completion/completions/qetl zsh/site-functions/_qetl fish/vendor_completions.d/qetl.fish; do
    expect_text "$installed/share/$file" 'completion for qetl'
done
# What the manual pages send an author to is there, in the folder that they name.
docs=$PWD/root$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable=docdir qetl-plugin)
cat "$installed"/share/man/man1/*.1 | tr -d '\\' | grep -o '[a-z/-]*\.md' | sort -u >named
expect_text named '^reference/conformance.md$'
expect_text named '^reference/tests.md$'
while read -r name; do
    [ -f "$docs/$name" ] && pass "$name is installed" || fail "$name is named, and not installed"
done <named
make -C "$QETL_BUILD" uninstall DESTDIR="$PWD/root" >uninstall.log 2>&1
expect_eq 'nothing is left' "$(find root -type f | wc -l)" 0
