/* SPDX-License-Identifier: Apache-2.0 */
/* rest: addresses, URLs, the header Link, JSON that is looked through, places, the pace. What goes
 * over the wire is tried in tests/cases/8*-rest-*.sh. */
#include "plugins/shared/http/address.h"
#include "plugins/shared/http/asking.h"
#include "plugins/shared/http/link.h"
#include "plugins/shared/http/pace.h"
#include "plugins/shared/http/policy.h"
#include "plugins/shared/http/proxy.h"
#include "plugins/shared/http/scan.h"
#include "plugins/shared/http/url.h"
#include "plugins/sources/rest_source/position.h"
#include "plugins/sources/rest_source/seen.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(rest_source, addresses_of_the_world_and_others)
{
    static const char *const world[] = {
        "1.1.1.1",          "8.8.8.8",         "172.15.255.255",  "172.32.0.0",
        "192.167.1.1",      "11.0.0.0",        "126.255.255.255", "100.63.255.255",
        "100.128.0.0",      "2606:4700::1",    "[2a00:1450::5]",  "::ffff:8.8.8.8",
        "64:ff9b::808:808", "2002:808:808::1", "198.20.0.1",      "example.com"};
    static const char *const own[] = {"127.0.0.1",
                                      "127.255.255.254",
                                      "10.0.0.0",
                                      "10.255.255.255",
                                      "172.16.0.0",
                                      "172.31.255.255",
                                      "192.168.0.1",
                                      "169.254.0.1",
                                      "169.254.169.254",
                                      "100.64.0.1",
                                      "100.127.255.255",
                                      "0.0.0.0",
                                      "224.0.0.1",
                                      "255.255.255.255",
                                      "192.0.0.192",
                                      "198.18.0.1",
                                      "198.19.255.255",
                                      "::",
                                      "::1",
                                      "[::1]",
                                      "fe80::1%eth0",
                                      "febf::1",
                                      "fc00::1",
                                      "fdff::1",
                                      "fec0::1",
                                      "ff02::1",
                                      "::ffff:10.0.0.1",
                                      "::ffff:127.0.0.1",
                                      "::7f00:1",
                                      "64:ff9b::a00:1",
                                      "64:ff9b:1::1",
                                      "2002:7f00:1::1",
                                      "2001::1",
                                      "fd00:ec2::254",
                                      "100.100.100.200",
                                      "2001:db8::1"};
    for (size_t i = 0; i < sizeof world / sizeof *world; i++)
        cr_expect_null(http_address_private_text(world[i]), "%s", world[i]);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        cr_expect_not_null(http_address_private_text(own[i]), "%s", own[i]);
    cr_expect_str_eq(http_address_private_text("169.254.169.254"),
                     "the address of a cloud's metadata");
    cr_expect_str_eq(http_address_private_text("fd00:ec2::254"),
                     "the address of a cloud's metadata");
    cr_expect_not_null(http_address_private(&(struct sockaddr){.sa_family = AF_UNIX}));
}

static void joined(const char *base, const char *reference, const char *wanted)
{
    char *url = http_url_join(base, reference);
    cr_expect(url && !strcmp(url, wanted), "%s and %s: %s", base, reference, url ? url : "none");
    free(url);
}

static void set(const char *url, const char *name, const char *value, const char *wanted)
{
    char *out = http_url_set(url, name, value);
    cr_expect(out && !strcmp(out, wanted), "%s %s=%s: %s", url, name, value ? value : "-",
              out ? out : "none");
    free(out);
}

static void bypassed(const char *list, const char *host, bool wanted)
{
    cr_expect_eq(http_proxy_bypassed(list, host), wanted, "%s by %s", host, list ? list : "none");
}

Test(rest_source, some_hosts_are_asked_without_the_proxy)
{
    static const struct {
        const char *list, *host;
        bool wanted;
    } cases[] = {
        {"10.0.0.1, .corp.example,localhost", "x.corp.example", true},
        {"corp.example", "corp.example", true},
        {"*", "any.example", true},
        {"*", "10.0.0.1", true},
        {"*.corp.example", "x.corp.example", true},
        {"corp.example", "x.corp.example.", true},
        {"x.example,corp.example.", "corp.example", true},
        {"., *., x", "corp.example", false},
        {"corp.example", "notcorp.example", false},
        {"", "corp.example", false},
        {NULL, "corp.example", false},
        {"localhost 10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.9.0.7/8", "10.1.2.3", true},
        {"192.168.8.0/21", "192.168.15.255", true},
        {"192.168.8.0/21", "192.168.16.0", false},
        {"10.0.0.1/32", "10.0.0.1", true},
        {"10.0.0.1/32", "10.0.0.0", false},
        {"10.0.0.1", "10.0.0.1", true},
        {"0.0.0.0/0", "10.0.0.1", true},
        {"0.0.0.0/0", "corp.example", false},
        {"10.0.0.0/33", "10.0.0.0", false},
        {"10.0.0.0/", "10.0.0.0", false},
        {"10.0.0.0/x", "10.0.0.0", false},
        {"10.0.0.0/-1", "10.0.0.0", false},
        {"10.0.0.0/99999999999999999999", "10.0.0.0", false},
        {".0.0.1, 0.1, 1", "10.0.0.1", false},
        {"10.0.0.0/8", "10.example", false},
        {"fd00::/8", "fdab::1", true},
        {"fd00::/8", "fc00::1", false},
        {"[fd00::]/8", "fdab::1", true},
        {"::1", "0:0:0:0:0:0:0:1", true},
        {"[::1]", "::1", true},
        {"2001:db8:8000::/33", "2001:db8:ffff::1", true},
        {"2001:db8:8000::/33", "2001:db8:7fff::1", false},
        {"fe80::/10", "fe80::1%eth0", true},
        {"::/0", "10.0.0.1", false},
        {"::ffff:10.0.0.1", "10.0.0.1", false},
        {"::1/129", "::1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bypassed(cases[i].list, cases[i].host, cases[i].wanted);
}

Test(rest_source, urls_are_joined_and_given_parameters)
{
    joined("https://a.example/v1/x?p=1", "/v2?p=2", "https://a.example/v2?p=2");
    joined("https://a.example/v1/x?p=1", "?p=2", "https://a.example/v1/x?p=2");
    joined("https://a.example/v1/x", "y#part", "https://a.example/v1/y");
    joined("https://a.example/v1/x", "//b.example/z", "https://b.example/z");
    joined("https://a.example/v1/x", "http://b.example/z", "http://b.example/z");
    set("http://a.example/", "p", "1", "http://a.example/?p=1");
    set("http://a.example/?p=0&pp=5&p", "p", "a b&c=é",
        "http://a.example/?pp=5&p=a%20b%26c%3d%c3%a9");
    set("http://a.example/?a=1&p=0&b=2", "p", NULL, "http://a.example/?a=1&b=2");
    set("http://a.example/?p=0", "p", NULL, "http://a.example/");
    set("http://a.example/x", "a[b]", "1", "http://a.example/x?a%5bb%5d=1");
    set("http://a.example/x?A[]=0&a%5B%5d=2&a[]=3&P", "a[]", "1",
        "http://a.example/x?A[]=0&P&a%5b%5d=1");
    cr_expect_null(http_url_set("http://", "a", "b"));
    cr_expect(http_policy_matches("*.example.com", "a.b.Example.com"));
    cr_expect_not(http_policy_matches("*.example.com", "example.com"));
    cr_expect_not(http_policy_matches("*.example.com", "badexample.com"));
    cr_expect_not(http_policy_matches("example.com", "example.com.evil.example"));
}

static void next_is(const char *header, const char *wanted)
{
    const char *target = NULL;
    size_t size = 0;
    bool found = http_link_find(header, "next", &target, &size);
    cr_expect_eq(found, wanted != NULL, "%s", header);
    if (found && wanted)
        cr_expect(size == strlen(wanted) && !memcmp(target, wanted, size), "%s", header);
}

Test(rest_source, links_are_read_as_rfc_8288_has_them)
{
    next_is("<https://a/?page=2>; rel=\"next\"", "https://a/?page=2");
    next_is("</x>; rel=prev, </y>;rel=next", "/y");
    next_is("</x,;>; title=\"a, b; rel=next \\\" <z>\"; rel=\"last NEXT\"", "/x,;");
    next_is("</x> ; REL = next", "/x");
    next_is("</x>; rel=prev; rel=next", NULL);
    next_is("</x>; rel=nextish", NULL);
    next_is("</x>; title=next", NULL);
    next_is("</x; rel=next", NULL);
    next_is("", NULL);
    next_is("</x>", NULL);
    next_is("</x>; rel", NULL);
    next_is("</a>; rel=\"next", "/a");
}

static struct scan_target look(const char *json, const char *pointer, bool whole)
{
    struct scan_target target = {.pointer = pointer};
    struct scan_result result;
    cr_expect_eq(scan_json(json, (int64_t)strlen(json), &target, 1, &result), whole, "%s", json);
    return target;
}

static void stands(const char *json, const char *pointer, enum scan_kind kind, const char *text)
{
    struct scan_target t = look(json, pointer, true);
    cr_expect_eq(t.kind, kind, "%s of %s: %d", pointer, json, t.kind);
    char *found = t.at ? scan_text(&t) : NULL;
    cr_expect(!text || (found && !strcmp(found, text)), "%s of %s: %s", pointer, json,
              found ? found : "none");
    free(found);
}

/* at: -1, it is not. */
static void broken_is(const char *json, int64_t at, bool cut)
{
    struct scan_result result;
    bool whole = scan_json(json, (int64_t)strlen(json), NULL, 0, &result);
    cr_expect_eq(whole, at < 0, "%s", json);
    cr_expect(whole || result.broken_at == at, "%s: at %d", json, (int)result.broken_at);
    cr_expect_eq(result.cut, cut, "%s", json);
}

static void last_is(const char *json, const char *pointer, const char *wanted)
{
    struct scan_target t = look(json, pointer, true);
    cr_expect(t.last ? (size_t)t.last_size == strlen(wanted) &&
                           !memcmp(t.last, wanted, (size_t)t.last_size)
                     : !*wanted,
              "%s", json);
}

Test(rest_source, the_last_element_of_a_list)
{
    last_is("[1, {\"a\": [2]} ]", "", "{\"a\": [2]}");
    last_is("{\"a\":[\"x\" , \"]\\\"\"]}", "/a", "\"]\\\"\"");
    last_is("{\"a\":[]}", "/a", "");
    last_is("{\"a\":{\"b\":[1]}}", "/a", "");
}

static void body_is(const char *param, const char *json, const char *wanted)
{
    static const char body[] = "{\"q\":\"{a}\",\"v\":{\"after\":null,\"n\":[1, 2]}}";
    char *out = asking_body_set(body, param, json);
    cr_expect(out ? wanted && !strcmp(out, wanted) : !wanted, "%s: %s", param, out ? out : "none");
    free(out);
}

Test(rest_source, a_value_of_the_body_is_replaced)
{
    body_is("/v/after", "\"x\"", "{\"q\":\"{a}\",\"v\":{\"after\":\"x\",\"n\":[1, 2]}}");
    body_is("/v/n/1", "[3]", "{\"q\":\"{a}\",\"v\":{\"after\":null,\"n\":[1, [3]]}}");
    body_is("/v/n", "0", "{\"q\":\"{a}\",\"v\":{\"after\":null,\"n\":0}}");
    body_is("/w", "0", NULL);
}

Test(rest_source, values_are_found_in_json)
{
    stands("{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}", "/a/b/1/c", SCAN_TEXT, "x");
    stands("{\"a/b\":1,\"m~n\":2,\"\":3}", "/a~1b", SCAN_NUMBER, "1");
    stands("{\"a/b\":1,\"m~n\":2,\"\":3}", "/m~0n", SCAN_NUMBER, "2");
    stands("{\"a/b\":1,\"m~n\":2,\"\":3}", "/", SCAN_NUMBER, "3");
    stands("{\"\\u0061\\\"\":-1.5e3}", "/a\"", SCAN_NUMBER, "-1.5e3");
    stands("{\"a\":{\"n\":1},\"n\":null}", "/n", SCAN_NULL, NULL);
    stands("{\"a\":1}", "/b", SCAN_ABSENT, NULL);
    stands("[[],[1,2]]", "/1", SCAN_LIST, "[1,2]");
    stands("[1,2]", "/01", SCAN_ABSENT, NULL);
    stands("{\"c\":\"\\u00e9\\ud83d\\ude00\\n\\/\\ud800\"}", "/c", SCAN_TEXT, "é😀\n/\xef\xbf\xbd");
    stands("{\"s\":\"]}\\\\\",\"t\":true}", "/t", SCAN_TRUE, NULL);
    stands("{\"t\":1,\"t\":2}", "/t", SCAN_NUMBER, "2");
    cr_expect_eq(look(" [ {\"a\":[1,2]} , [3] , \"x\" ] ", "", true).count, 3);
    cr_expect_eq(look("[]", "", true).count, 0);
    static const char *const broken[] = {
        "[1,2",  "{\"a\":[}", "{\"a\":1",      "[\"x]", "{\"a\" 1}", "[1,]", "{\"a\":{\"b\":[1,2]}",
        "[[1}]", "{a:1}",     "{\"a\":\"\\\"}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        look(broken[i], "/a/b", false);
    char deep[2 * SCAN_DEPTH + 10];
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1] = 0;
    look(deep, "/a", false);
    char names[40];
    scan_lists("{\"a\":[1],\"b\":{\"c\":[]},\"d\":[]}", 32, names, sizeof names);
    cr_expect_str_eq(names, "/a, /d");
    struct scan_result result;
    cr_expect(scan_json("{\"a\":1}\n{\"a\":2}\n", 16, NULL, 0, &result));
    cr_expect_eq(result.documents, 2);
    broken_is("[1,2", 4, true);
    broken_is("{\"a\":\"x", 5, true);
    broken_is("{\"a\":1", 6, true);
    broken_is("[[1}]", 3, false);
    broken_is("[1] x", 4, false);
    broken_is("[1] nul", 4, false);
    broken_is("log in", 0, false);
    broken_is("[1] null -1.5e3 \"x\"", -1, false);
    broken_is("\xef\xbb\xbf[1]", -1, false);
    cr_expect(scan_pointer_good("/a~1b") && scan_pointer_good("") && !scan_pointer_good("a") &&
              !scan_pointer_good("/a~2"));
}

Test(rest_source, places_are_written_and_read)
{
    struct position p = {0};
    struct place in = {.number = -7, .text = "https://a/?x=é"}, out;
    cr_assert(position_write(&p, PAGER_NEXT, &in));
    struct qetl_blob blob = {p.data, p.size};
    cr_assert_eq(position_read(blob, PAGER_NEXT, &out), QETL_OK);
    cr_expect(place_equals(&in, &out));
    place_free(&out);
    cr_expect_eq(position_read(blob, PAGER_LINK, &out), QETL_E_UNSUPPORTED);
    for (blob.size = 0; blob.size < 13; blob.size++)
        cr_expect_eq(position_read(blob, PAGER_NEXT, &out), QETL_E_UNSUPPORTED);
    in = (struct place){.ended = true, .number = INT64_MAX};
    cr_assert(position_write(&p, PAGER_PAGE, &in));
    blob = (struct qetl_blob){p.data, p.size};
    cr_assert_eq(position_read(blob, PAGER_PAGE, &out), QETL_OK);
    cr_expect(place_equals(&in, &out));
    position_free(&p);
}

Test(rest_source, the_pace_is_kept)
{
    struct http_pace pace = {0};
    int64_t now = 12345, went = 0;
    http_pace_init(&pace, 100);
    for (; now < 10000000000; now += 3300000) /* 3.3 ms: never when it is due */
        while (!http_pace_take(&pace, now))
            went++;
    cr_expect(went >= 995 && went <= 1001, "%lld", (long long)went);
    now += 60000000000; /* a long pause is not made up for */
    for (went = 0; !http_pace_take(&pace, now); went++)
        ;
    cr_expect(went <= 6, "%lld", (long long)went);
    http_pace_init(&pace, 0);
    for (int i = 0; i < 1000; i++)
        cr_expect_eq(http_pace_take(&pace, now), 0);
}

Test(rest_source, what_was_seen_is_known)
{
    struct seen seen = {0};
    char text[24];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 20000; i++) {
            int size = snprintf(text, sizeof text, "cursor-%d", i);
            cr_assert_eq(seen_add(&seen, text, (size_t)size), round);
        }
    cr_expect_eq(seen_add(&seen, "", 0), 0);
    cr_expect_eq(seen_add(&seen, "", 0), 1);
    seen_free(&seen);
}
