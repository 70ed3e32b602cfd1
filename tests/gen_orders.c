/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders that look real: eleven columns, skewed products, quoted notes, and broken rows on request.
 * A row depends on the seed and its number alone, so that any cut into files gives the same rows.
 * Usage: gen_orders [--rows N] [--start N] [--seed N] [--broken K] [--format csv|ndjson]
 * Rows go to stdout; stderr gets one JSON object with what a test needs to know about them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCTS = 100000, ZIPF_SLOTS = 1 << 20, ROW_ROOM = 2048, BUFFER = 1 << 20 };
enum broken { WHOLE, BAD_CELLS, BAD_NUMBER, BAD_UTF8, BAD_QUOTE, BROKEN_KINDS };

static const char *const makes[] = {"Oak",     "Steel",  "Linen",   "Copper", "Walnut",
                                    "Ceramic", "Cotton", "Glass",   "Birch",  "Wool",
                                    "Marble",  "Bamboo", "Leather", "Brass"};
static const struct {
    const char *name;
    const char *category;
    int cents; /* typical price */
} things[] = {
    {"Chair", "furniture", 14900},   {"Desk", "furniture", 32900},  {"Shelf", "furniture", 8900},
    {"Lamp", "lighting", 5900},      {"Lantern", "lighting", 3400}, {"Mug", "kitchen", 1200},
    {"Bowl", "kitchen", 1800},       {"Knife", "kitchen", 4500},    {"Pan", "kitchen", 6200},
    {"Blanket", "textiles", 5400},   {"Cushion", "textiles", 2600}, {"Towel", "textiles", 1500},
    {"Notebook", "stationery", 700}, {"Pen", "stationery", 400},    {"Clock", "decor", 4200},
    {"Vase", "decor", 3600}};
/* Frequent ones stand more than once. */
static const char *const countries[] = {
    "DE", "DE", "DE", "DE", "FR", "FR", "FR", "GB", "GB", "US", "US", "US", "NL", "NL", "ES", "IT",
    "IT", "PL", "SE", "AT", "CH", "BR", "JP", "IN", "DK", "NO", "FI", "PT", "CZ", "BE", "IE", "CA"};
static const char *const first_names[] = {
    "anna", "ben",  "clara", "david", "elif",  "finn", "grace", "hugo", "ines", "jonas",
    "kim",  "lena", "mateo", "nora",  "oscar", "paul", "rosa",  "sam",  "tess", "yusuf"};
static const char *const last_names[] = {"schmidt", "martin",   "rossi",  "jansen",
                                         "novak",   "smith",    "garcia", "nielsen",
                                         "dubois",  "kowalski", "weber",  "tanaka"};
static const char *const plain_notes[] = {"",
                                          "",
                                          "",
                                          "",
                                          "",
                                          "",
                                          "gift",
                                          "call before delivery",
                                          "leave at the door",
                                          "Stra\xc3\x9f"
                                          "e 7",
                                          "business address",
                                          "second attempt",
                                          "\xe6\x80\xa5\xe3\x81\x8e"};
static const char *const quoted_notes[] = {
    "gift, wrap in blue", "ring twice,\nthen leave at no. 7", "the customer said \"no plastic\"",
    "left, right or \"middle\"", "line one\nline two\nline three"};
#define PICK(list, bits) (list)[(bits) % (sizeof(list) / sizeof *(list))]

struct order {
    int64_t id, customer, quantity, cents;
    int discount; /* in hundredths, -1: none */
    int product;
    int64_t second; /* since the first of 2025 */
    const char *country, *first, *last, *note;
    bool quoted;
};

struct options {
    int64_t rows, start, broken;
    uint64_t seed;
    bool ndjson;
};

static int32_t zipf[ZIPF_SLOTS];
static char text[BUFFER + ROW_ROOM];
static size_t text_size;

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Slot i of a million holds a product; product k has a share like 1 / (k + 1). */
static void zipf_init(void)
{
    double sum = 0;
    double reached = 0;
    int64_t slot = 0;

    for (int k = 0; k < PRODUCTS; k++)
        sum += 1.0 / (k + 1);
    for (int32_t k = 0; k < PRODUCTS; k++) {
        reached += 1.0 / (k + 1) / sum;
        while (slot < ZIPF_SLOTS && (double)slot < reached * ZIPF_SLOTS)
            zipf[slot++] = k;
    }
    while (slot < ZIPF_SLOTS)
        zipf[slot++] = PRODUCTS - 1;
}

static struct order order_make(uint64_t seed, int64_t row)
{
    uint64_t a = mix(seed ^ mix((uint64_t)row));
    uint64_t b = mix(a);
    uint64_t c = mix(b);
    /* A few in a hundred products beyond the table's reach: the long tail. */
    int product = c % 64 == 0 ? (int)(b >> 13) % PRODUCTS : zipf[a % ZIPF_SLOTS];
    product = product < 0 ? -product : product;
    struct order order = {
        .id = row + 1,
        .customer = 1000 + (int64_t)(b % 250000),
        .quantity = 1 + (int64_t)((a >> 20) % 8) * (int64_t)((a >> 24) % 4 ? 0 : 1) +
                    (int64_t)((a >> 28) % 3),
        .discount = (a >> 32) % 10 < 6 ? -1 : (int)((a >> 36) % 7) * 5,
        .product = product,
        .second = row * 31 % (365 * 86400) + (int64_t)(b >> 40) % 29,
        .country = PICK(countries, b >> 8),
        .first = PICK(first_names, b >> 16),
        .last = PICK(last_names, b >> 24),
        .quoted = c % 20 == 7,
    };
    order.cents = PICK(things, (unsigned)product).cents * (60 + (product * 7) % 90) / 100;
    order.note = order.quoted ? PICK(quoted_notes, c >> 8) : PICK(plain_notes, c >> 8);
    return order;
}

static void put(const char *data, size_t size)
{
    memcpy(text + text_size, data, size);
    text_size += size;
}

static void put_text(const char *data)
{
    put(data, strlen(data));
}

static void put_int(int64_t value, int width)
{
    char digits[24];
    int at = sizeof digits;

    for (uint64_t rest = (uint64_t)value; rest > 0 || width > 0 || at == sizeof digits;
         rest /= 10, width--)
        digits[--at] = (char)('0' + rest % 10);
    put(digits + at, sizeof digits - (size_t)at);
}

static void put_hundredths(int64_t value)
{
    put_int(value / 100, 1);
    put(".", 1);
    put_int(value % 100, 2);
}

static void put_time(int64_t second)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = second / 86400 % 365;
    int month = 0;

    while (day >= days[month])
        day -= days[month++];
    put_text("2025-");
    put_int(month + 1, 2);
    put("-", 1);
    put_int(day + 1, 2);
    put("T", 1);
    put_int(second / 3600 % 24, 2);
    put(":", 1);
    put_int(second / 60 % 60, 2);
    put(":", 1);
    put_int(second % 60, 2);
}

static void put_product(int product)
{
    put_text(PICK(makes, (unsigned)product / 16));
    put(" ", 1);
    put_text(PICK(things, (unsigned)product).name);
    put(" ", 1);
    put_int(product, 5);
}

static void put_email(const struct order *order)
{
    put_text(order->first);
    put(".", 1);
    put_text(order->last);
    put_int(order->customer % 1000, 1);
    put_text("@example.com");
}

static void put_quoted(const char *data)
{
    put("\"", 1);
    for (; *data; data++) {
        if (*data == '"')
            put("\"", 1);
        put(data, 1);
    }
    put("\"", 1);
}

static void csv_put(const struct order *order, enum broken broken)
{
    put_int(order->id, 1);
    put(",", 1);
    put_time(order->second);
    put(",", 1);
    put_int(order->customer, 1);
    put(",", 1);
    put_product(order->product);
    put(",", 1);
    put_text(PICK(things, (unsigned)order->product).category);
    put(",", 1);
    put_text(order->country);
    put(",", 1);
    if (broken == BAD_NUMBER)
        put_text("two");
    else
        put_int(order->quantity, 1);
    put(",", 1);
    put_hundredths(order->cents);
    put(",", 1);
    if (order->discount >= 0)
        put_hundredths(order->discount);
    put(",", 1);
    put_email(order);
    if (broken == BAD_CELLS) {
        put("\n", 1);
        return;
    }
    put(",", 1);
    if (broken == BAD_UTF8)
        put("caf\xe9", 4);
    else if (broken == BAD_QUOTE)
        put_text("\"late\"again");
    else if (order->quoted)
        put_quoted(order->note);
    else
        put_text(order->note);
    put("\n", 1);
}

static void json_put_text(const char *data)
{
    put("\"", 1);
    for (; *data; data++) {
        if (*data == '"' || *data == '\n')
            put("\\", 1);
        put(*data == '\n' ? "n" : data, 1);
    }
    put("\"", 1);
}

static void ndjson_put(const struct order *order, enum broken broken)
{
    put_text("{\"order_id\":");
    put_int(order->id, 1);
    put_text(",\"ts\":\"");
    put_time(order->second);
    put_text("\",\"customer_id\":");
    put_int(order->customer, 1);
    put_text(",\"product\":\"");
    put_product(order->product);
    put_text("\",\"category\":\"");
    put_text(PICK(things, (unsigned)order->product).category);
    put_text("\",\"country\":\"");
    put_text(order->country);
    put_text("\",\"quantity\":");
    if (broken == BAD_NUMBER)
        put_text("\"two\"");
    else
        put_int(order->quantity, 1);
    put_text(",\"unit_price\":");
    put_hundredths(order->cents);
    put_text(",\"discount\":");
    if (order->discount >= 0)
        put_hundredths(order->discount);
    else
        put_text("null");
    put_text(",\"email\":\"");
    put_email(order);
    put_text("\",\"note\":");
    if (broken == BAD_UTF8)
        put("\"caf\xe9\"", 6);
    else if (broken == BAD_QUOTE)
        put_text("\"late\"again\"");
    else
        json_put_text(order->note);
    put_text(broken == BAD_CELLS ? "\n" : "}\n");
}

/* broken of rows are spread evenly, their kinds in turn. */
static enum broken broken_kind(const struct options *options, int64_t i)
{
    if (i * options->broken / options->rows == (i + 1) * options->broken / options->rows)
        return WHOLE;
    return (enum broken)(1 + i * options->broken / options->rows % (BROKEN_KINDS - 1));
}

static bool flush(void)
{
    bool whole = fwrite(text, 1, text_size, stdout) == text_size;
    text_size = 0;
    return whole;
}

static int generate(const struct options *options)
{
    int64_t broken[BROKEN_KINDS] = {0};
    int64_t matching = 0;
    int64_t quoted = 0;

    if (!options->ndjson)
        put_text("order_id,ts,customer_id,product,category,country,quantity,unit_price,discount,"
                 "email,note\n");
    for (int64_t i = 0; i < options->rows; i++) {
        struct order order = order_make(options->seed, options->start + i);
        enum broken kind = broken_kind(options, i);
        broken[kind]++;
        if (kind == WHOLE) {
            bool near = strcmp(order.country, "DE") == 0 || strcmp(order.country, "FR") == 0;
            matching += near && order.quantity * order.cents > 10000;
            quoted += order.quoted;
        }
        if (options->ndjson)
            ndjson_put(&order, kind);
        else
            csv_put(&order, kind);
        if (text_size >= BUFFER && !flush())
            return 1;
    }
    if (!flush() || fflush(stdout) != 0)
        return 1;
    /* matching: quantity * unit_price > 100 AND country IN ('DE', 'FR') */
    fprintf(stderr,
            "{\"rows\": %" PRId64 ", \"good\": %" PRId64 ", \"broken\": %" PRId64
            ", \"bad_cells\": %" PRId64 ", \"bad_number\": %" PRId64 ", \"bad_utf8\": %" PRId64
            ", \"bad_quote\": %" PRId64 ", \"quoted\": %" PRId64 ", \"matching\": %" PRId64 "}\n",
            options->rows, broken[WHOLE], options->rows - broken[WHOLE], broken[BAD_CELLS],
            broken[BAD_NUMBER], broken[BAD_UTF8], broken[BAD_QUOTE], quoted, matching);
    return 0;
}

static int usage(void)
{
    fprintf(
        stderr,
        "usage: gen_orders [--rows N] [--start N] [--seed N] [--broken K] [--format csv|ndjson]\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct options options = {.rows = 1000, .seed = 1};

    for (int i = 1; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--rows") == 0)
            options.rows = strtoll(value, NULL, 10);
        else if (strcmp(argv[i], "--start") == 0)
            options.start = strtoll(value, NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--broken") == 0)
            options.broken = strtoll(value, NULL, 10);
        else if (strcmp(argv[i], "--format") == 0 &&
                 (!strcmp(value, "csv") || !strcmp(value, "ndjson")))
            options.ndjson = strcmp(value, "ndjson") == 0;
        else
            return usage();
    }
    if (argc % 2 == 0 || options.rows < 1 || options.broken < 0 || options.broken > options.rows)
        return usage();
    zipf_init();
    return generate(&options);
}
