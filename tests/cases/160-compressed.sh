#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compressed inputs, and members of zip and tar.
. "$(dirname "$0")/lib.sh"

orders in.csv --rows 3000
tail -n +2 in.csv >body
for tool in gzip:gz zstd:zst xz:xz bzip2:bz2 lz4:lz4; do
    suffix=${tool#*:}
    command -v "${tool%:*}" >/dev/null || continue
    "${tool%:*}" -c in.csv >"in.csv.$suffix"
    expect_exit 0 qetl run --from "in.csv.$suffix" --to "from-$suffix.csv"
    expect_same "from-$suffix.csv" in.csv
done
# Several gzip members make one stream.
{ head -n 1000 in.csv | gzip; tail -n +1001 in.csv | gzip; } >two.csv.gz
expect_exit 0 qetl run --from two.csv.gz --to two.csv
expect_same two.csv in.csv

# Two members: their rows follow each other, each has its own header.
mkdir parts
cp in.csv parts/a.csv
cp in.csv parts/b.csv
cat in.csv body >both.csv
tar -cf parts.tar parts
tar -czf parts.tar.gz parts
python3 -c 'import shutil; shutil.make_archive("parts", "zip", ".", "parts")'
for archive in parts.tar parts.tar.gz parts.zip; do
    expect_exit 0 qetl run --from "$archive" --from-format csv --to "from-$archive.csv"
    expect_same "from-$archive.csv" both.csv
done
