# SPDX-License-Identifier: Apache-2.0
"""Functions for PostgreSQL where qetl's take or give text instead of bytes and lists (deviations bytes-as-text and
regex-match), made of PostgreSQL's own."""

SETUP = r"""
CREATE SCHEMA q;
CREATE FUNCTION q.sha224(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT pg_catalog.encode(pg_catalog.sha224(convert_to($1, 'UTF8')), 'hex') $$;
CREATE FUNCTION q.sha256(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT pg_catalog.encode(pg_catalog.sha256(convert_to($1, 'UTF8')), 'hex') $$;
CREATE FUNCTION q.sha384(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT pg_catalog.encode(pg_catalog.sha384(convert_to($1, 'UTF8')), 'hex') $$;
CREATE FUNCTION q.sha512(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT pg_catalog.encode(pg_catalog.sha512(convert_to($1, 'UTF8')), 'hex') $$;
CREATE FUNCTION q.hash64(text) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$ SELECT (('x' || pg_catalog.left(q.sha256($1), 16))::bit(64)::bigint >> 1) & 9223372036854775807 $$;
CREATE FUNCTION q.encode(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT pg_catalog.replace(pg_catalog.encode(convert_to($1, 'UTF8'), $2), E'\n', '') $$;
CREATE FUNCTION q.decode(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT convert_from(pg_catalog.decode($1, $2), 'UTF8') $$;
CREATE FUNCTION q.regexp_match(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT (pg_catalog.regexp_match($1, $2))[1] $$;
CREATE FUNCTION q.regexp_match(text, text, text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT (pg_catalog.regexp_match($1, $2, $3))[1] $$;
CREATE FUNCTION q.json_valid(text) RETURNS boolean IMMUTABLE STRICT LANGUAGE plpgsql AS $$
BEGIN PERFORM $1::json; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$;
SET search_path = q, pg_catalog, public;
"""
