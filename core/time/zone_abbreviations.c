/* SPDX-License-Identifier: Apache-2.0 */
/* Abbreviations with one meaning in PostgreSQL's default set, whatever the date. */
#include "zone.h"

#include <string.h>

struct abbreviation {
    char name[7];
    int16_t minutes; /* east of UTC */
    bool dst;
};

/* Ascending. */
static const struct abbreviation table[] = {
    {"acdt", 630, true},  {"acst", 570, false}, {"adt", -180, true},   {"aedt", 660, true},
    {"aest", 600, false}, {"akdt", -480, true}, {"akst", -540, false}, {"ast", -240, false},
    {"awst", 480, false}, {"brst", -120, true}, {"brt", -180, false},  {"bst", 60, true},
    {"cdt", -300, true},  {"cest", 120, true},  {"cet", 60, false},    {"cst", -360, false},
    {"eat", 180, false},  {"edt", -240, true},  {"eest", 180, true},   {"eet", 120, false},
    {"est", -300, false}, {"gmt", 0, false},    {"hkt", 480, false},   {"hst", -600, false},
    {"idt", 180, true},   {"ist", 120, false},  {"jst", 540, false},   {"kst", 540, false},
    {"mdt", -360, true},  {"mest", 120, true},  {"mesz", 120, true},   {"met", 60, false},
    {"mez", 60, false},   {"mst", -420, false}, {"ndt", -150, true},   {"nst", -210, false},
    {"nzdt", 780, true},  {"nzst", 720, false}, {"pdt", -420, true},   {"pht", 480, false},
    {"pst", -480, false}, {"sast", 120, false}, {"uct", 0, false},     {"ut", 0, false},
    {"utc", 0, false},    {"wast", 420, false}, {"wat", 60, false},    {"wet", 0, false},
    {"z", 0, false},      {"zulu", 0, false},
};

bool qetl_expr_zone_abbreviation(struct expr_text name, int32_t *offset, bool *dst)
{
    char lower[sizeof table->name];
    size_t low = 0, high = sizeof table / sizeof table[0];

    if (name.size <= 0 || name.size >= (int64_t)sizeof lower)
        return false;
    memset(lower, 0, sizeof lower);
    for (int64_t i = 0; i < name.size; i++)
        lower[i] =
            name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] + 32) : name.data[i];
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(table[middle].name, lower);
        if (!order) {
            *offset = table[middle].minutes * 60;
            *dst = table[middle].dst;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
