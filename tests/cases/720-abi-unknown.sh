#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a plugin answers or says that this qetl does not know: bits are passed over, a failure is a failure, and
# everything else is refused by name, without a row being lost silently.
# tsan: no
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/abi/kept.sh
. "$root/tests/abi/kept.sh"

cat >p.yaml <<'YAML'
sources:
  numbers: {plugin: kept_numbers, rows: 2000}
transforms:
  sums: {plugin: kept_sums, input: numbers}
sinks:
  pile: {plugin: kept_pile, input: sums, folder: pile}
YAML
printf 'id|text\n1|a\n2|b\n' >in.bars
printf 'sources: {s: {plugin: file, path: in.bars, format: {type: kept_pipes}}}\nsinks: {t: {plugin: file, input: s, path: bars.csv, if_exists: replace}}\n' >bars.yaml
printf 'id,text\n1,a\n2,b\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv, format: {type: csv, types: {id: bigint}}}}\nsinks: {t: {plugin: file, input: s, path: out.bars, if_exists: replace, format: {type: kept_pipes}}}\n' >encode.yaml
plugins=$QETL_PLUGIN_PATH

says() { # exit code, pattern, pipeline, source, text in it, what it says instead
    local text name=${4%.c}
    rm -rf lib pile
    mkdir pile
    kept_plugins lib
    text=$(<"$kept/$4")
    [[ $text == *"$5"* ]] || fail "$4 has no $5"
    printf '%s\n' "${text/"$5"/"$6"}" >"$name.c"
    "${CC:-gcc}" -std=gnu11 -D_GNU_SOURCE= -O0 -w -fPIC -fvisibility=hidden -shared -I"$kept" -Wa,-I"$kept" -o "lib/$name.so" "$name.c" ||
        fail "$4 with $6 does not build"
    QETL_PLUGIN_PATH=$PWD/lib:$plugins expect_exit "$1" qetl run "$3" --no-state --json-file report.json
    [ -z "$2" ] || expect_text err "$2"
    [ "$1" != 0 ] || expect_json report.json .summary.balanced
}

# ---- bits, and answers to what was only offered: passed over ----
says 0 '' p.yaml kept_source.c 'out->flags = QETL_ITEM_CUT' 'out->flags = QETL_ITEM_CUT | 1u << 30'
says 0 '' p.yaml kept_source.c '*request->limit_answer = QETL_PUSH_NO' '*request->limit_answer = 77'
says 0 '' p.yaml kept_sink.c 'forms[i] = QETL_FORM_VALUE' 'forms[i] = QETL_FORM_VALUE | 1u << 30'
says 0 '' bars.yaml kept_format.c 'out->encode = QETL_ENCODE_CONCATENABLE' 'out->encode = QETL_ENCODE_CONCATENABLE; out->decode = 1u << 30'

# ---- failures: as QETL_E_FATAL ----
says 1 'numbers.*next failed with status -77 and gave no reason' p.yaml kept_source.c \
    'int32_t status = numbers_stumble(n)' 'int32_t status = -77'
says 1 'sums.*process failed with status -77' p.yaml kept_transform.c 'return QETL_OUTPUT' 'out->batch.release(&out->batch); return -77'
says 1 'pile.*prepare failed with status -77' p.yaml kept_sink.c 'return handle->write' 'return -77; return handle->write'

# ---- outcomes, kinds and forms: refused ----
taken='which this version of qetl does not take'
says 1 "numbers.*next answered 77, $taken" p.yaml kept_source.c 'return QETL_BATCH' 'out->batch.release(&out->batch); return 77'
says 1 'sums.*process answered 77' p.yaml kept_transform.c 'return QETL_OUTPUT' 'out->batch.release(&out->batch); return 77'
says 1 'rows\(\) with an unknown port or kind' p.yaml kept_transform.c 'binder, 0, QETL_ROWS_SUBSET' 'binder, 0, 77'
says 1 'distribution\(\) of an unknown kind' p.yaml kept_transform.c 'QETL_DISTRIBUTION_SINGLE' '77'
says 1 'read\(\) of an unknown form' p.yaml kept_transform.c 'read(binder, 0, at, QETL_FORM_VALUE)' 'read(binder, 0, at, 77)'
says 1 'pile.*write answered 77' p.yaml kept_sink.c 'p->rows += write->rows;
    return QETL_OK' 'p->rows += write->rows; return 77'
says 1 "decode answered 77, $taken" bars.yaml kept_format.c 'out->record_offsets = p->offsets;
    return QETL_OK' 'out->record_offsets = p->offsets; out->batch.release(&out->batch); return 77'
says 1 "pile.*prepare answered 77, $taken" p.yaml kept_sink.c 'return handle->write' 'return 77; return handle->write'
says 1 "pile.*commit answered 77, $taken" p.yaml kept_sink.c 'char from[4096], to[4096];' 'return 77; char from[4096], to[4096];'
says 1 "frame answered 77, $taken" bars.yaml kept_format.c 'io->used = used;
    return QETL_OK' 'io->used = used; return 77'
says 1 "encode answered 77, $taken" encode.yaml kept_format.c 'return status;
}

static const struct qetl_format' 'return 77;
}

static const struct qetl_format'
says 1 'describe says delivery is 77' p.yaml kept_source.c 'out->delivery = QETL_REPLAYABLE' 'out->delivery = 77'
says 1 'describe says takes is 77' p.yaml kept_sink.c 'out->takes = QETL_TAKES_BATCHES' 'out->takes = 77'
says 1 'describe says delivery is 77' p.yaml kept_sink.c 'out->delivery = QETL_TRANSACTIONAL' 'out->delivery = 77'
says 1 'describe says commit is 77' p.yaml kept_sink.c 'out->commit = QETL_COMMIT_TWO_PHASE' 'out->commit = 77'
