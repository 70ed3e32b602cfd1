/* SPDX-License-Identifier: Apache-2.0 */
/* What a letter lacks that it would take to replay it. */
#include "box.h"

#include <string.h>

const char *qetl_letter_obstacle(const json_t *letter)
{
    static const char *const reasons[][2] = {
        {"private", "columns in it are never stored (dead_letters: private), so that it cannot be "
                    "replayed: load its row again from the source"},
        {"secret",
         "a secret in it is not stored, so that it cannot be replayed: load its row again "
         "from the source"},
        {"cut", "of its bytes only the first 64 KiB are kept, so that it cannot be replayed: load "
                "its row again from the source"},
        {"too_large", "its row is too large to be kept, so that it cannot be replayed: load it "
                      "again from the source"},
        {"no_row", "neither its bytes nor its row are known, so that it cannot be replayed"},
        {"no_format", "its source makes rows itself, without a format that could read these bytes: "
                      "correct it where it comes from, and let the source read it again"},
        {"head_lost", "what stands before the records of its object was not kept, so that it "
                      "cannot be replayed: load its row again from the source"},
        {"columns_added", "its source adds columns (of files' names, say), which are not kept, so "
                          "that it cannot be replayed: load its row again from the source"}};
    const char *why = json_string_value(json_object_get(letter, "not_replayable"));
    for (size_t i = 0; why && i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(why, reasons[i][0]) == 0)
            return reasons[i][1];
    return why ? "it lacks something, so that it cannot be replayed" : NULL;
}
