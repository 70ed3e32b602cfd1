#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Binary records: options, catalogue, detection, what is left over, other ways in and out.
. "$(dirname "$0")/lib.sh"

records() { # of "<HxB4s": number, byte, text
    python3 -c "
import struct, sys
sys.stdout.buffer.write(b''.join(struct.pack('<HxB4s', i, i % 7, b'a%d' % (i % 10)) for i in range($1)))"
}
pipeline() { # FORMAT as YAML, of in.bin to out.csv
    printf 'sources: {in: {plugin: file, path: in.bin, format: {type: binary, %s}}}\nsinks: {out: {plugin: file, input: in, path: out.csv, format: csv, if_exists: replace}}\ndead_letters: dead.ndjson\n' "$1" >p.yaml
    rm -f dead.ndjson
    expect_exit 0 qetl run p.yaml -q --json-file report.json
}

# Each option changes what comes out.
records 3 >in.bin
pipeline 'struct: "<HxB4s"'
expect_file out.csv <<'END'
column1,column2,column3
0,0,a0
1,1,a1
2,2,a2
END
pipeline 'struct: "<HxB4s", names: [id, level, name]'
expect_eq "names" "$(head -1 out.csv)" "id,level,name"
pipeline 'struct: ">HxB4s"'
expect_eq "byte order" "$(sed -n 3p out.csv)" "256,1,a1"
pipeline 'struct: "<HxB4s", text: binary'
expect_eq "text: binary" "$(sed -n 2p out.csv)" '0,0,\x61300000'
pipeline 'struct: "<HxB4s", header_bytes: 8'
expect_eq "header_bytes" "$(sed -n 2p out.csv)" "1,1,a1"
pipeline 'struct: "<HxB4s", trailer_bytes: 8'
expect_eq "trailer_bytes" "$(tail -1 out.csv)" "1,1,a1"
printf 'ab  \344\0c ' >in.bin
pipeline 'struct: "4s", encoding: latin1'
expect_eq "encoding" "$(sed -n 2p out.csv)" 'ab  '
pipeline 'struct: "4s", encoding: latin1, trim: space'
expect_eq "trim: space" "$(sed -n 2p out.csv)" "ab"
pipeline 'struct: "4s", encoding: latin1, trim: c'
expect_eq "trim: c" "$(sed -n 3p out.csv)" "ä"

# What is left over is one rejected record, and the rest arrives.
{ records 5; printf 'xyz'; } >in.bin
pipeline 'struct: "<HxB4s"'
expect_eq "rows before a remainder" "$(wc -l <out.csv)" 6
expect_json dead.ndjson '.code == "remainder"'
expect_json report.json '.summary.balanced and .summary.rows_rejected == 1'

# Compressed, and from stdin.
records 2000 >plain.bin
gzip -c plain.bin >in.bin.gz
for way in '--from in.bin.gz' '--from -'; do
    # shellcheck disable=SC2086
    printf 'sources: {in: {plugin: file, path: "%s", format: {type: binary, struct: "<HxB4s"}}}\nsinks: {out: {plugin: stdout, input: in, format: csv}}\n' "${way#--from }" >p.yaml
    timeout 20 "$QETL" run p.yaml -q <plain.bin >got.csv
    expect_eq "$way" "$(wc -l <got.csv) $(tail -1 got.csv)" "2001 1999,4,a9"
done

# The catalogue finds what real programs made, and nothing else.
printf '[7] [01234] [ts/0] [anna    ] [pts/0       ] [10.0.0.1            ] [10.0.0.1       ] [2024-02-29T12:30:05,250000+00:00]\n' | utmpdump -r >wtmp.bin 2>/dev/null
python3 - <<'END'
import struct, wave
for channels in (1, 2):
    with wave.open(f"w{channels}.wav", "wb") as out:
        out.setnchannels(channels); out.setsampwidth(2); out.setframerate(8000)
        out.writeframes(struct.pack("<600h", *range(-300, 300)))
with open("solid.stl", "wb") as out:
    out.write(b"cube".ljust(80) + struct.pack("<I", 20))
    for i in range(20):
        out.write(struct.pack("<12fH", *[i / 2] * 12, 0))
END
found() { timeout 20 "$QETL" run --from "$1" --to found.ndjson --log-level info 2>err; grep -o 'layout [a-z_]*' err | head -1; }
expect_eq "wtmp" "$(found wtmp.bin)" "layout utmp"
expect_json found.ndjson '.user == "anna" and .time == "2024-02-29T12:30:05.25Z" and .line == "pts/0"'
rm -f found.ndjson
expect_eq "mono" "$(found w1.wav)" "layout wav_mono"
rm -f found.ndjson
expect_eq "stereo" "$(found w2.wav)" "layout wav_stereo"
expect_eq "samples" "$(sed -n 2p found.ndjson)" '{"left":-298,"right":-297}'
# What a program wrote into a pipe is of unknown size, as far as its header says.
for unknown in '\x00\x00\x00\x00' '\xff\xff\xff\xff' '\xff\xff\xff\x7f'; do
    cp w2.wav piped.wav
    printf "$unknown" | dd of=piped.wav bs=1 seek=40 conv=notrunc status=none
    mv found.ndjson sized.ndjson
    expect_eq "unknown size" "$(found piped.wav)" "layout wav_stereo"
    expect_same found.ndjson sized.ndjson
done
printf 'x' >>piped.wav
rm -f found.ndjson
expect_eq "and a byte: nothing fits" "$(found piped.wav)" "layout of"
expect_exit 0 qetl run --from piped.wav --to found.ndjson -s 'sources.in.format={type: binary, layout: wav_stereo}' -s dead_letters=wav.letters
expect_json wav.letters '.code == "remainder" and .row == 301'
rm -f found.ndjson
expect_eq "stl" "$(found solid.stl)" "layout stl"
rm -f found.ndjson
head -c 40000 /dev/zero >zero.bin
python3 -c "
import random, sys
for i in range(12):
    open(f'random{i}.bin', 'wb').write(random.Random(i).randbytes(384 * 292))"
for file in zero.bin random*.bin; do
    timeout 20 "$QETL" run --from "$file" --to none.ndjson -q 2>err
    expect_text err 'no layout of the catalogue fits this file, nor is it text'
done
mkdir other && printf '{"name": "mine", "header": {"size": 8, "match": [{"text": "NOTUTMP!"}]}, "fields": [{"name": "x", "type": "u8"}]}' >other/mine.json
printf 'NOTUTMP!\7' >in.bin
pipeline 'catalogue: other'
expect_eq "catalogue" "$(tail -1 out.csv)" 7

# A mistake in a layout is named with its place.
printf '{"fields": [{"name": "a", "type": "u8"}, {"name": "b", "type": "u9"}]}' >bad.json
printf 'sources: {in: {plugin: file, path: in.bin, format: {type: binary, layout: bad.json}}}\nsinks: {out: {plugin: "null", input: in}}\n' >p.yaml
expect_exit 2 qetl run p.yaml
expect_text err 'bad.json: fields\[1\]: type must be one of'
sed -i 's/bad.json/nowhere/' p.yaml
expect_exit 2 qetl run p.yaml
expect_text err 'the catalogue has no layout nowhere; it has acct, gpt'

# The examples of the page are layouts.
for page in 1 2; do
    awk -v want=$page '/^```json/ { n++; on = n == want; next } /^```/ { on = 0 } on' "$root/docs/binary-layouts.md" >example.json
    printf 'sources: {in: {plugin: file, path: in.bin, format: {type: binary, layout: ./example.json}}}\nsinks: {out: {plugin: "null", input: in}}\n' >p.yaml
    : >in.bin
    expect_exit 0 qetl run p.yaml -q
done
