#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of how the sink `postgres` writes rows one by one within the server, links the plugin
# anew, and shows that the letters or the table are others than those of a role that has to search, or that rows went another
# way. A plant whose text is not found in its source fails: it has to be kept up.
# Usage: postgres_plants.sh
. "$(dirname "$0")/cases/postgres-lib.sh"
CC=${CC:-gcc}
sink=$root/plugins/sinks/postgres_sink
pg_serve "log_statement = 'all'"
sql <<'S'
CREATE ROLE clerk LOGIN;
CREATE TABLE picky (id bigint PRIMARY KEY, name text NOT NULL, state int UNIQUE, s int CHECK (s < 1000), told int);
CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.id % 43 = 0 THEN RETURN NULL; END IF;
  IF NEW.id % 41 = 0 THEN RAISE EXCEPTION 'not %', NEW.id USING COLUMN = 'name'; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER judges BEFORE INSERT ON picky FOR EACH ROW EXECUTE FUNCTION judge();
GRANT INSERT, SELECT, UPDATE ON picky TO clerk;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
S
# most are refused, some for what came before them
seq 300 | awk 'BEGIN {print "id,name,state,s,told"} {print ($1 % 5 ? $1 : 7) "," ($1 % 7 ? "x" : "") "," ($1 % 3 ? $1 : 1) "," ($1 % 11 ? 1 : 1000) "," $1}' >picky.csv
modes=(append upsert 'upsert, key: [state]')
write() { # MODE'S NUMBER, FILE: letters and table; FILE.way: which way rows went
    local before
    sql -c 'TRUNCATE picky' -c 'ALTER TABLE picky ALTER told DROP IDENTITY IF EXISTS, ALTER told DROP NOT NULL' 2>/dev/null
    [ "$1" -gt 0 ] || sql -c 'ALTER TABLE picky ALTER told SET NOT NULL, ALTER told ADD GENERATED ALWAYS AS IDENTITY'
    sql -c "INSERT INTO picky (id, name) SELECT i, 'former' FROM generate_series(1, 300, 2) i WHERE i % 41 > 0 AND i % 43 > 0"
    cat >p.yaml <<Y
name: p
sources: {in: {plugin: file, path: picky.csv, format: {type: csv, null: [""], types: {told: integer}}}}
sinks: {out: {input: in, plugin: postgres, host: $pg_socket, port: $pg_port, user: clerk, database: shop, table: picky, mode: ${modes[$1]}}}
Y
    rm -rf dead-letters
    before=$(wc -l <"$pg_log")
    timeout 60 "$QETL" run p.yaml -q --no-state >out 2>err
    {
        echo "exit $?"
        jq -r '[.row, .code, .column // "-", .message] | join(" ")' dead-letters/p.ndjson 2>/dev/null | sort
        sql -c 'SELECT id, name, state, s FROM picky ORDER BY id, state'
    } >"$2"
    tail -n +"$((before + 1))" "$pg_log" | grep -oE 'statement: .*(DO E|COPY [a-z_".]+)' | sed 's/.*\(DO E\|COPY\)/\1/' | sort | uniq -c >"$2.way"
}
for mode in "${!modes[@]}"; do
    write "$mode" "$mode.wanted"
    expect_no_text "$mode.wanted.way" DO
    expect_eq "${modes[mode]}: letters" "$(grep -cE '^[0-9]+ [a-z_]+ [a-z-]+ ' "$mode.wanted" | awk '{ print ($1 > 100) }')" 1
done
sql -c 'GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC'

objects=("$QETL_BUILD"/plugins/shared/postgres/*.o)
for object in "$QETL_BUILD"/plugins/sinks/postgres_sink/*.o; do
    [[ $object = */singly.o ]] || objects+=("$object")
done
cp -r "$QETL_PLUGIN_PATH" planted
QETL_PLUGIN_PATH=$PWD/planted
link() {
    $CC -D_GNU_SOURCE -std=gnu11 -O1 -fPIC -fvisibility=hidden -I"$root/sdk" -I"$sink" -I"$(pg_config --includedir)" -c -o plant.o plant.c &&
        $CC -shared -o plant.so plant.o "${objects[@]}" "$QETL_BUILD/plugins/lib/postgres_sink.note.o" "$QETL_BUILD/libqetl_sdk.a" -lpq && mv plant.so planted/postgres_sink.so
}
seen() { # what differs first, if anything does
    local mode
    for mode in "${!modes[@]}"; do
        write "$mode" got
        [ -e "$mode.way" ] || cp got.way "$mode.way"
        diff "$mode.wanted" got
        diff "$mode.way" got.way
    done | sed -n '2s/^[<>] *//p' | cut -c 1-80
}
plant() { # NAME TEXT INSTEAD
    local text
    text=$(<"$sink/singly.c")
    [[ $text = *"$2"* ]] || { fail "$1: its text is not in singly.c"; return; }
    printf '%s\n' "${text/"$2"/"$3"}" >plant.c
    link || { fail "$1: it does not build"; return; }
    text=$(seen)
    if [ -n "$text" ]; then pass "$1: $text"; else fail "$1: nobody sees it"; fi
}
cp "$sink/singly.c" plant.c
link || fail 'as it is: it does not build'
expect_eq 'as it is' "$(seen)" ''
for mode in "${!modes[@]}"; do expect_text "$mode.way" DO; done
plant 'rows go backwards' 'ORDER BY n LOOP' 'ORDER BY n DESC LOOP'
plant 'who is left out is not told' 'IF taken = 0' 'IF taken < 0'
plant 'a constraint ends the block' ' OR integrity_constraint_violation' ''
plant 'what a trigger says ends the block' ' OR raise_exception' ''
plant 'another detail' 'PG_EXCEPTION_DETAIL' 'PG_EXCEPTION_HINT'
plant 'another name' '= CONSTRAINT_NAME' '= SCHEMA_NAME'
plant 'no column' 'field = COLUMN_NAME' 'field = TABLE_NAME'
plant 'names of the block go before those of columns' 'use_column' 'use_variable'
plant 'a number of its own is not taken' ') OVERRIDING SYSTEM VALUE VALUES' ') VALUES'
plant 'an upsert that appends' 'if (m->kind == MERGE_UPSERT)' 'if (false)'
plant 'rows never go singly' "AND NOT relhasrules" 'AND relhasrules'
plant 'who is refused is told twice' 's.n, state, told, detail' 's.n + 1, state, told, detail'
