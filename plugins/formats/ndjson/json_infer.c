/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a sample of JSON documents. */
#include "infer.h"
#include "json_frame.h"
#include "scan.h"

static int32_t run_infer(struct ndjson_infer *in, const uint8_t *p, const uint8_t *end)
{
    int32_t status = QETL_OK;
    while (p < end && !status) {
        while (p < end && (ndjson_is_blank(*p) || *p == ','))
            p++;
        struct ndjson_scan scan = {0};
        const uint8_t *behind = p < end ? ndjson_scan_value(&scan, p, end, true) : end;
        behind = behind ? behind : end;
        status = ndjson_infer_record(in, p, behind);
        p = behind;
    }
    return status;
}

int32_t json_infer_sample(struct ndjson_infer *in, const struct json_path *path,
                          const uint8_t *data, int64_t size, bool whole)
{
    struct json_framer framer = {.path = path, .quiet = true};
    int64_t at = 0;
    int32_t status = QETL_OK;
    uint32_t flags = QETL_ITEM_OBJECT_START | (whole ? QETL_ITEM_OBJECT_END : 0);
    in->reader.across = true;
    while (!status && at < size) {
        struct qetl_frame frame = {.struct_size = sizeof frame,
                                   .flags = flags,
                                   .data = data + at,
                                   .size = size - at,
                                   .max_record = INT64_MAX};
        status = json_frame(&framer, in->env, &frame);
        if (!frame.used)
            break;
        if (!status)
            status = run_infer(in, frame.data + frame.begin, frame.data + frame.used);
        at += frame.used;
        flags &= ~(uint32_t)QETL_ITEM_OBJECT_START;
    }
    return status;
}
