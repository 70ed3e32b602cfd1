#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of a source of what verifies, installs and loads packages, links the program anew, and
# shows that what is to see it sees it: one of the packages that nobody should make (tests/packages.py), a key that is not as it
# should be, or a whole scenario: 810 (what is installed, and who is trusted, when it runs), 815 (the doctor), 816 (names), 818
# (files beside a library), the kills. A plant whose text is not found in its source fails: it has to be kept up.
# Usage: package_plants.sh [WORDS OF A NAME]
set -uo pipefail

cd "$(dirname "$0")/.." || exit 2
build=${QETL_BUILD:-$PWD/build}
CC=${CC:-gcc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
export QETL_BUILD=$build QETL_SHIMS=$build/tests/shim
: "${QETL_PLUGIN_PATH:=$build/plugins/lib}" "${QETL_TEST_PLUGINS:=$build/tests/plugins/lib}" "${QETL_TOOLS:=$build/tests/bin}"
export QETL_PLUGIN_PATH QETL_TEST_PLUGINS QETL_TOOLS
only=${1:-}
libraries=(-ljansson -lyaml -lpcre2-8 -lnettle -lsqlite3 -larchive -lzstd -lsodium -lm -pthread -ledit)

verdict() {
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok      $2"
    else
        failed=$((failed + 1))
        echo "NOT OK  $2"
    fi
}

# All of the program's objects but the one that is replaced; what lies in a library comes behind it.
program_link() {
    local objects=() object
    for object in $(<"$build/tests/failpoints/objects"); do
        case $object in
        "${1%.c}.o" | "tests/failpoints/${1%.c}.o") ;;
        *) objects+=("$object") ;;
        esac
    done
    (cd "$build" && $CC -o "$work/program" "$work/plant.o" "${objects[@]}" -Wl,--start-group libqetl_show.a libqetl.a \
        libqetl_sdk.a -Wl,--end-group "${libraries[@]}")
}

# ---- what sees a fault: prints "not ok", and ends with 1 ----

export XDG_CONFIG_HOME=$work/config
mkdir -p "$work/config/qetl/trusted-keys"
(cd "$work" && "$build/qetl" plugin keygen -q acme) &&
    python3 tests/packages.py "$QETL_TEST_PLUGINS/touch.so" "$work/acme.qsecret" "$work/crafted" || exit 2
key_put() { # of acme, with a change of jq
    jq '.plugins = ["*"]' "$work/acme.qkey" | jq "${1:-.}" >"$work/config/qetl/trusted-keys/acme.qkey"
}
key_put

# package, code
refused() {
    local got
    XDG_DATA_HOME=$work/data timeout 60 "$work/program" plugin install "$work/crafted/$1.qpkg" --json >"$work/answer" 2>/dev/null
    got="$? $(jq -r .error.code "$work/answer" 2>/dev/null)"
    rm -rf "$work/data"
    [[ $got =~ ^3\ ($2)$ ]] && return 0
    echo "not ok - $1: $got, wanted $2"
    return 1
}

see() {
    case $1 in
    refusal) refused "$2" "$(sed -n "s/^$2 \([^ ]*\) .*/\1/p" "$work/crafted/refusals")" ;;
    refusals)
        local bad=0 name code _
        while read -r name code _; do
            refused "$name" "$code" || bad=1
        done <"$work/crafted/refusals"
        return $bad
        ;;
    key) # code, change
        key_put "$3"
        refused good "$2"
        local code=$?
        key_put
        return $code
        ;;
    writable) # code, file or folder of keys
        chmod o+w "$work/config/qetl/trusted-keys/$3"
        refused good "$2"
        local code=$?
        chmod o-w "$work/config/qetl/trusted-keys/$3"
        return $code
        ;;
    kills) QETL=$work/program timeout 300 python3 tests/proof/packages.py 300 ;;
    *) QETL=$work/program timeout 300 bash tests/cases/"$1"-*.sh ;;
    esac
}

# name, what sees it, source, the text in it, the fault
plant() {
    local name=$1 case=$2 source=$3 text
    [[ $name = *"$only"* ]] || return
    text=$(<"$source")
    if [[ $text != *"$4"* ]]; then
        verdict 1 "$name: its text is not in $source"
        return
    fi
    printf '%s\n' "${text/"$4"/"$5"}" >"$work/plant.c"
    if ! $CC -std=gnu11 -D_GNU_SOURCE= -DQETL_FAILPOINTS -O1 -w -fPIC -fvisibility=hidden -Isdk -Icore -iquote "$(dirname "$source")" \
        -c -o "$work/plant.o" "$work/plant.c" || ! program_link "$source"; then
        verdict 1 "$name: it does not build"
        return
    fi
    # shellcheck disable=SC2086 # its arguments
    see $case >"$work/out" 2>&1
    local code=$?
    if [ -z "$4" ]; then
        verdict $code "$name: $case finds nothing"
    else
        [ $code = 1 ] && grep -q '^not ok' "$work/out"
        verdict $? "$name, seen by $case: $(grep -am 1 '^not ok' "$work/out" | tr -cd '[:print:]' | cut -c 10-130)"
    fi
    [ $code = 1 ] || { [ -z "$4" ] && [ $code = 0 ]; } || tail -n 5 "$work/out"
}

p=core/package
plant "no plant" refusals $p/package.c '' ''

# ---- the package: its bytes, entries and list ----
plant "a file's hash is not compared" 'refusal changed' $p/package.c \
    'if (entry->size == file->size && memcmp(digest, file->sha256, sizeof digest) == 0)' 'if (entry->size == file->size)'
plant "files that are not listed are passed over" 'refusal extra' $p/package.c \
    'if (!file || strcmp(file->path, entry.path) != 0)' 'if (!file) continue; else if (strcmp(file->path, entry.path) != 0)'
plant "the last file may be missing" 'refusal missing-last' $p/package.c \
    'if (!answer && i < package->contents->n_files)' 'if (0)'
plant "bytes behind the end are passed over" 'refusal behind' $p/unpack.c 'if (unpack->ended && unpack->in.pos < unpack->in.size)' 'if (0)'
plant "it may unpack to anything" 'refusal ratio-bomb' $p/unpack.c 'if (unpack->total > unpack->allowed)' 'if (0)'
plant "a frame needs no checksum" 'refusal no-checksum' $p/unpack.c '(HAS_CHECKSUM | UNUSED | HAS_DICTIONARY)) == HAS_CHECKSUM' '(UNUSED | HAS_DICTIONARY)) == 0'
plant "links are files" 'refusal symlink' $p/entries.c 'return "is a symbolic link";' 'return NULL;'
plant "devices are files" 'refusal block-device' $p/entries.c 'return "is a device";' 'return NULL;'
plant "any mode will do" 'refusal executable' $p/entries.c 'if (mode != MODE)' 'if (0)'
plant "any header will do" 'refusal pax-comment' $p/entries.c 'archive_format(entries->archive) != ARCHIVE_FORMAT_TAR_USTAR' '0'
plant "an archive may hold more than its entries" 'refusal padded' $p/entries.c \
    'qetl_package_unpack_total(entries->unpack) == entries->accounted + 2 * BLOCK' '1'
plant "names have any letters" 'refusal hidden' $p/entry_name.c 'if (!is_part(part, size))' 'if (0)'
plant "case does not matter" 'refusal list-case' $p/entry_name.c "(unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)" '(unsigned char)c'
plant "a list has any order" 'refusal list-unsorted' $p/contents_check.c 'if (order > 0)' 'if (0)'
plant "a list has many texts" 'refusal list-spaces' $p/contents.c 'contents && !is_canonical(contents, text, size)' '0'

# ---- whose it is, and whether it is for this machine ----
plant "a signature is not verified" 'refusal other-list' $p/signature.c 'return crypto_sign_verify_detached(' 'return 0 * crypto_sign_verify_detached('
plant "keys are alike" 'refusal stranger' $p/trust.c 'if (memcmp(at->key.bytes, signature->key.bytes, QETL_KEY_BYTES) != 0)' 'if (0)'
plant "a key signs anything" 'key key_out_of_scope .plugins=["x-*"]' $p/trust.c '!qetl_key_signs(at, plugin)' '0'
plant "a key never expires" 'key key_expired .expires="2024-02-29"' $p/trust.c 'strcmp(today, key->expires) > 0' '0'
plant "anyone may write a key" 'writable untrusted_key|unsafe_key acme.qkey' $p/trust.c 'if (!error && !is_safe(&status))' 'if (0)'
plant "anyone may write the folder of keys" 'writable untrusted_key|unsafe_key .' $p/trust.c 'if (fstat(fd, &status) || !is_safe(&status))' 'if (0)'
plant "unsigned is good enough" 'refusal unsigned' core/cli/packages.c 'verdict == QETL_UNSIGNED && allow_unsigned' 'verdict == QETL_UNSIGNED'
plant "any machine will do" 'refusal platform' $p/plugin_check.c 'if (strcmp(contents->platform, qetl_machine_platform()) != 0)' 'if (0)'
plant "any libc will do" 'refusal libc' $p/plugin_check.c 'if (qetl_libc_compare(contents->libc, qetl_machine_libc()) > 0)' 'if (0)'
plant "any ABI will do" 'refusal abi' $p/plugin_check.c 'if (min <= QETL_ABI_VERSION && max >> 16 >= QETL_ABI_VERSION >> 16)' 'if (1)'
plant "the manifest is not the library's" 'refusal mismatch-manifest' $p/plugin_check.c \
    'size == plugin->manifest_size && memcmp(note, plugin->manifest_text, size) == 0' '1'
plant "a library says where others are" 'refusal library-search-path' $p/plugin_check.c 'if (facts.has_search_path || facts.needs_path)' 'if (0)'

plant "components have any name" 824 $p/scope.c 'if (is_own(component) || ' 'if (1 || '
plant "a name that begins so is the plugin's" 824 $p/scope.c "(longer[size] == '_' || longer[size] == '-')" '1'
plant "the longest extension wins" 824 core/plugin/registry_format.c '(!home && choice->at_home)' '0'
plant "the last package has the extension" 824 core/plugin/registry_format.c 'choice->count++;' 'choice->count = 1;'
plant "names of what is installed are not asked again" 824 $p/installed.c 'if (manifest && in->is_signed && !sealed->told.errors)' 'if (0)'

# ---- what is kept of indexes ----
plant "another key's numbers count" 825 $p/index_seen.c ' && strcmp(seen.key, key) == 0;' ';'
plant "what is forgotten of one place stays of the others" 825 $p/index_seen.c '&& !is_of(&sight, indexes))' '&& strcmp(sight.place, place) != 0)'
plant "anybody's release goes on" 825 $p/index_make.c 'if (memcmp(own.bytes, (*before)->signature.key.bytes, sizeof own.bytes) == 0)' 'if (1)'
plant "numbers have no end" 825 $p/index.c '(uint64_t)version > QETL_INDEX_RELEASE_MAX ||' ''
plant "there is a release behind the last" 825 $p/index_make.c 'before->version >= QETL_INDEX_RELEASE_MAX' '0'

plant "patterns are no claims" 827 core/cli/indexes_find.c 'if (owner && !claims)' 'if (0)'
plant "a star is a claim" 827 $p/trust.c 'strspn(key->plugins[i], "*") < strlen(key->plugins[i]) &&' ''
plant "what is beyond an index's scope is had from the next" 827 core/cli/indexes_find.c 'if (qetl_index_has_beyond(at->index, name))' 'if (0)'
plant "an index that cannot be had is passed over" 827 core/cli/indexes_find.c 'return refuse_closed(at, name, findings);' 'continue;'
plant "a pipe is waited for" 827 core/config/slurp.c '!S_ISREG(status.st_mode) ? ENODATA' '0 ? ENODATA'

# ---- installed ----
plant "an older version is newer" 810 $p/succession.c 'qetl_package_version_compare(contents->version, newest->version) < 0' '0'
plant "what came with qetl may become older" 826 $p/succession.c 'qetl_package_version_compare(version, at->version) < 0' '0'
plant "another signer is as good" 826 $p/succession.c 'bool allowed = s->consent.change_signer;' 'bool allowed = package->is_signed || s->consent.change_signer;'
plant "nobody signs as well as anybody" 826 $p/succession.c 'bool allowed = s->consent.change_signer;' 'bool allowed = !package->is_signed || s->consent.change_signer;'
plant "a key that is gone keeps its plugins" 826 $p/succession.c '!= QETL_TRUSTED)
        return 0;' '== QETL_UNSIGNED) return 0; if (!key) key = s->trust->keys;'
plant "an upgrade is decided before it is fetched" 826 core/cli/installing.c '(!onward || qetl_succession_is_onward(&depot, package))' '1'
plant "a version is two packages" 810 $p/install.c 'if (!entry || strcmp(entry->digest, digest) == 0)' 'if (1)'
plant "a component has two plugins" 816 $p/clash.c 'if (is_same(&at->components[c], own))' 'if (0)'
plant "others may change what is installed" 810 $p/depot.c '!(status.st_mode & (S_IWGRP | S_IWOTH)) &&' ''
plant "what runs is removed under it" 810 $p/depot_sweep.c 'fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0' '1'
plant "what is named is swept" kills $p/depot_sweep.c 'if (strcmp(depot->entries[i].digest, digest) == 0)' 'if (0)'
plant "what is there is believed to be whole" 810 $p/content_write.c \
    'error = renameat2(depot->folder, from, depot->folder, to, RENAME_EXCHANGE) ? errno : 0;' 'error = 0;'

# ---- when it runs ----
plant "the list of an installed package is not compared" 810 $p/installed.c 'if (strcmp(hex, in->entry->digest) != 0)' 'if (0)'
plant "the manifest of an installed package is not compared" 810 $p/installed.c \
    'if (!text || size != file->size || memcmp(digest, file->sha256, sizeof digest) != 0)' 'if (!text)'
plant "who signed it is not asked again" 810 $p/installed.c \
    'qetl_trust_judge(in->trust, signature, name, time(NULL), &key);' 'QETL_TRUSTED;'
plant "the library is not compared" 810 core/plugin/sealed.c \
    'total != file->size || memcmp(digest, file->sha256, sizeof digest) != 0' '0'
plant "what was verified is not what is loaded" 810 core/plugin/loader.c \
    'dlopen(manifest->sealed ? manifest->sealed->path : manifest->library_path,' 'dlopen(manifest->library_path,'
plant "files beside it are not sealed" 818 core/plugin/sealed.c 'F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE' 'F_SEAL_SEAL'
plant "files beside it lead out" 818 core/plugin/companion.c 'if (!stays_inside(path))' 'if (0)'
plant "files beside it are those of the folder" 818 core/plugin/companion.c \
    'return manifest->sealed ? sealed_open(manifest->sealed, path, fd)
                            : plain_open(manifest, path, fd);' 'return plain_open(manifest, path, fd);'

# ---- what the doctor says of it ----
plant "the doctor compares no hash" 815 $p/content_check.c 'memcmp(digest, file->sha256, sizeof digest) == 0' '1'
plant "the doctor passes over what is not listed" 815 $p/content_check.c 'else if (!bad && !is_own(check, path))' 'else if (0)'
plant "the doctor sees no left-overs" 815 $p/depot_sweep.c '!is_used(fd, entry->d_name) &&' '0 &&'
plant "the doctor mends where it only looks" 815 core/doctor/doctor_packages.c 'if (d->repair)' 'if (1)'
plant "the doctor does not tell what is shadowed" 815 core/doctor/doctor_folders.c 'plugin->hidden ? used_of(d->registry, plugin->id) : NULL' 'NULL'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
