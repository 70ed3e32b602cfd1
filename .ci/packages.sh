# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# packages_need NAME…: installs those Debian packages that are not there yet.

packages_missing() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null)" = 'ii ' ] || echo "$name"
    done
}

packages_need() {
    local missing root=()
    command -v dpkg-query >/dev/null || {
        echo "This is no Debian; please install what these packages hold: $*" >&2
        return 0
    }
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "Missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
            return 1
        }
        root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" </dev/null >/dev/null
}

packages_build=(gcc libc6-dev make autoconf automake pkg-config gzip
    libjansson-dev libyaml-dev libarchive-dev libedit-dev zlib1g-dev libexpat1-dev libxlsxwriter-dev libsnappy-dev libzstd-dev libbz2-dev liblzma-dev libpcre2-dev nettle-dev libsqlite3-dev libcurl4-openssl-dev libpq-dev libssl-dev libsodium-dev)
# shellcheck disable=SC2034
packages_test=("${packages_build[@]}" g++ libcriterion-dev libck-dev libsimdjson-dev miller python3 jq xz-utils zstd brotli lz4 bzip2 zip unzip
    clang libclang-rt-dev clang-format shellcheck procps postgresql-15 tzdata locales
    bsdextrautils fish graphviz mandoc zsh python3-jsonschema python3-pip python3-yaml python3-openpyxl
    gnumeric spin sqlite3 cmake meson ninja-build rustc cargo curl nghttp2-proxy openssl strace debhelper lintian mmdebstrap)

# build_here SOURCE CONFIGURE_OPTION…: configures and builds in the current folder.
build_here() {
    local source=$1
    shift
    if [ ! -x "$source/configure" ] || [ ! -e "$source/Makefile.in" ] ||
        [ "$source/configure.ac" -nt "$source/configure" ] ||
        [ "$source/Makefile.am" -nt "$source/Makefile.in" ]; then
        (cd "$source" && autoreconf -i >build.log 2>&1) || {
            cat "$source/build.log" >&2
            return 1
        }
        rm -f "$source/build.log"
    fi
    [ -f Makefile ] && [ "$(cat .configured 2>/dev/null)" = "$*" ] ||
        "$source/configure" --quiet "$@" >configure.log 2>&1 || {
        cat configure.log >&2
        return 1
    }
    echo "$*" >.configured
    nice make -j"$(nproc)" >build.log 2>&1 || {
        tail -n 60 build.log >&2
        return 1
    }
}
