#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Differential test of dates, times, zones, intervals and JSON in expressions against a private PostgreSQL.

Environment: as diff_expr.py; COUNT: expressions, default 8000. Both sides write each value as text in a session zone
that changes on the way, so that forms of output are compared too.
"""
import decimal
import glob
import json
import os
import random
import sys

from expr_drawn import Drawn
from expr_postgres import postgres_open
from expr_shadows import SETUP as SHADOWS
from diff_expr import CODES as SHARED_CODES, Engine, Tally, deviations, type_matches

CODES = {**SHARED_CODES, "0A000": "unsupported", "22P05": "bad_cast"}
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 31)))
COUNT = int(os.environ.get("COUNT", 8000))
ROWS = 12
ROUND = 200  # expressions over the same rows
NOW_US = 1700000000123456

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Europe/Dublin", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo", "Asia/Tehran", "Europe/London"]
ZONE_TEXTS = ZONES + ["CET", "EST5EDT", "utc", "europe/BERLIN", "MST", "CEST", "+02", "-03:30", "<+05>-5", "FOO3BAR",
                      "Nowhere/Land", "est"]

SCHEMA = [("da", "date"), ("db", "date"), ("ts", "timestamp"), ("tu", "timestamp"), ("tz", "timestamp with time zone"),
          ("tw", "timestamp with time zone"), ("ti", "time"), ("tj", "time"), ("iv", "interval"), ("iw", "interval"),
          ("i", "integer"), ("d", "double"), ("n", "decimal(12,2)"), ("t", "text"), ("u", "text"), ("z", "text"), ("j", "text")]
PG_TYPES = {"double": "double precision"}

DAY = 86400000000
# 2024-03-31 01:00 UTC and 2024-10-27 01:00 UTC: Berlin's changes; 1883-11-18 17:00 UTC: New York's first.
EDGES = [0, 1, -1, 1711846800000000, 1711846799999999, 1711850400000000, 1729990800000000, 1729987200000000, 1729994400000000,
         1710054000000000, 1730610000000000, -2717640000000000, -2717650800000000, 1709164800000000 + DAY, 951782400000000,
         -62135596800000000, -62135596800000001, -62167219200000000, -99999999999999999, 253402300799999999, 253402300800000000,
         946684800000000, -2208988800000000, 1712415600000000, 1728140400000000, 1293840000000000, 1325239200000000]


def cell(rng, kind):
    if rng.random() < 0.06:
        return None
    if kind == "date":
        return rng.choice([rng.choice(EDGES) // DAY, rng.randrange(-30000, 40000), 0, 19782, 11016, -719162, -719163, 2932896,
                           rng.randrange(-800000, 3000000)])
    if kind == "time":
        return rng.choice([0, 1, DAY - 1, DAY // 2, 3600000000, rng.randrange(DAY), rng.randrange(86400) * 1000000])
    if kind == "interval":
        return (rng.choice([0, 0, 1, -1, 12, 13, -25, rng.randrange(-2000, 2000)]), rng.choice([0, 0, 1, -1, 29, 31, rng.randrange(-400, 400)]),
                rng.choice([0, 0, 1, -1, 3600000000, -3600000000, DAY, -DAY, 500000, rng.randrange(-10 ** 12, 10 ** 12)]))
    if kind == "integer":
        return rng.choice([0, 1, -1, 2, 7, 12, 30, 59, 60, 1999, 2024, 9999, -44, rng.randrange(-10000, 10000)])
    if kind == "double":
        return rng.choice([0.0, 1.0, -1.5, 0.1, 2.5, 1 / 3, 59.999999, 1234.5, -1e4, rng.uniform(-100, 100)])
    if kind.startswith("decimal"):
        return decimal.Decimal(rng.choice([0, 150, -150, 12345, -1, 99, 100, 485, rng.randrange(-10 ** 4, 10 ** 4)])).scaleb(-2)
    if kind == "text":
        return text_cell(rng)
    edge = rng.choice(EDGES) + rng.choice([0, 0, 0, 1, -1, 1800000000, -1800000000, 3600000000, 86399000000])
    return rng.choice([edge, edge, rng.randrange(-3 * 10 ** 15, 3 * 10 ** 15), rng.randrange(-6 * 10 ** 16, 2 * 10 ** 17)])


def text_cell(rng):
    return rng.choice(["2024-02-29", "2024-02-30", "2024-03-31 02:30:00", "2024-10-27 02:30:00.5", "2024-02-29T10:11:12Z",
                       "20240229T101112", "Jan 8, 1999", "8 January 1999 10:00 PM", "1999-Jan-08", "08-Jan-1999 04:05:06.789",
                       "Sat Feb 29 10:11:12 2024", "2024-02-29 10:00 America/New_York", "2024-02-29 10:00 EST", "0044-03-15 BC",
                       "J2451187", "2024/02/29 24:00:00", "10:11:12.123456", "04:05 PM", "24:00:00", "epoch", "now then",
                       "2024-02-29 10:11:12+05:30", "2024-02-29 10:11:12 -0730", "1 day", "1 year 2 mons -3 days", "-04:05:06.7",
                       "1.5 months", "P1Y2M3DT4H5M6.5S", "P0001-02-03T04:05:06", "1-2", "2 weeks ago", "@ 1 hour", "3 days 04:05",
                       "99999999999 hours", "1e5", "", "abc", "12", "1 day 1 day", "1883-11-18 12:03:58", "9999-12-31 23:59:59.999999"])


def json_cell(rng, depth=3):
    return json.dumps(json_value(rng, depth), ensure_ascii=False, separators=rng.choice([(",", ":"), (", ", ": ")]))


def json_value(rng, depth):
    form = rng.randrange(9 if depth > 0 else 6)
    if form < 6:
        return [None, True, rng.randrange(-5, 1000), rng.choice([1.5, -0.25, 1e30, 12345678901234567890]),
                rng.choice(["", "x", "a\"b", "ü€😀", "tab\t", "\\u0041"]), "a longer text than twelve"][form]
    if form == 6:
        return [json_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {k: json_value(rng, depth - 1) for k in rng.sample(["a", "b", "c", "aa", "x y", "é"], rng.randrange(4))}


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def pick(self, *options):
        chosen = self.rng.choice(options)
        return chosen() if callable(chosen) else chosen

    # ---- values of each type ----

    def date(self, depth=2):
        if depth <= 0:
            return self.pick("da", "db", "DATE '2024-02-29'")
        return self.pick("da", "db", f"({self.date(depth - 1)} + {self.pick('i', '7', '-1')})", f"({self.date(depth - 1)} - i)",
                         f"CAST({self.stamp(depth - 1)} AS date)", f"{self.instant(depth - 1)}::date", "t::date", "u::date",
                         "DATE '1999-12-31'")

    def stamp(self, depth=2):
        if depth <= 0:
            return self.pick("ts", "tu", "TIMESTAMP '2024-03-31 02:30:00'")
        return self.pick("ts", "tu", f"({self.stamp(depth - 1)} {self.sign()} {self.interval(depth - 1)})",
                         f"({self.date(depth - 1)} {self.sign()} {self.interval(depth - 1)})", f"{self.date(depth - 1)}::timestamp",
                         f"({self.interval(depth - 1)} + {self.stamp(depth - 1)})", f"({self.date(depth - 1)} + {self.time(0)})",
                         f"({self.stamp(0)} - {self.time(0)})", f"{self.instant(depth - 1)}::timestamp", "t::timestamp", "u::timestamp")

    def instant(self, depth=2):
        if depth <= 0:
            return self.pick("tz", "tw", "TIMESTAMPTZ '2024-10-27 02:30:00+02'")
        return self.pick("tz", "tw", f"({self.instant(depth - 1)} {self.sign()} {self.interval(depth - 1)})",
                         f"{self.stamp(depth - 1)}::timestamptz", f"CAST({self.date(depth - 1)} AS timestamp with time zone)",
                         "t::timestamptz", "u::timestamptz", f"({self.interval(0)} + {self.instant(0)})")

    def time(self, depth=2):
        if depth <= 0:
            return self.pick("ti", "tj", "TIME '10:11:12.5'")
        return self.pick("ti", "tj", f"({self.time(depth - 1)} {self.sign()} {self.interval(depth - 1)})", f"{self.stamp(depth - 1)}::time",
                         f"{self.instant(depth - 1)}::time", "t::time", f"{self.interval(depth - 1)}::time")

    def interval(self, depth=2):
        if depth <= 0:
            return self.pick("iv", "iw", "INTERVAL '1 day'", "INTERVAL '1 month -2 days 03:04:05.6'", "INTERVAL '12 hours'")
        return self.pick("iv", "iw", f"({self.interval(depth - 1)} {self.sign()} {self.interval(depth - 1)})",
                         f"({self.stamp(depth - 1)} - {self.stamp(depth - 1)})", f"({self.instant(depth - 1)} - {self.instant(depth - 1)})",
                         f"({self.interval(depth - 1)} * {self.pick('i', 'd', 'n', '2', '0.5', '1.5')})", f"({self.pick('i', 'd')} * {self.interval(0)})",
                         f"({self.interval(depth - 1)} / {self.pick('i', 'd', '2', '3', '7.5')})", f"(- {self.interval(depth - 1)})",
                         f"({self.time(0)} - {self.time(0)})", "t::interval", "u::interval", f"{self.time(0)}::interval",
                         f"({self.date(0)} - {self.stamp(0)})", f"({self.instant(0)} - {self.stamp(0)})",
                         f"({self.stamp(0)} - {self.date(0)})")

    def integer(self, depth=1):
        return self.pick("i", f"({self.date(depth)} - {self.date(depth)})")

    def sign(self):
        return self.rng.choice("+-")

    def comparison(self):
        symbol = self.rng.choice(["=", "<>", "<", "<=", ">", ">="])
        kind = self.rng.choice([self.date, self.stamp, self.instant, self.time, self.interval])
        other = kind if self.rng.random() < 0.7 or kind in (self.time, self.interval) else self.rng.choice([self.date, self.stamp, self.instant])
        return self.pick(f"{kind(1)} {symbol} {other(1)}", f"{kind(1)} IS DISTINCT FROM {kind(1)}",
                         f"{self.interval(1)} BETWEEN {self.interval(0)} AND {self.interval(0)}", f"{self.stamp(1)} {symbol} '2024-03-31 02:30'",
                         f"{self.interval(1)} {symbol} '36 hours'", f"{self.interval(0)} IN ('1 day', '24:00', {self.interval(0)})",
                         f"{self.instant(1)} {symbol} '2024-03-31 02:30'", f"{self.interval(1)} {symbol} {self.time(0)}")

    # ---- functions ----

    FIELDS = ["century", "day", "decade", "dow", "doy", "epoch", "hour", "isodow", "isoyear", "julian", "microseconds", "millennium",
              "milliseconds", "minute", "month", "quarter", "second", "week", "year", "timezone", "timezone_hour", "timezone_minute",
              "DAYS", "Month", "us"]
    UNITS = ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
             "millennium"]
    FORMATS = ["YYYY-MM-DD HH24:MI:SS", "Day, DD Month YYYY", "FMDay, FMDD FMMonth YYYY", "DY Mon dd, Y,YYY", "HH12:MI:SS.MS AM", "HH:MI p.m.",
               "YY/IY WW IW W Q", "J DDD IDDD D ID", "CC BC a.d.", "SSSS US FF3 FF1 FF6", "RM rm FMRM", "FMMonthth DDth FMDDTH HH24th", "IYYY-IW-ID",
               "\"quoted YYYY\" YYY Y", "FMHH24:FMMI:FMSS", "DAY day Dy MONTH month MON mon", "YYYYMMDDHH24MISS", "x\\\"y", "", "Q", "TMMonth FX DD", "OF TZH:TZM",
               "TZ tz", "IYY I YYYYth", "HH24:MI:SS.US"]
    SCANS = [("2024-02-29", "YYYY-MM-DD"), ("29.2.2024", "DD.MM.YYYY"), ("20240229101112", "YYYYMMDDHH24MISS"), ("Feb 29, 2024", "Mon DD, YYYY"),
             ("february  29 24", "Month DD YY"), ("2024-060", "YYYY-DDD"), ("2024-09-4", "IYYY-IW-ID"), ("10:11 PM", "HH12:MI AM"), ("13:00 PM", "HH12:MI AM"),
             ("2024-02-30", "YYYY-MM-DD"), ("24", "YY"), ("999", "YYY"), ("44 BC", "YYYY BC"), ("2024-02-29 10:11:12.5", "YYYY-MM-DD HH24:MI:SS.MS"),
             ("2024-02-29 10:11:12.123456", "YYYY-MM-DD HH24:MI:SS.US"), ("2024-02-29 10:11 +05:30", "YYYY-MM-DD HH24:MI TZH:TZM"), ("2451187", "J"),
             ("29 FEB", "DD MON"), ("x2024", "YYYY"), ("2024", "YYYY-MM"), ("2024-2-9", "YYYY-MM-DD"), ("  2024   2  9 ", "YYYY MM DD"), ("20240229", "YYYY-MM-DD"),
             ("2,024", "Y,YYY"), ("XII 2024", "RM YYYY"), ("86399", "SSSS"), ("Thursday 29 Feb 2024", "Day DD Mon YYYY"), ("2024-13-01", "YYYY-MM-DD"), ("3rd 2 2024", "DDth MM YYYY"),
             ("2024 25:00", "YYYY HH24:MI"), ("2024W09", "IYYY\"W\"IW"), ("21 24", "CC YY"), ("2024-02", "YYYY-WW"), ("5 2024", "Q YYYY"), ("12/31/99", "MM/DD/YY"),
             ("2024-02-29T10:11:12Z", "YYYY-MM-DD\"T\"HH24:MI:SS\"Z\""), ("99991231", "YYYYMMDD"), ("2024 0", "YYYY MM"), ("1 1 -44", "DD MM YYYY")]

    def literal(self, text):
        return "'" + text.replace("'", "''") + "'"

    def function(self):
        rng = self.rng
        kinds = [self.date, self.stamp, self.instant, self.time, self.interval]
        field, unit = rng.choice(self.FIELDS), rng.choice(self.UNITS)
        zone = self.pick(lambda: self.literal(rng.choice(ZONE_TEXTS)), "z", "'Europe/Berlin'")
        form = rng.randrange(22)
        if form < 3:
            return f"EXTRACT({field} FROM {rng.choice(kinds)(1)})"
        if form == 3:
            return f"date_part({self.literal(field)}, {rng.choice(kinds)(1)})"
        if form < 6:
            return f"date_trunc({self.literal(unit)}, {rng.choice([self.date, self.stamp, self.instant, self.instant, self.interval])(1)})"
        if form == 6:
            return f"date_trunc({self.literal(unit)}, {self.instant(1)}, {zone})"
        if form == 7:
            stride = rng.choice(["'15 minutes'", "'1 day'", "iv", "'7 days 01:00'", "'1 month'", "'-1 day'", "'0.3 s'"])
            return rng.choice([f"date_bin({stride}, {self.stamp(1)}, {self.stamp(0)})", f"date_bin({stride}, {self.instant(1)}, {self.instant(0)})"])
        if form < 10:
            return f"({rng.choice([self.stamp, self.instant, self.date])(1)} AT TIME ZONE {zone})"
        if form == 10:
            return f"timezone({rng.choice([zone, 'iv', chr(39) + '05:30' + chr(39) + '::interval'])}, {rng.choice([self.stamp, self.instant])(1)})"
        if form == 11:
            return f"age({rng.choice([self.stamp(1) + ', ' + self.stamp(1), self.instant(1) + ', ' + self.instant(1), self.date(1) + ', ' + self.date(0)])})"
        if form == 12:
            return f"justify_{rng.choice(['hours', 'days', 'interval'])}({self.interval(1)})"
        if form == 13:
            return rng.choice(["make_date(i, 2, 29)", "make_date(2024, i, 1)", "make_time(i, 59, d)", "make_timestamp(i, 12, 31, 23, 59, d)", "make_interval(i)",
                               "make_timestamptz(2024, 3, 31, 2, 30, d)", f"make_timestamptz(i, 7, 1, 12, 0, 0, {zone})", "make_interval(1, 2, i, 4, 5, i, d)",
                               "make_interval(0, i)", "make_time(23, i, 59.9999999)", "to_timestamp(d)", "to_timestamp(d * 1000000)", "make_time(24, 0, 0)",
                               "now() = transaction_timestamp()", "(now() - CURRENT_TIMESTAMP)", "LOCALTIMESTAMP = now()::timestamp"])
        if form < 17:
            return f"to_char({rng.choice(kinds[1:3] + [self.date, self.interval])(1)}, {self.literal(rng.choice(self.FORMATS))})"
        if form < 20:
            text, scan = rng.choice(self.SCANS)
            scan = rng.choice(self.SCANS)[1] if rng.random() < 0.15 else scan
            return f"{rng.choice(['to_date', 'to_timestamp'])}({self.literal(text)} || CASE WHEN t = 'zz' THEN 'x' ELSE '' END, {self.literal(scan)})"
        if form == 20:
            return f"isfinite({rng.choice([self.date, self.stamp, self.instant, self.interval])(1)})"
        return f"CASE WHEN i > 5 THEN {self.interval(1)} ELSE {self.interval(0)} END"

    NUMBERS = ["999", "9999.99", "0000.00", "FM9999.99", "FM0000.00", "FM999990.09", "9,999.99", "FM9,999,999", "S9999", "9999S", "MI9999", "9999MI", "PL9999",
               "SG999.9", "999.9SG", "9999PR", "FM9999PR", "RN", "FMRN", "rn", "999th", "FM999TH", "99V99", "9.99EEEE", "9.999EEEE", "9", ".99", "FM.99", "99.", "0.9",
               "\"a\"999\"b\"", "9 9 9", "L9999D99", "9G999", "SFM999", "FMS999.99", "999.99S", "00999", "9990", "FM9990.0", "B999", "0999.9", "990.990", "9.9.9", "S9S",
               "FM9.9", "FM90.9", "FM9.90", "FM99.0", "999MI9", "PR9", "9EEEE", "000,000,000.00", "FM000,000.99", "9999999999", "S0000.000", "FMSG0,999.9", ""]

    def number(self):
        value = self.pick("i", "n", "i * 1000003", "n * 7", "n / 10", "123456789012", "0.5", "-0.05", "n * n", "d", "d * 1000", "0", "i % 4000", "(n * 0.001)::decimal(12,5)")
        shape = self.rng.choice(self.NUMBERS)
        value = "n" if "V" in shape else value  # PostgreSQL's integers go over there
        return f"to_char({value}, {self.literal(shape)})"

    # ---- JSON ----

    def json(self, depth=2):
        if depth <= 0:
            return self.pick("j::json", "j::jsonb", "j::jsonb", "'{\"a\": [1, {\"b\": \"x\"}], \"c\": null}'::jsonb")
        step = self.pick("'a'", "'b'", "'x y'", "'é'", "0", "1", "-1", "'0'", "u")
        return self.pick(lambda: self.json(0), f"({self.json(depth - 1)} -> {step})", f"({self.json(depth - 1)} #> '{{{self.pick('a', 'a,0', 'a,b', 'c,-1', '0', chr(34) + 'x y' + chr(34))}}}')")

    def json_function(self):
        rng = self.rng
        step = self.pick("'a'", "'b'", "'x y'", "'é'", "0", "1", "-1")
        path = self.pick("$", "$.a", "$.a[*]", "$.*", "$[*]", "$[0]", "$[last]", "$[1 to last]", "$.a.b", "$.\"x y\"", "$.a ? (@ > 1)", "$[*] ? (@ == \"x\")",
                         "$.* ? (@ != null)", "$[*] ? (@ >= 1.5 && @ < 100)", "$ ? (exists(@.a) || @.b == true)", "$[last - 1]", "$.a[0 to 1].b", "$.* ? (!(@ == 1))", "lax $.b")
        return self.pick(lambda: self.json(3), f"({self.json(1)} ->> {step})", f"({self.json(1)} #>> '{{a,0}}')", f"jsonb_typeof(j::jsonb -> {step})", f"json_typeof(j::json -> {step})",
                         f"jsonb_array_length(j::jsonb -> {step})", "json_array_length(j::json)", f"jsonb_path_exists(j::jsonb, '{path}')", f"jsonb_path_query_first(j::jsonb, '{path}')",
                         f"json_extract_path_text(j::json, 'a', {self.literal(rng.choice(['0', 'b', 'x y', '-1']))})", "jsonb_extract_path(j::jsonb, 'a', 'b')", "json_valid(j)", "json_valid(t)", "json_extract_path(j::json, 'a')",
                         "jsonb_extract_path_text(j::jsonb, 'b', '0')", "jsonb_exists(j::jsonb, 'a')",
                         "j::jsonb", "j::json", "CAST(j AS jsonb)", f"(j::jsonb {rng.choice(['=', '<>'])} j::jsonb)", f"((j::jsonb -> {step}) IS NULL)", "(t || j)::jsonb",
                         f"COALESCE(j::jsonb -> 'a', '0'::jsonb)", f"CAST(j::jsonb -> {step} AS text)")

    def expression(self):
        draw = self.rng.random()
        if draw < 0.4:
            return self.function()
        if draw < 0.6:
            return self.json_function()
        if draw < 0.7:
            return self.number()
        return self.plain()

    def plain(self):
        depth = self.rng.randrange(1, 4)
        kind = self.rng.choice([self.date, self.stamp, self.stamp, self.instant, self.instant, self.time, self.interval, self.interval,
                                lambda _: self.comparison(), lambda _: self.comparison(), self.integer])
        return kind(depth)


PG_SETUP = r"""
CREATE FUNCTION evaluate_rows(e text) RETURNS json AS $$
DECLARE kind text; result json; one text; list json[] := '{}'; k int;
BEGIN
  BEGIN
    EXECUTE 'SELECT pg_typeof(x.v)::text FROM (SELECT 1) o LEFT JOIN (SELECT (' || e || ') AS v FROM t WHERE false) x ON true' INTO kind;
  EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE LIKE '42%' OR SQLSTATE LIKE '0A%' THEN
      RETURN json_build_object('error', SQLSTATE, 'message', SQLERRM);
    END IF;
  END;
  BEGIN
    EXECUTE 'SELECT json_agg(json_build_array(''v'', (' || e || ')::text) ORDER BY id) FROM t' INTO result;
    RETURN json_build_object('type', kind, 'rows', result);
  EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE LIKE '42%' THEN
      RETURN json_build_object('error', SQLSTATE, 'message', SQLERRM);
    END IF;
  END;
  FOR k IN 0..(SELECT max(id) FROM t) LOOP
    BEGIN
      EXECUTE 'SELECT (' || e || ')::text FROM t WHERE id = ' || k INTO one;
      list := list || json_build_array('v', one);
    EXCEPTION WHEN OTHERS THEN
      list := list || json_build_array('e', SQLSTATE);
    END;
  END LOOP;
  RETURN json_build_object('type', kind, 'rows', array_to_json(list));
END $$ LANGUAGE plpgsql;
"""


def pg_literal(kind, value):
    if value is None:
        return "NULL"
    if kind == "date":
        return f"('1970-01-01'::date + {value})"
    if kind == "time":
        return f"('00:00'::time + {value} * interval '1 microsecond')"
    if kind == "interval":
        return f"make_interval(months => {value[0]}, days => {value[1]}) + interval '{value[2]} us'"
    if kind.startswith("timestamp"):
        base = "timestamptz '1970-01-01 00:00:00+00'" if "zone" in kind else "timestamp '1970-01-01'"
        days, rest = divmod(value, DAY)
        return f"({base} + {days * 24} * interval '1 hour' + {rest} * interval '1 microsecond')"
    if kind == "text":
        return "'" + value.replace("'", "''") + "'"
    return f"'{value!r}'" if isinstance(value, float) else str(value)


def fill(pg, engine, rng):
    rows = []
    for _ in range(ROWS):
        row = [cell(rng, t) for _, t in SCHEMA]
        row[-2] = rng.choice(ZONE_TEXTS)
        row[-1] = json_cell(rng) if rng.random() < 0.9 else rng.choice(["{", "[1,]", "nul", "", "{\"a\":01}", "\"\\x\"", "[1] 2"])
        rows.append(row)
    columns = ", ".join(f"{n} {PG_TYPES.get(t, t)}" for n, t in SCHEMA)
    values = ", ".join("(" + ", ".join([str(k)] + [pg_literal(t, v) for (_, t), v in zip(SCHEMA, row)]) + ")" for k, row in enumerate(rows))
    pg.ask(f"DROP TABLE IF EXISTS t; CREATE TABLE t (id int, {columns}); INSERT INTO t VALUES {values}")
    engine.fill(SCHEMA, [[f"{v[0]} {v[1]} {v[2] * 1000}" if isinstance(v, tuple) else v for v in row] for row in rows])
    return rows


def same(kind, ours, theirs):
    if ours is None or theirs is None or ours == theirs:
        return ours is None and theirs is None or ours == theirs
    if kind.startswith("decimal"):
        mine, yours = decimal.Decimal(ours), decimal.Decimal(theirs)
        return mine == yours or yours.as_tuple().exponent < -6 and abs(mine - yours) < decimal.Decimal(10) ** -16
    return False


def compare(tally, text, ours, texts, theirs, rows):
    if "error" in ours:
        rows_fail = [tag == "e" for tag, value in theirs.get("rows", []) if tag == "e" or value is not None]
        fails = all(rows_fail) if "rows" in theirs else False
        tally.check("error" in theirs or fails, text, "compile " + ours["error"].split("\n")[0], "compile " + theirs.get("error", "ok"))
        return
    if "error" in theirs:
        tally.check(False, text, "compile ok", "compile " + theirs["error"] + " " + theirs["message"])
        return
    if theirs["type"] and not type_matches(ours["type"], theirs["type"]) and not (ours["type"] == "json" and theirs["type"] == "jsonb"):
        tally.check(False, text, "type " + ours["type"], "type " + theirs["type"])
        return
    for k, (tag, value) in enumerate(theirs["rows"]):
        code, mine = texts["errors"].get(str(k)), texts["values"][k]
        if tag == "e":
            tally.check(code == CODES.get(value, value), text, f"{code or mine!r}", CODES.get(value, value), f"row {rows[k]}")
        elif code:
            tally.check(False, text, code, f"{value!r}", f"row {rows[k]}")
        else:
            tally.check(same(ours["type"], mine, value), text, f"{ours['type']} {mine!r}", repr(value), f"row {rows[k]}")


def run(tally, engine, rng, binaries):
    generator = Generator(rng)
    drawn = Drawn(lambda title: title in ("JSON", "Dates, times, zones, intervals"))
    pg = postgres_open(binaries)
    try:
        pg.ask(SHADOWS + PG_SETUP)
        for first in range(0, COUNT, ROUND):
            zone = ZONES[first // ROUND % len(ZONES)]
            pg.ask(f"SET timezone = '{zone}'")
            engine.send({"timezone": zone, "now": str(NOW_US)})
            rows = fill(pg, engine, rng)
            texts = [generator.expression() for _ in range(min(ROUND, COUNT - first))]
            for text in texts:
                drawn.add(text)
            array = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
            answers = json.loads(pg.ask(f"SELECT json_agg(evaluate_rows(e) ORDER BY n) FROM unnest(ARRAY[{array}]) WITH ORDINALITY AS x(e, n)"))
            for text, theirs in zip(texts, answers):
                ours = engine.ask(text)
                shown = engine.ask(f"CAST(({text}) AS text)") if "error" not in ours else None
                compare(tally, text, ours, shown, theirs, rows)
    finally:
        pg.close()
    tally.failed += drawn.report(COUNT >= 4000)


def main():
    print(f"seed {SEED}, {COUNT} expressions over {ROWS} rows")
    tally = Tally(deviations())
    binaries = os.environ.get("PG_BIN") or max(glob.glob("/usr/lib/postgresql/*/bin"), default=None)
    if binaries and os.path.exists(os.path.join(binaries, "initdb")):
        run(tally, Engine(), random.Random(SEED), binaries)
    elif os.environ.get("EXPR_NEED_PG"):
        print("FAIL no PostgreSQL found")
        tally.failed += 1
    else:
        print("no PostgreSQL found: nothing was compared")
        return 77
    for name, count in sorted(tally.used.items()):
        print(f"deviation {name}: {count}")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return tally.failed != 0


if __name__ == "__main__":
    sys.exit(main())
