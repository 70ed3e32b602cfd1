#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How rows get to the sink `postgres`: in batches of the size that suits it, where nobody says another.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
into() { # SINK [WORDS]: a pipeline from numbers.csv
    cat >p.yaml <<Y
{name: into, mode: batch, ${2:+$2, } sources: {in: {plugin: file, path: numbers.csv}}, sinks: {out: {input: in, $1}}}
Y
}
seq 40000 | awk -v text="$(printf '%0160d' 0)" 'BEGIN {print "n,t"} {print $1 ",t" text}' >numbers.csv # 6.7 MB
table="plugin: postgres, $pg_to, database: shop, table: numbers"
said() { qetl run p.yaml --dry-run "$@" | head -n 2 | tr '\n' ' ' | grep -o 'batches of [0-9]* [KM]iB'; }
batches() { qetl run p.yaml --no-state --json "$@" | jq '.result.components[] | select(.id == "out") | .batches'; }

into "$table"
expect_eq 'what suits the sink' "$(said)" 'batches of 2 MiB'
expect_eq 'so many come' "$(batches)" 4
expect_eq 'and all rows' "$(sql -c 'SELECT count(*), sum(n) FROM numbers')" '40000|800020000'
expect_eq 'memory goes before' "$(said --memory 16MiB)" 'batches of 512 KiB'
expect_eq 'so many come then' "$(($(batches --memory 16MiB) >= 13))" 1
into "$table" 'batch_bytes: 256KiB'
expect_eq 'as does what the pipeline says' "$(said)" 'batches of 256 KiB'
into 'plugin: "null"'
expect_eq 'another sink' "$(said)" 'batches of 256 KiB'

# Many rows that are refused go singly within the server, with the words that each would have had alone: those of who may make no temporary tables, and has to try
# again and again.
sql <<'S'
REVOKE TEMPORARY ON DATABASE shop FROM PUBLIC;
CREATE ROLE clerk LOGIN;
CREATE TABLE others (id bigint PRIMARY KEY);
INSERT INTO others SELECT generate_series(1, 5000);
CREATE TABLE picky ("id" bigint PRIMARY KEY, "odd ""name"" \ '" text NOT NULL, u int UNIQUE, "c1" varchar(9), s int CHECK (s < 1000), f bigint REFERENCES others, "state" int GENERATED ALWAYS AS IDENTITY, told numeric(6,2));
CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.id % 41 = 0 THEN RAISE EXCEPTION 'not "%"', NEW.id USING DETAIL = 'it''s a \ rule', COLUMN = 'u'; END IF;
  IF NEW.id % 43 = 0 THEN RETURN NULL; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER judges BEFORE INSERT ON picky FOR EACH ROW EXECUTE FUNCTION judge();
GRANT INSERT ON picky TO clerk;
S
python3 - <<'P' >picky.csv
import random
random.seed(7)
print('id,"odd ""name"" \\ \'",u,c1,s,f,state,told')
for n in range(1, 501):
    thick = 200 < n < 330  # where most are refused
    odd = random.random() < (0.7 if thick else 0.02)
    fault = random.choice("iutsf" if thick else "iutsfld") if odd else ""
    key = random.randint(1, n) if fault == "i" else n + 100000
    print(key, "" if fault == "t" else "x", random.randint(1, n) if fault == "u" else n + 100000, "c" * 12 if fault == "l" else "c", n + 1000 if fault == "s" else 7,
          n + 5000 if fault == "f" else n, n, "99999.5" if fault == "d" else "1.25", sep=",")
P
cat >>picky.csv <<'C'
500001,x,500001,c,7,1,1,1.25
500001,x,500002,c,7,1,1,1.25
C
savepoints() { grep -c 'statement: .*SAVEPOINT qetl' "$pg_log"; }
write() { # WHO MODE: what was refused, and what is there
    sql -c 'TRUNCATE picky RESTART IDENTITY' -c "INSERT INTO picky (id, \"odd \"\"name\"\" \\ '\", u) OVERRIDING SYSTEM VALUE SELECT i, '', i FROM generate_series(1, 800, 9) i WHERE i % 41 > 0 AND i % 43 > 0"
    cat >p.yaml <<Y
name: $1
sources: {in: {plugin: file, path: picky.csv, format: {type: csv, null: [""]}}}
sinks: {out: {input: in, plugin: postgres, host: $pg_socket, port: $pg_port, user: $1, database: shop, table: picky, mode: $2}}
Y
    rm -rf dead-letters
    local before
    before=$(savepoints)
    expect_exit 0 qetl run p.yaml -q --no-state
    before=$(($(savepoints) - before))
    test "$before" "$3" "$4" && pass "$1: $before savepoints" || fail "$1: $before savepoints"
    jq -r '[.row, .code, .column // "-", .message] | join(" ")' "dead-letters/$1.ndjson" | sort >"$1-$2.letters"
    sql -c 'SELECT p::text FROM picky p ORDER BY id' >"$1-$2.rows"
}
sql -c "ALTER SYSTEM SET log_statement = 'all'" -c 'SELECT pg_reload_conf()' >reloaded
for mode in append upsert; do
    [ $mode = append ] || sql -c 'ALTER TABLE picky ALTER state DROP IDENTITY, ALTER state DROP NOT NULL'
    sql -c 'GRANT TEMPORARY ON DATABASE shop TO clerk' -c 'GRANT SELECT, UPDATE ON picky TO clerk'
    write q $mode -lt 60
    [ $mode = upsert ] || sql -c 'REVOKE TEMPORARY ON DATABASE shop FROM clerk'
    [ $mode = append ] || sql -c 'REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC' # it makes a stage, and no block
    write clerk $mode -gt 100
    expect_eq "$mode: refused in the same words" "$(diff q-$mode.letters clerk-$mode.letters | head -n 6)" ''
    expect_eq "$mode: the same are there" "$(diff q-$mode.rows clerk-$mode.rows | head -n 6)" ''
    expect_eq "$mode: of every kind" "$(cut -d ' ' -f 2 q-$mode.letters | sort -u | paste -sd ' ')" 'check foreign_key ignored not_null out_of_range too_long trigger unique'
    [ $mode = upsert ] || expect_eq 'no row is lost' "$(($(sql -c "SELECT count(*) FROM picky WHERE told = 1.25") + $(wc -l <q-$mode.letters)))" 502
done

# a type whose schema this role may not look into: there is no stage of it, and rows go on as they did
sql <<'S'
GRANT TEMPORARY ON DATABASE shop TO clerk;
GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC;
CREATE SCHEMA hidden;
CREATE DOMAIN hidden.code AS text;
CREATE TABLE coded (n int PRIMARY KEY, t hidden.code);
INSERT INTO coded SELECT generate_series(1, 500, 2);
GRANT INSERT ON coded TO clerk;
S
seq 500 | awk 'BEGIN {print "n,t"} {print $1 ",x"}' >numbers.csv
into "plugin: postgres, host: $pg_socket, port: $pg_port, user: clerk, database: shop, table: coded"
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'without a stage' "$(wc -l <dead-letters/into.ndjson) $(sql -c "SELECT count(*) FROM coded WHERE t = 'x'") $(grep -c 'permission denied for schema hidden' "$pg_log")" '250 250 1'

# the last rows of a batch are refused, and another batch follows
sql -c 'CREATE TABLE last (n int PRIMARY KEY)'
seq 40 | awk 'BEGIN {print "n"} {print $1 % 10 == 9 || $1 % 10 == 0 ? 1 : $1}' >numbers.csv
into "plugin: postgres, $pg_to, database: shop, table: last" 'batch_rows: 10'
rm -r dead-letters
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'refused at the end of each batch' "$(wc -l <dead-letters/into.ndjson) $(sql -c 'SELECT count(*), sum(n) FROM last')" '8 32|624'
