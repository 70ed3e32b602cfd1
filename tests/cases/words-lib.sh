# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What a format `words`, in whichever language it was written, makes of files: a line of two words a row, a header of two lines,
# the columns' names in the second.
#
#   run CODE WORD…   p.yaml, from in.words to out.csv
#   words_read       rows know their records; small pieces and large ones, many instances and one; lines that are too long

cat >p.yaml <<'YAML'
name: p
sources:
  in: {plugin: file, path: in.words, format: {type: words}, metadata: [row, byte_offset]}
sinks:
  out: {plugin: file, input: in, path: out.csv, if_exists: replace}
YAML
run() { expect_exit "$1" qetl run p.yaml --plugin-dir . "${@:2}"; }

words_read() {
    printf '# one\nx y\n1 a\r\n\nbad\n2 b\n3 \377\n4 d' >in.words
    run 0
    expect_file out.csv <<'CSV'
x,y,row,byte_offset
1,a,1,10
2,b,3,20
4,d,5,28
CSV
    expect_eq letters "$(jq -r '[.code, .row, .byte_offset, .original // .original_base64] | join(" ")' dead-letters/p.ndjson | paste -sd,)" 'bad 2 16 bad,bad_utf8 4 24 MyD/'

    # Small pieces and one, many instances: the same rows, numbers, places, letters.
    { printf '# one\nx y\n'; awk 'BEGIN { for (i = 1; i <= 30000; i++) print (i % 1000 ? i " value" i : "bad") }'; } >in.words
    rm -r dead-letters
    run 0 -s batch_bytes=4KiB -s max_rejected=100
    cp out.csv small.csv
    jq -c '[.code, .row, .byte_offset, .original]' dead-letters/p.ndjson | sort >small.letters
    rm -r dead-letters
    run 0 --workers 1
    expect_same out.csv small.csv
    jq -c '[.code, .row, .byte_offset, .original]' dead-letters/p.ndjson | sort >letters
    expect_same letters small.letters
    expect_eq 'rows' "$(tail -n +2 out.csv | wc -l) $(wc -l <letters)" '29970 30'
    expect_eq 'the last' "$(tail -n 1 out.csv)" "29999,value29999,29999,$(head -n 30000 in.words | wc -c)"

    # A line that is too long is rejected, and the next is read; at the end, too.
    { printf '# one\nx y\n1 a\n'; head -c 300000 /dev/zero | tr '\0' z; printf '\n2 b\n'; head -c 300000 /dev/zero | tr '\0' z; } >in.words
    rm -r dead-letters
    run 0 -s max_record=64KiB -s batch_bytes=4KiB
    expect_eq 'rows around' "$(cut -d, -f1-3 out.csv | paste -sd' ')" 'x,y,row 1,a,1 2,b,3'
    expect_eq 'too long' "$(jq -r '[.code, .original_truncated] | join(" ")' dead-letters/p.ndjson | paste -sd,)" 'oversize_record true,oversize_record true'
}
