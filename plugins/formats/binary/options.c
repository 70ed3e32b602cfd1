/* SPDX-License-Identifier: Apache-2.0 */
/* The options: where the layout comes from, and what holds beside it. */
#include "binary.h"

#include "catalogue.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>

/* Of a struct string alone: a layout says these things itself. Defaults are always there. */
static const struct {
    const char *pointer, *silent;
} of_struct[] = {{"/text", "text"}, {"/trim", "nul"}, {"/encoding", "utf-8"}};

static int32_t options_check(struct binary *self)
{
    const char *wrong = qetl_option_count(self->env, "/names") >= 0 ? "/names" : NULL;

    for (size_t i = 0; i < sizeof of_struct / sizeof *of_struct; i++) {
        const char *text = qetl_option_text(self->env, of_struct[i].pointer);

        if (text && strcmp(text, of_struct[i].silent) != 0)
            wrong = of_struct[i].pointer;
    }
    if (qetl_option_int(self->env, "/header_bytes"))
        wrong = "/header_bytes";
    if (qetl_option_int(self->env, "/trailer_bytes"))
        wrong = "/trailer_bytes";
    return wrong ? qetl_fail(self->env, QETL_E_CONFIG, wrong,
                             "Say it in the layout, or give a struct string.",
                             "%s is for a struct string, and there is none", wrong + 1)
                 : QETL_OK;
}

int32_t binary_layout_given(struct binary *self, bool *given)
{
    const char *text = qetl_option_text(self->env, "/struct");
    const char *layout = qetl_option_text(self->env, "/layout");
    int32_t status;

    *given = text || layout;
    if (text && layout)
        return qetl_fail(self->env, QETL_E_CONFIG, "/layout", "Leave one of them out.",
                         "struct and layout both say what a record is made of");
    status = text ? QETL_OK : options_check(self);
    if (status || !*given)
        return status;
    status = text ? binary_struct_read(self->env, text, &self->layout)
                  : binary_catalogue_load(self->env, layout, &self->layout);
    self->loaded = !status;
    return status ? status : binary_layout_adjust(self);
}

static enum binary_trim trim_option(const char *word)
{
    static const char *const words[] = {"nul", "space", "both", "c", "none"};

    for (int i = 0; i < 5; i++)
        if (word && !strcmp(word, words[i]))
            return (enum binary_trim)i;
    return BINARY_TRIM_NUL;
}

static int32_t text_adjust(struct binary *self, const char *as, enum binary_trim trim,
                           const char *encoding, struct binary_field *f)
{
    if (as && !strcmp(as, "binary")) {
        f->kind = BINARY_BYTES;
        return QETL_OK;
    }
    if (!f->pascal)
        f->trim = trim;
    if (!encoding || !strcmp(encoding, "utf-8"))
        return QETL_OK;
    f->converter = binary_converter_new(encoding);
    return f->converter ? QETL_OK
           : errno == ENOMEM
               ? QETL_E_NO_MEMORY
               : qetl_fail(self->env, QETL_E_CONFIG, "/encoding", "`iconv -l` lists them.",
                           "iconv does not know the encoding %s", encoding);
}

int32_t binary_layout_adjust(struct binary *self)
{
    struct binary_record *record = self->layout.types;
    const char *encoding = qetl_option_text(self->env, "/encoding");
    const char *as = qetl_option_text(self->env, "/text");
    enum binary_trim trim = trim_option(qetl_option_text(self->env, "/trim"));
    int32_t status = QETL_OK;

    if (!qetl_option_text(self->env, "/struct"))
        return QETL_OK;
    self->layout.header = qetl_option_int(self->env, "/header_bytes");
    self->layout.trailer = qetl_option_int(self->env, "/trailer_bytes");
    for (int64_t i = 0; !status && i < record->n_fields; i++)
        if (record->fields[i].kind == BINARY_TEXT)
            status = text_adjust(self, as, trim, encoding, &record->fields[i]);
    return status;
}
