#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the kept plugins from what lies beside this script, and nothing else of qetl. Usage: build.sh FOLDER
# [C flags]. The libraries in x86_64/ are what it made when ABI 1.0 came out (Debian 12, gcc 12.2), and stay; on
# other machines the tests build theirs with it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(cd "$1" && pwd)
shift
cd "$here"
for name in kept_source kept_transform kept_sink kept_format; do
    ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -Os -Wall -Wextra -Werror -fPIC -fvisibility=hidden -shared -s -I. "$@" \
        -Wl,--build-id=none -Wl,-z,noseparate-code -o "$folder/$name.so" "$name.c"
    cp "$name.qetl.json" "$folder/"
done
