#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of a source of what verifies, installs and loads packages, links the program anew, and
# shows that what is to see it sees it: one of the packages that nobody should make (tests/packages.py), a key that is not as it
# should be, or a whole scenario: 810 (what is installed, and who is trusted, when it runs), 815 (the doctor), 816 (names), 818
# (files beside a library), the kills. A scenario is left at the first fault, and as many plants are tried beside each other
# as there are processors. A plant whose text is not found in its source fails: it has to be kept up.
# Usage: package_plants.sh [WORDS OF A NAME]
set -uo pipefail

cd "$(dirname "$0")/.." || exit 2
build=${QETL_BUILD:-$PWD/build}
CC=${CC:-gcc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
count=0 here=$work
export QETL_BUILD=$build QETL_SHIMS=$build/tests/shim
: "${QETL_PLUGIN_PATH:=$build/plugins/lib}" "${QETL_TEST_PLUGINS:=$build/tests/plugins/lib}" "${QETL_TOOLS:=$build/tests/bin}"
export QETL_PLUGIN_PATH QETL_TEST_PLUGINS QETL_TOOLS
only=${1:-}
libraries=(-ljansson -lyaml -lpcre2-8 -lnettle -lsqlite3 -larchive -lzstd -lsodium -lm -pthread -ledit)

verdict() { # CODE TEXT: of the plant whose folder $here is
    [ "$1" = 0 ] && echo "ok      $2" || echo "NOT OK  $2"
} >>"$here/verdict"

# All of the program's objects but the one that is replaced; what lies in a library comes behind it.
program_link() {
    local objects=() object
    for object in $(<"$build/tests/failpoints/objects"); do
        case $object in
        "${1%.c}.o" | "tests/failpoints/${1%.c}.o") ;;
        *) objects+=("$object") ;;
        esac
    done
    (cd "$build" && $CC -o "$here/program" "$here/plant.o" "${objects[@]}" -Wl,--start-group libqetl_show.a libqetl.a \
        libqetl_sdk.a -Wl,--end-group "${libraries[@]}")
}

# ---- what sees a fault: prints "not ok", and ends with 1 ----

export XDG_CONFIG_HOME=$work/config
mkdir -p "$work/config/qetl/trusted-keys"
(cd "$work" && "$build/qetl" plugin keygen -q acme) &&
    python3 tests/packages.py "$QETL_TEST_PLUGINS/touch.so" "$work/acme.qsecret" "$work/crafted" || exit 2
key_put() { # of acme, with a change of jq
    jq '.plugins = ["*"]' "$work/acme.qkey" | jq "${1:-.}" >"$XDG_CONFIG_HOME/qetl/trusted-keys/acme.qkey"
}
key_put

# package, code, what it says
refused() {
    local got said
    XDG_DATA_HOME=$here/data timeout 60 "$here/program" plugin install "$work/crafted/$1.qpkg" --json >"$here/answer" 2>/dev/null
    got="$? $(jq -r .error.code "$here/answer" 2>/dev/null)"
    said=$(jq -r .error.message "$here/answer" 2>/dev/null)
    rm -rf "$here/data"
    [[ $got =~ ^3\ ($2)$ && $said =~ ${3-} ]] && return 0
    echo "not ok - $1: $got, wanted $2: $said"
    return 1
}

# What follows the first fault is not waited for.
scenario() { # COMMAND…
    local codes
    QETL=$here/program timeout 300 "$@" | awk '{ print; fflush() } /^not ok/ { bad = 1; exit } END { exit bad }'
    codes=("${PIPESTATUS[@]}")
    [ "${codes[1]}" = 0 ] || return 1
    return "${codes[0]}"
}

see() {
    case $1 in
    refusal)
        local code said
        read -r _ code said < <(grep "^$2 " "$work/crafted/refusals")
        refused "$2" "$code" "$said"
        ;;
    refusals)
        local bad=0 name code said
        while read -r name code said; do
            refused "$name" "$code" "$said" || bad=1
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
        chmod o+w "$XDG_CONFIG_HOME/qetl/trusted-keys/$3"
        refused good "$2"
        local code=$?
        chmod o-w "$XDG_CONFIG_HOME/qetl/trusted-keys/$3"
        return $code
        ;;
    kills) scenario python3 -u tests/proof/packages.py 300 ;;
    *) scenario bash "tests/cases/$1.sh" ;;
    esac
}

# name, what sees it, source, the text in it, the fault
try() {
    local name=$1 case=$2 source=$3 text
    text=$(<"$source")
    if [[ $text != *"$4"* ]]; then
        verdict 1 "$name: its text is not in $source"
        return
    fi
    printf '%s\n' "${text/"$4"/"$5"}" >"$here/plant.c"
    if ! $CC -std=gnu11 -D_GNU_SOURCE= -DQETL_FAILPOINTS -O1 -w -fPIC -fvisibility=hidden -Isdk -Icore -iquote "$(dirname "$source")" \
        -c -o "$here/plant.o" "$here/plant.c" || ! program_link "$source"; then
        verdict 1 "$name: it does not build"
        return
    fi
    # shellcheck disable=SC2086 # its arguments
    see $case >"$here/out" 2>&1
    local code=$?
    if [ -z "$4" ]; then
        verdict $code "$name: $case finds nothing"
    else
        [ $code = 1 ] && grep -q '^not ok' "$here/out"
        verdict $? "$name, seen by $case: $(grep -am 1 '^not ok' "$here/out" | tr -cd '[:print:]' | cut -c 10-130)"
    fi
    [ $code = 1 ] || { [ -z "$4" ] && [ $code = 0 ]; } || tail -n 5 "$here/out" >>"$here/verdict"
    rm -f "$here/program"
}

plant() {
    [[ $1 = *"$only"* ]] || return
    count=$((count + 1))
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    (
        here=$work/$count XDG_CONFIG_HOME=$work/$count/config
        mkdir "$here"
        cp -r "$work/config" "$here"
        try "$@"
        cat "$here/verdict"
    ) &
}

plant "no plant" refusals core/package/package.c '' ''

# ---- the package: its bytes, entries and list ----
plant "a file's hash is not compared" 'refusal changed' core/package/package.c \
    'if (entry->size == file->size && memcmp(digest, file->sha256, sizeof digest) == 0)' 'if (entry->size == file->size)'
plant "files that are not listed are passed over" 'refusal extra' core/package/package.c \
    'if (!file || strcmp(file->path, entry.path) != 0)' 'if (!file) continue; else if (strcmp(file->path, entry.path) != 0)'
plant "the last file may be missing" 'refusal missing-last' core/package/package.c \
    'if (!answer && i < package->contents->n_files)' 'if (0)'
plant "bytes behind the end are passed over" 'refusal behind' core/package/unpack.c 'if (unpack->ended && unpack->in.pos < unpack->in.size)' 'if (0)'
plant "it may unpack to anything" 'refusal ratio-bomb' core/package/unpack.c 'if (unpack->total > unpack->allowed)' 'if (0)'
plant "a frame needs no checksum" 'refusal no-checksum' core/package/unpack.c '(HAS_CHECKSUM | UNUSED | HAS_DICTIONARY)) == HAS_CHECKSUM' '(UNUSED | HAS_DICTIONARY)) == 0'
plant "links are files" 'refusal symlink' core/package/entries.c 'return "is a symbolic link";' 'return NULL;'
plant "devices are files" 'refusal block-device' core/package/entries.c 'return "is a device";' 'return NULL;'
plant "any mode will do" 'refusal executable' core/package/entries.c 'if (mode != MODE)' 'if (0)'
plant "any header will do" 'refusal pax-comment' core/package/entries.c 'archive_format(entries->archive) != ARCHIVE_FORMAT_TAR_USTAR' '0'
plant "an archive may hold more than its entries" 'refusal padded' core/package/entries.c \
    'qetl_package_unpack_total(entries->unpack) == entries->accounted + 2 * BLOCK' '1'
plant "names have any letters" 'refusal hidden' core/package/entry_name.c 'if (!is_part(part, size))' 'if (0)'
plant "case does not matter" 'refusal list-case' core/package/entry_name.c "(unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)" '(unsigned char)c'
plant "a list has any order" 'refusal list-unsorted' core/package/contents_check.c 'if (order > 0)' 'if (0)'
plant "a list has many texts" 'refusal list-spaces' core/package/contents.c 'contents && !qetl_canonical_is(qetl_package_contents_write(contents), text, size)' '0'

# ---- whose it is, and whether it is for this machine ----
plant "a signature is not verified" 'refusal other-list' core/trust/signature.c 'return crypto_sign_verify_detached(' 'return 0 * crypto_sign_verify_detached('
plant "keys are alike" 'refusal stranger' core/trust/trust.c 'if (memcmp(at->key.bytes, signature->key.bytes, QETL_KEY_BYTES) != 0)' 'if (0)'
plant "a key signs anything" 'key key_out_of_scope .plugins=["x-*"]' core/trust/trust.c '(name && !key_signs(at, name))' '0'
plant "a key never expires" 'key key_expired .expires="2024-02-29"' core/trust/trust.c 'strcmp(today, key->expires) > 0' '0'
plant "anyone may write a key" 'writable untrusted_key|unsafe_key acme.qkey' core/trust/trust.c '!error && !all && !qetl_is_safe(&status)' '0'
plant "anyone may write the folder of keys" 'writable untrusted_key|unsafe_key .' core/trust/trust.c 'if (is_unsafe && !all)' 'if (0)'
plant "unsigned is good enough" 'refusal unsigned' core/cli/packages.c 'verdict == QETL_UNSIGNED && allow_unsigned' 'verdict == QETL_UNSIGNED'
plant "any machine will do" 'refusal platform' core/package/plugin_check.c 'if (strcmp(contents->platform, qetl_machine_platform()) != 0)' 'if (0)'
plant "any libc will do" 'refusal libc' core/package/plugin_check.c 'if (qetl_libc_compare(contents->libc, qetl_machine_libc()) > 0)' 'if (0)'
plant "any ABI will do" 'refusal abi' core/package/plugin_check.c 'if (min <= QETL_ABI_VERSION && max >> 16 >= QETL_ABI_VERSION >> 16)' 'if (1)'
plant "the manifest is not the library's" 'refusal mismatch-manifest' core/package/plugin_check.c \
    'size == plugin->manifest_size && memcmp(note, plugin->manifest_text, size) == 0' '1'
plant "a library has code run on stacks" 'refusal library-runs-stack' core/package/library_facts.c 'facts->runs_stack = runs_stack(&image);' ';'
plant "a library that says nothing of stacks needs none" 'refusal library-no-stack' core/package/library_facts.c 'unsigned flags = PF_X;' 'unsigned flags = 0;'
plant "a library has others in its place" 'refusal library-filter' core/package/library_facts.c 'facts->is_filter = 1;' ';'
plant "notes may overlap" 'refusal library-notes' core/package/library_facts.c 'notes[0] > image->size' '0'
l=core/plugin/elf_layout.c
plant "there are two dynamic sections" 'refusal library-two-dynamics' $l 'if (count != 1)' 'if (!count)'
plant "a dynamic section is as short as its file says" 'refusal library-short-dynamic' $l 'dynamic.p_filesz != dynamic.p_memsz ||' ''
plant "a dynamic section needs no end" 'refusal library-shorter-dynamic' $l 'if (!table.has_end)' 'if (0)'
plant "a dynamic section lies anywhere" 'refusal library-dynamic-elsewhere' $l 'qetl_elf_image_offset(image, dynamic.p_vaddr) != dynamic.p_offset' '0'
plant "segments may overlap" 'refusal library-covered-dynamic' $l 'if (own.begin < before.end)' 'if (0)'
plant "segments lie anywhere" 'refusal library-segment-askew' $l '((segment.p_vaddr - segment.p_offset) & (page - 1))' '0'
plant "names lie anywhere" 'refusal library-names-long' $l '!is_loaded(image, table.names, table.names_size)' '0'
plant "a name lies anywhere" 'refusal library-name-cut' $l 'strlen(name) >= table.names_size - entry.d_un.d_val' '0'
plant "a library may ask for folders" 'refusal library-needs-origin' core/package/library_facts.c 'strpbrk(name, "/$")' "strchr(name, '/')"
plant "a library says where others are" 'refusal library-search-path' core/package/plugin_check.c 'if (facts.has_search_path || facts.needs_path)' 'if (0)'

plant "components have any name" 824-names-of-packages core/trust/scope.c 'is_own(component)
                ? QETL_TRUSTED' '1 ? QETL_TRUSTED'
plant "a name that begins so is the plugin's" 824-names-of-packages core/trust/scope.c "(!word[size] || word[size] == '_' || word[size] == '-')" '1'
plant "the longest extension wins" 824-names-of-packages core/plugin/registry_format.c '(!home && choice->at_home)' '0'
plant "the last package has the extension" 824-names-of-packages core/plugin/registry_format.c 'choice->count++;' 'choice->count = 1;'
plant "names of what is installed are not asked again" 824-names-of-packages core/depot/installed.c \
    'if (manifest && !sealed->told.errors)' 'if (0)'
plant "a word comes by a key that has expired" 824-names-of-packages core/trust/scope.c 'if (verdict == QETL_KEY_EXPIRED)' 'if (0)'
plant "what was taken by a word that expired stops" 824-names-of-packages core/trust/scope.c 'scope->is_installed ? QETL_WARNING : QETL_ERROR' 'QETL_ERROR'
plant "what nobody signed has any name" 824-names-of-packages core/trust/scope.c 'qetl_trust_claims(scope->trust, word);' 'NULL;'
plant "words of what nobody signed are not said" 824-names-of-packages core/trust/scope.c '!scope->is_installed && !is_own(component)' '0'

# ---- what is kept of indexes ----
plant "another key's numbers count" 825-index-memory core/index/index_seen.c '(*seen.key ? strcmp(seen.key, key) == 0 : same_place)' '1'
plant "what is forgotten of one place stays of the others" 825-index-memory core/index/index_seen.c '&& !is_of(&sight, indexes))' '&& strcmp(sight.place, place) != 0)'
plant "anybody's release goes on" 825-index-memory core/index/index_make.c 'if (memcmp(own.bytes, (*before)->signature.key.bytes, sizeof own.bytes) == 0)' 'if (1)'
plant "numbers have no end" 825-index-memory core/index/index.c '(uint64_t)version > QETL_INDEX_RELEASE_MAX ||' ''
plant "there is a release behind the last" 825-index-memory core/index/index_make.c 'before->version >= QETL_INDEX_RELEASE_MAX' '0'

plant "the first file of an index's key decides" 827-which-index core/index/index_open.c \
    'qetl_trust_judge_index(trust, &index->signature, index->packages[i].is.name, now,
                                   &decided) == QETL_TRUSTED' 'fnmatch(key->plugins[0], index->packages[i].is.name, 0) == 0'
plant "what expired claims names" 827-which-index core/trust/trust.c '!qetl_key_is_expired(at, now) && key_claims' 'key_claims'
plant "patterns are no claims" 827-which-index core/cli/indexes_find.c 'if (owner && !claims)' 'if (0)'
plant "a star is a claim" 827-which-index core/trust/trust.c 'strspn(key->plugins[i], "*?") < strlen(key->plugins[i]) &&' ''
plant "what is beyond an index's scope is had from the next" 827-which-index core/cli/indexes_find.c 'if (qetl_index_has_beyond(at->index, name))' 'if (0)'
plant "an index that cannot be had is passed over" 827-which-index core/cli/indexes_find.c 'return refuse_closed(at, name, findings);' 'continue;'
plant "a pipe is waited for" 827-which-index core/config/slurp.c '!S_ISREG(status.st_mode) ? ENODATA' '0 ? ENODATA'

# ---- installed ----
plant "an older version is newer" 810-install core/depot/succession.c 'qetl_package_version_compare(contents->version, newest->version) < 0' '0'
plant "what came with qetl may become older" 826-succession core/depot/succession.c 'qetl_package_version_compare(contents->version, at->version) < 0' '0'
plant "another signer is as good" 826-succession core/depot/succession.c 'bool allowed = s->consent.change_signer;' 'bool allowed = package->is_signed || s->consent.change_signer;'
plant "nobody signs as well as anybody" 826-succession core/depot/succession.c 'bool allowed = s->consent.change_signer;' 'bool allowed = !package->is_signed || s->consent.change_signer;'
plant "what all users have has no signer" 817-system-wide core/depot/succession.c 'if (!before.entry && s->machine)' 'if (0)'
plant "a key that is gone keeps its plugins" 826-succession core/depot/succession.c 'verdict == QETL_TRUSTED || verdict == QETL_KEY_EXPIRED' \
    'verdict != QETL_UNSIGNED && (key || (key = s->trust->keys))'
plant "the day on which a key expires ends its claim" 826-succession core/depot/succession.c ' || verdict == QETL_KEY_EXPIRED' ''
plant "another has the name of what is missing" 817-system-wide core/plugin/registry.c 'manifest->hidden |= qetl_missing_hides(registry->missing, manifest);' ''
plant "what is damaged is had from elsewhere" 817-system-wide core/plugin/registry.c 'if (qetl_missing_covers(registry->missing, manifest))' 'if (0)'
plant "what nobody knows hides nothing" 817-system-wide core/plugin/missing.c ': manifest->sealed != NULL)' ': 0)'
plant "a key that cannot be read has no say in a run" 829-one-fault core/depot/installed.c 'verdict == QETL_UNSIGNED && !in->keys_known' '0'
plant "one fault stops all" 829-one-fault core/cli/pipeline_input.c 'qetl_registry_tell_missed(registry, NULL, QETL_WARNING, findings)' 'qetl_registry_tell_missed(registry, NULL, QETL_ERROR, findings)'
plant "the words of what is damaged are free" 829-one-fault core/cli/installing.c 'int bad = qetl_registry_tell_missed(registry, package->contents->name, QETL_ERROR, findings);' 'int bad = 0;'
plant "what is damaged cannot be repaired" 829-one-fault core/cli/installing.c 'bool again = qetl_succession_is_again(depot, package);' 'bool again = false;'
plant "a folder of keys behind a link is none" 829-one-fault core/plugin/beneath.c 'return errno == ENOENT && is_behind_link(path);' 'return false;'
plant "others may move the keys away" 829-one-fault core/trust/trust.c 'if (!all && is_unsafe)' 'if (0)'
plant "a lost list is an empty one" 829-one-fault core/depot/depot_list.c 'error == ENOENT && !has_content(depot)' 'error == ENOENT'
plant "what all users have may become older" 817-system-wide core/depot/succession.c 's->machine && i < s->machine->n_entries' 'i < 0'
plant "others may say what was seen" 825-index-memory core/disk/safe_file.c 'error || qetl_is_safe(&status)' 'true'
plant "others may put another in the place of what was seen" 825-index-memory core/disk/safe_file.c '&& !qetl_is_safe(&status)' '&& 0'
plant "others may say where a link leads" 825-index-memory core/disk/safe_file.c 'links <= LINKS_MAX' 'links < 1'
plant "a list of indexes is read in part" 825-index-memory core/cli/indexes.c 'qetl_safe_slurp(path, FILE_MAX,' 'qetl_safe_slurp(path, SIZE_MAX,'
plant "what cannot be written has no mend" 811-packages-in-use core/disk/unwritable.c 'qetl_finding_mend(finding, "%s", mend_of(error));' ''
plant "who reads without a lock says nothing of it" 811-packages-in-use core/depot/depot.c 'if (!error && locks)' 'if (0)'
plant "who signed it stays whoever did before" 811-packages-in-use core/depot/install.c 'qetl_depot_sign(entry, package->is_signed ? &package->signature : NULL);' \
    'if (!entry->is_signed) qetl_depot_sign(entry, package->is_signed ? &package->signature : NULL);'
plant "a signature is of any list" 810-install core/depot/installed.c 'if (signature && qetl_signature_check(signature, list, list_size))' 'if (0)'
plant "a key that cannot be read has no say" 826-succession core/cli/installing.c 'installing->findings->errors == before' '1'
plant "an upgrade is decided before it is fetched" 826-succession core/cli/installing.c '(!onward || qetl_succession_is_onward(&depot, package))' '1'
plant "a version is two packages" 810-install core/depot/install.c 'if (!entry || strcmp(entry->digest, digest) == 0)' 'if (1)'
plant "a component has two plugins" 816-package-names core/depot/clash.c 'if (is_same(&at->components[c], own))' 'if (0)'
plant "others may change what is installed" 811-packages-in-use core/plugin/beneath.c 'return !(status->st_mode & (S_IWGRP | S_IWOTH)) &&' 'return'
plant "links lead elsewhere" 811-packages-in-use core/plugin/beneath.c 'O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK' 'O_RDONLY | O_CLOEXEC | O_NONBLOCK'
plant "what is read is removed" 811-packages-in-use core/depot/depot_sweep.c ' && !qetl_shelf_is_used(sweep->users, digest)' ''
plant "who reads says nothing of it" 811-packages-in-use core/plugin/shelf.c 'byte_of(digest, F_RDLCK)' 'byte_of(digest, F_UNLCK)'
plant "what is whole is written anew" 811-packages-in-use core/depot/content_write.c 'if (!error && is_whole(depot, package, digest))' 'if (0)'
plant "others may hold the lock of changes" 811-packages-in-use core/disk/alone.c 'if (status.st_mode & (S_IRWXG | S_IRWXO) &&' 'if (0 &&'
plant "what cannot be read is damaged" 811-packages-in-use core/depot/content_fault.c ': NULL;
    if (damage)' ': "is damaged";
    if (damage)'
plant "what may not be looked at is not there" 811-packages-in-use core/plugin/beneath.c '(errno != ENOENT && errno != ENOTDIR)' '0'
plant "what is named is swept" kills core/depot/depot_sweep.c 'if (strcmp(depot->entries[i].digest, digest) == 0)' 'if (0)'
plant "what is there is believed to be whole" 810-install core/depot/content_write.c 'qetl_content_check(depot, &entry, &said) == 0' '1'

# ---- keys, names, audits ----
plant "a key stands in one file" 812-keys-by-bytes core/cli/keys.c '!is_same(&trust->keys[i], key, except)' \
    '!is_same(&trust->keys[i], key, except) || json_array_size(gone)'
plant "a key has one role" 812-keys-by-bytes core/cli/keys.c ' || !has_role(&trust->keys[i], role)' ''
plant "keys are added by two at once" 812-keys-by-bytes core/cli/cli_key_add.c 'bad = !path || qetl_keys_lock(folder, &lock, findings)' 'bad = !path'
plant "keys are removed while others change them" 812-keys-by-bytes core/cli/cli_key_remove.c '!folder || qetl_keys_lock(folder, &lock, findings)' '!folder'
plant "what others may write is no key that goes" 812-keys-by-bytes core/trust/trust.c 'return keys_read(one, true, findings);' 'return keys_read(one, false, findings);'
plant "the first of two plugins is meant" 813-contested-components core/plugin/registry.c 'if (strcmp(other->plugin->id, plugin) != 0)' 'if (0)'
plant "an audit compares locks alone" 814-audit-as-run core/lock/locked_used.c 'bad |= qetl_library_prove' 'bad |= 0 && qetl_library_prove'
plant "what was locked may be exchanged" 814-audit-as-run core/plugin/library_seal.c 'if (!manifest->is_locked || !manifest->locked.needs_place ||' 'if (1 ||'
plant "what is locked is loaded where it lies" 814-audit-as-run core/plugin/library_seal.c ': qetl_library_is_to_be_copied(manifest) ? locked_seal' ': 0 ? locked_seal'
plant "what looks for files beside it is copied" 814-audit-as-run core/package/library_facts.c 'memmem(image->data + image->names, size, "dladdr", sizeof "dladdr")' '0'
plant "a lock that is a link becomes a file" 845-lock core/cli/cli_plugin_lock.c 'real ? real : path' 'path'
plant "what a shell is told is not quoted" 828-shell-words core/config/shell_word.c 'return is_plain(text) ? strdup(text) : in_quotes(text);' 'return strdup(text);'
plant "a lock that leads nowhere is none" 814-audit-as-run core/lock/lock.c 'if (!qetl_is_there(path))' 'if (access(path, F_OK))'
plant "verify does not ask what is installed" 814-audit-as-run core/cli/installing.c 'if (!bad && !anywhere)' 'if (0)'
plant "a link has another lock" 845-lock core/lock/lock_place.c 'lstat(name, &status) || S_ISREG(status.st_mode)' '1'
plant "a link has two locks" 845-lock core/lock/lock_place.c 'if (!is_same_file(*path, lock))' 'if (0)'
plant "nobody says that there is no lock" 845-lock core/lock/locked.c 'tell_none(name, findings);' ';'
plant "what nobody trusts is locked" 845-lock core/lock/locked_used.c 'tell(&sealed->told.items[k], findings);' ';'
plant "a lock that was named may be missing" 845-lock core/lock/locked.c 'if (!named || *lock)' 'if (1)'
plant "what an early qetl saw counts nowhere" 825-index-memory core/index/index_seen.c 'strcmp(seen.key, key) == 0 : same_place' 'strcmp(seen.key, key) == 0 : 0'
plant "what an early qetl saw has no key for ever" 825-index-memory core/index/index_seen.c 'same_place && *seen.key;' 'same_place;'
plant "an upgrade is rehearsed without a look" 826-succession core/cli/cli_plugin_upgrade.c 'qetl_installing_verify(&work->installing, package, true, false, &key)' '0'
plant "root writes in any home" 817-system-wide core/cli/foreign.c 'if (path && status.st_uid)' 'if (0)'
plant "what nobody sees is shown" 819-texts-of-strangers core/show/display.c ' && !is_unseen(letter)' ''
plant "text is turned" 819-texts-of-strangers core/show/display.c '!turns_text(letter)' '1'

# ---- when it runs ----
plant "the list of an installed package is not compared" 810-install core/depot/installed.c 'if (strcmp(hex, in->entry->digest) != 0)' 'if (0)'
plant "the manifest of an installed package is not compared" 810-install core/depot/installed.c \
'else if (size != file->size || memcmp(digest, file->sha256, sizeof digest) != 0)' 'else if (0)'
plant "who signed it is not asked again" 810-install core/depot/installed.c \
    'qetl_trust_judge(in->trust, signature, name, time(NULL), &key);' 'QETL_TRUSTED;'
plant "the library is not compared" 810-install core/plugin/sealed.c \
    'total != file->size || memcmp(digest, file->sha256, sizeof digest) != 0' '0'
plant "what was verified is not what is loaded" 810-install core/plugin/loader.c \
    'dlopen(qetl_sealed_image(manifest),' 'dlopen(manifest->library_path,'
plant "files beside it are not sealed" 818-files-beside core/plugin/sealed.c 'F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE' 'F_SEAL_SEAL'
plant "files beside it lead out" 818-files-beside core/plugin/companion.c 'if (!stays_inside(path))' 'if (0)'
plant "files beside it are those of the folder" 818-files-beside core/plugin/companion.c \
    'return manifest->sealed ? sealed_open(manifest->sealed, path, fd)
                            : plain_open(manifest, path, fd);' 'return plain_open(manifest, path, fd);'

# ---- what the doctor says of it ----
plant "the doctor compares no hash" 815-doctor-packages core/depot/content_check.c 'memcmp(digest, file->sha256, sizeof digest) == 0' '1'
plant "the doctor passes over what is not listed" 815-doctor-packages core/depot/content_check.c 'else if (!bad && !is_own(check, path))' 'else if (0)'
plant "the doctor sees no left-overs" 815-doctor-packages core/depot/depot_sweep.c 'left->count += !is_named(' 'left->count += 0 && !is_named('
plant "the doctor finds well what was told before" 815-doctor-packages core/doctor/doctor.c 'd->again_errors += f->severity == QETL_ERROR;' ';'
plant "the doctor mends where it only looks" 815-doctor-packages core/doctor/doctor_packages.c 'if (d->repair)' 'if (1)'
plant "the doctor does not tell what is shadowed" 815-doctor-packages core/doctor/doctor_folders.c 'plugin->hidden ? used_of(d->registry, plugin->id) : NULL' 'NULL'

wait
passed=$(cat "$work"/*/verdict | grep -c '^ok      ') failed=$((count - passed))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
