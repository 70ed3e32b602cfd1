#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ${NAME} from the environment and from --env-file, with the place of each mistake.
# shellcheck disable=SC2016
. "$(dirname "$0")/lib.sh"

printf 'id,name\n1,a\n2,b\n3,a\n' >one.csv
cat >p.yaml <<'EOF'
max_rejected: ${MAX_REJECTED:-0}
batch_bytes: ${BATCH:-64KiB}
sources:
  in: {plugin: file, path: "${DIR:-.}/${FILE}.csv"}
transforms:
  some:
    plugin: filter
    input: in
    where: >-
      name = '${NAME}'
      AND id < ${MOST:-3}
sinks:
  out: {plugin: stdout, format: "${FORMAT}", input: some}
EOF

expect_exit 2 qetl validate p.yaml
expect_text err '^p.yaml:4:39: error: the variable `FILE` is not set$'
expect_text err '^p.yaml:10:15: error: the variable `NAME` is not set$'
expect_text err '^p.yaml:13:34: error: the variable `FORMAT` is not set$'
expect_eq "three mistakes, no others" "$(grep -c error: err)" 3

printf 'export FILE=one # the input\nNAME="b"\nFORMAT=csv\n' >base.env
printf "NAME='a'\n" >more.env
expect_exit 0 qetl run p.yaml -q -e base.env
expect_file out <<'EOF'
id,name
2,b
EOF
expect_exit 0 qetl run p.yaml -q -e base.env --env-file more.env
expect_file out <<'EOF'
id,name
1,a
EOF
expect_exit 0 env NAME=a MOST=9 FORMAT=ndjson QETL="$QETL" "$QETL" run p.yaml -q -e base.env
expect_file out <<'EOF'
{"id":1,"name":"a"}
{"id":3,"name":"a"}
EOF
expect_exit 0 qetl run p.yaml -q -e base.env -s 'sinks.out.format=${NONE:-ndjson}'
expect_file out <<'EOF'
{"id":2,"name":"b"}
EOF

# text becomes a number only where no text can be
expect_exit 2 env MAX_REJECTED=many "$QETL" validate p.yaml -e base.env
expect_text err '^p.yaml:1:15: error: `max_rejected` must be a whole number, found the text "many"'
expect_exit 0 env MAX_REJECTED=7 BATCH=8192 "$QETL" validate p.yaml -e base.env

printf 'FILE=one\nNAME\n1=2\n' >bad.env
expect_exit 2 qetl run p.yaml -e bad.env -e none.env
expect_text err '^bad.env:2:5: error: '
expect_text err '^bad.env:3:1: error: '
expect_text err '^none.env: error: cannot read this file'
expect_exit 2 qetl run p.yaml -e base.env -s 'sinks.out.format=${NONE}'
expect_text err '^--set sinks.out.format=…: error: the variable `NONE` is not set$'

# in a mapping in braces, { begins another one
printf 'sources: {in: {plugin: file, path: ${FILE}}}\nsinks: {}\n' >brace.yaml
expect_exit 2 qetl validate brace.yaml
expect_text err '^brace.yaml:1:36: error: a placeholder inside'
expect_text err 'mend: write  "\$\{NAME\}"'
