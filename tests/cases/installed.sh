# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Installs qetl into ./root with DESTDIR, for those who have nothing else of it.
#
#   alone COMMAND…   runs it with the installation in PATH, PKG_CONFIG_PATH and QETL_PLUGIN_PATH, and nothing else in the
#                    environment
#   tree_named FILE… the lines that name a file of the sources or the build, which may hold the prefix: whether that is there, or
#                    is behind a link, may be asked
#   $plugins         the installed plugins

prefix=$(sed -n 's/^prefix = //p' "$QETL_BUILD/Makefile")
installation=$PWD/root$prefix
make -C "$QETL_BUILD" install DESTDIR="$PWD/root" >install.log 2>&1 || fail 'make install' "$(tail -n 20 install.log)"
plugins=$(dirname "$(find "$installation" -name csv.so)")
pkg_config=$(dirname "$(find "$installation" -name qetl-plugin.pc)")

alone() {
    env -i PATH="$installation/bin:/usr/bin:/bin" HOME="$PWD" LC_ALL="$LC_ALL" NO_COLOR=1 \
        PKG_CONFIG_PATH="$pkg_config" PKG_CONFIG_SYSROOT_DIR="$scratch/root" QETL_PLUGIN_PATH="$plugins" \
        XDG_STATE_HOME="$XDG_STATE_HOME" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$@"
}

tree_named() {
    local above=$prefix edits="s#$installation##g; s#$prefix/##g"
    while [ "$above" ]; do
        edits+="; s#\"$above\"##"
        above=${above%/*}
    done
    sed "$edits" "$@" | grep -F -e "$root/" -e "$QETL_BUILD/" | head -n 5
}
