#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A plugin is built, tested and installed by automake, CMake and meson, each by the snippet that is installed, with
# nothing but an installation; qetl runs what was installed; then the installation goes, and leaves nothing.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
unset MAKEFLAGS MFLAGS MAKEOVERRIDES # the tests of one are not the tests of the other
make -C "$QETL_BUILD" install DESTDIR="$PWD/root" >install.log 2>&1 || {
    fail 'make install' "$(tail -n 20 install.log)"
    exit 0
}
prefix=$PWD/root$(sed -n 's/^prefix = //p' "$QETL_BUILD/Makefile")
pc=$(find "$prefix" -name qetl-plugin.pc)
export PKG_CONFIG_PATH=${pc%/*}
say() { pkg-config --define-variable=prefix="$prefix" "$@"; }

# ---- What the .pc files say ----
expect_eq 'one qetl-plugin.pc' "$(find root -name qetl-plugin.pc | wc -l)" 1
abi=$(sed -n 's/^#define QETL_ABI_VERSION QETL_ABI_MAKE(\([0-9]*\), \([0-9]*\))$/\1.\2/p' "$prefix/include/qetl/plugin.h")
expect_eq 'abi' "$(say --variable=abi qetl-plugin)" "$abi"
expect_eq 'version' "$(say --modversion qetl-plugin)" "$("$QETL" version | sed 's/^qetl \([^ ]*\).*/\1/;q')"
expect_eq 'plugindir' "$(say --variable=plugindir qetl-plugin)" "$(dirname "$(find "$prefix" -name csv.so)")"
for name in snippetdir exampledir rustdir docdir; do
    [ -d "$(say --variable=$name qetl-plugin)" ] && pass "$name" || fail "$name is no folder"
done
expect_eq 'cflags' "$(say --cflags qetl-plugin)" "-I$prefix/include "
expect_eq 'libs' "$(say --libs qetl-plugin)" "-L$prefix/lib -lqetl_sdk "
expect_eq 'libs of the test host' "$(say --libs qetl-testhost)" "-L$prefix/lib -lqetl_testhost -ldl -lqetl_sdk "
snippets=$(say --variable=snippetdir qetl-plugin)
examples=$(say --variable=exampledir qetl-plugin)

# A relocated installation: pkg-config knows it by its own place.
sed -i "s|^prefix=.*|prefix=$prefix|" "$prefix"/lib/pkgconfig/qetl-*.pc

unset QETL_PLUGIN_PATH
printf 'id,city\n1,berlin\n2,paris\n' >in.csv
cat >p.yaml <<'END'
sources: {in: {plugin: file, path: in.csv}}
transforms: {up: {plugin: upper, input: in, column: city}}
sinks: {out: {plugin: file, input: up, path: out.csv, if_exists: replace}}
END
begin() { # NAME: a folder with the example and the snippet, and nothing else
    mkdir "$1"
    cp "$examples"/c/upper.c "$examples"/c/upper.qetl.json "$examples"/c/test_upper.c "$snippets/$1"/* "$1"
}
works() { # NAME, folder of the plugin
    expect_exit 0 "$prefix/bin/qetl" run p.yaml --plugin-dir "$prefix/lib/qetl/plugins" --plugin-dir "$2"
    expect_file out.csv <<'END'
id,city
1,BERLIN
2,PARIS
END
    expect_eq "$1 exports" "$(nm -D --defined-only "$2/upper.so" | awk '{ print $3 }' | tr '\n' ' ')" 'qetl_plugin_entry '
    expect_exit 0 env QETL_PLUGIN_PATH="$2" "$prefix/bin/qetl" plugin info upper
    expect_text out 'Writes one column'
}
# A changed manifest comes into the library with the next build.
changed() { # NAME, folder of the plugin, command…
    local name=$1 folder=$2
    shift 2
    sed -i 's/"version": "0.1.0"/"version": "0.1.7"/' "$name/upper.qetl.json"
    expect_exit 0 "$@"
    readelf -p .note.qetl "$folder/upper.so" >note 2>/dev/null
    expect_text note '0\.1\.7'
}
# A test that fails fails the build system's.
breaks() { # NAME, command…
    local name=$1
    shift
    sed -i 's/1|BERLIN/1|berlin/' "$name/test_upper.c"
    "$@" >out 2>&1 && fail "$name: a test that fails passes" || pass "$name: a test that fails fails"
}

# ---- CMake ----
begin cmake
expect_exit 0 cmake -S cmake -B cmake/build -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_INSTALL_PREFIX="$PWD/at"
expect_exit 0 cmake --build cmake/build
expect_exit 0 ctest --test-dir cmake/build --output-on-failure
expect_text out '100% tests passed.* out of 1'
works cmake cmake/build
expect_exit 0 env DESTDIR="$PWD/stage" cmake --install cmake/build
expect_eq 'installed' "$(find stage -name 'upper.*' | sed 's|.*/||' | sort | tr '\n' ' ')" 'upper.qetl.json upper.so '
expect_eq 'where' "$(dirname "$(find stage -name upper.so)")" "stage$prefix/lib/qetl/plugins"
changed cmake cmake/build cmake --build cmake/build
sed -i 's/find_package(QetlPlugin/& 9.0/' cmake/CMakeLists.txt
cmake -S cmake -B cmake/late -DCMAKE_PREFIX_PATH="$prefix" >out 2>&1 && fail 'version 9.0 was found' || pass 'version 9.0 is not found'
sed -i 's/find_package(QetlPlugin 9.0/find_package(QetlPlugin 0.1/' cmake/CMakeLists.txt
breaks cmake eval 'cmake --build cmake/build && ctest --test-dir cmake/build'

# ---- meson ----
begin meson
expect_exit 0 meson setup --prefix="$PWD/at" meson/build meson
expect_exit 0 meson compile -C meson/build
expect_exit 0 meson test -C meson/build
expect_text out 'Ok: +1'
works meson meson/build
expect_exit 0 env DESTDIR="$PWD/stage2" meson install -C meson/build --no-rebuild
expect_eq 'installed' "$(find stage2 -name 'upper.*' | sed "s|stage2$prefix/||" | sort | tr '\n' ' ')" \
    'lib/qetl/plugins/upper.qetl.json lib/qetl/plugins/upper.so '
changed meson meson/build meson compile -C meson/build
breaks meson meson test -C meson/build

# ---- automake ----
begin automake
automake_run() (cd automake && ACLOCAL_PATH="$prefix/share/aclocal" autoreconf -i && mkdir -p build && cd build && ../configure --quiet)
expect_exit 0 automake_run
expect_exit 0 make -C automake/build
expect_exit 0 make -C automake/build check
expect_text out '# PASS: +1'
works automake automake/build
expect_exit 0 make -C automake/build install DESTDIR="$PWD/stage3"
expect_eq 'installed' "$(find stage3 -name 'upper.*' | sed "s|stage3$prefix/||" | sort | tr '\n' ' ')" \
    'lib/qetl/plugins/upper.qetl.json lib/qetl/plugins/upper.so '
changed automake automake/build make -C automake/build
breaks automake make -C automake/build check

# ---- Nothing is left ----
sed -i "s|^prefix=.*|prefix=${prefix#"$PWD"/root}|" "$prefix"/lib/pkgconfig/qetl-*.pc
make -C "$QETL_BUILD" uninstall DESTDIR="$PWD/root" >uninstall.log 2>&1
expect_eq 'files that are left' "$(find root -type f -o -type l | wc -l)" 0
expect_eq 'folders of qetl that are left' "$(find "$prefix" -mindepth 1 -type d -iname '*qetl*' | wc -l)" 0
