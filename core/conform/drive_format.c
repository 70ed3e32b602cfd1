/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"

#include <stdlib.h>

int32_t conform_format_describe(struct conform_formatting *f)
{
    struct conform_record *record = f->b->trial->record;
    struct qetl_format_info *info = conform_struct_new(f->b, sizeof *info);
    int32_t status =
        conform_call(f->b, &conform_describe_format, (struct conform_args){.out = info});
    uint32_t kind = info->encode & (QETL_ENCODE_CONCATENABLE | QETL_ENCODE_CLOSED);
    if (!status && (info->encode > 7 || info->decode > 15 || kind == 3 ||
                    (f->b->trial->promised->writes && !kind)))
        conform_break(record, CONFORM_DESCRIBE_RULE, "describe answered encode %u and decode %u",
                      info->encode, info->decode);
    else if (!status)
        conform_hold(record, CONFORM_DESCRIBE_RULE);
    f->encode = info->encode;
    f->decode = info->decode;
    conform_struct_free(f->b, info);
    return status;
}

int32_t conform_format_renew(struct conform_formatting *f)
{
    conform_bench_stop(f->b);
    conform_bench_destroy(f->b);
    int32_t status = conform_bench_create(f->b);
    return status ? status : conform_bench_start(f->b);
}

void conform_format_clear(struct conform_formatting *f)
{
    qetl_schema_release(&f->schema);
    qetl_schema_release(&f->wanted);
    conform_text_free(&f->prologue);
    conform_text_free(&f->note);
    conform_text_free(&f->bytes);
    conform_saved_free(&f->saved);
    free(f->pieces);
}

static int32_t read_back(struct conform_formatting *f)
{
    struct conform_bench *b = f->b;
    int32_t status = conform_format_infer(f, (int64_t)f->bytes.size, true);
    if (status > 0)
        return QETL_E_DATA; /* as it is, nobody can read it */
    status = status ? status : conform_format_open(f);
    status = status ? status : conform_format_frame(f);
    for (size_t i = 0; !status && i < f->n_pieces; i++) {
        if (!i || conform_due(b)) { /* who decodes is not who framed */
            status = conform_format_renew(f);
            status = status ? status : conform_format_open(f);
        }
        status = status ? status : conform_format_decode(f, &f->pieces[i]);
    }
    return status;
}

int32_t conform_drive_format(struct conform_bench *b)
{
    struct conform_formatting f = {.b = b};
    const struct conform_check *check = b->trial->check;
    bool encodes =
        b->trial->promised->writes && b->trial->component->format->encode && !check->reads_only;
    bool decodes = b->trial->promised->reads && b->trial->component->format->decode;
    int32_t status = conform_bench_start(b);
    status = status ? status : conform_format_describe(&f);
    if (!status && encodes)
        status = conform_format_encode(&f);
    b->encode_rejects = b->rejects.size;
    if (!status && check->bytes) {
        f.bytes.size = 0;
        conform_text_put(&f.bytes, check->bytes, check->bytes_size);
    }
    if (!status && !decodes)
        conform_text_put(&b->outs[0], f.bytes.data, f.bytes.size);
    if (!status && decodes && f.bytes.size) {
        size_t rejects = b->rejects.size;
        /* Some options concern reading alone, and other columns than the check's are not its own.
         */
        bool own = encodes && !check->bytes && !b->knobs.options && !b->trial->record->trying[0];
        status = encodes ? conform_format_renew(&f) : QETL_OK;
        status = status ? status : read_back(&f);
        if (!status && own && b->rejects.size > rejects)
            conform_break(b->trial->record, CONFORM_ROUND_TRIP_RULE,
                          "decode rejects what encode wrote: %.60s", b->rejects.data + rejects);
    }
    conform_format_clear(&f);
    return status;
}
