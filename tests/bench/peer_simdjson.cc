/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simdjson on demand with a plain writer, one thread: NDJSON orders to CSV. Usage: peer_simdjson IN
 * OUT It knows the names of the columns, their order and their types: less than a general engine
 * may.
 */
#include <cstdio>
#include <simdjson.h>
#include <string>
#include <string_view>

using namespace simdjson;

static const char *const names[] = {"order_id", "ts",      "customer_id", "product",
                                    "category", "country", "quantity",    "unit_price",
                                    "discount", "email",   "note"};

static void append_text(std::string &out, std::string_view text)
{
    if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
        out.append(text);
        return;
    }
    out.push_back('"');
    for (char c : text) {
        if (c == '"')
            out.push_back('"');
        out.push_back(c);
    }
    out.push_back('"');
}

static void append_cell(std::string &out, ondemand::value value)
{
    switch (value.type()) {
    case ondemand::json_type::string:
        append_text(out, value.get_string());
        break;
    case ondemand::json_type::null:
        break;
    default: {
        std::string_view token = value.raw_json_token();
        while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ')
            token.remove_suffix(1);
        out.append(token);
    }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    padded_string json = padded_string::load(argv[1]);
    std::FILE *file = std::fopen(argv[2], "wb");
    if (!file)
        return 1;
    std::string out;
    for (const char *name : names) {
        out.append(name);
        out.push_back(name == names[10] ? '\n' : ',');
    }
    ondemand::parser parser;
    ondemand::document_stream documents = parser.iterate_many(json, 1 << 20);
    for (auto document : documents) {
        ondemand::object object = document.get_object();
        for (const char *name : names) {
            append_cell(out, object[name]);
            out.push_back(name == names[10] ? '\n' : ',');
        }
        if (out.size() >= 256 * 1024) {
            std::fwrite(out.data(), 1, out.size(), file);
            out.clear();
        }
    }
    std::fwrite(out.data(), 1, out.size(), file);
    return std::fclose(file) ? 1 : 0;
}
