/* SPDX-License-Identifier: Apache-2.0 */
#include "index_open.h"

#include "index_seen.h"

#include "disk/refuse.h"
#include "package/package_limits.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLOCK_SECONDS = 3600, /* clocks differ */
    WHOLE_MS = 300000     /* an index has arrived by then */
};

static int refuse_key(enum package_verdict verdict, const struct key_file *key,
                      const struct package_signature *signature, const char *place,
                      struct qetl_findings *findings)
{
    char text[QETL_KEY_TEXT];
    qetl_key_text(signature->key.bytes, text);
    if (verdict == QETL_KEY_EXPIRED)
        qetl_finding_mend(qetl_refuse(findings, place, NULL, "key_expired",
                                      "the key `%s` that signed the index was trusted until "
                                      "%s",
                                      key->name, key->expires),
                          "trust it for longer, or another one: qetl key add KEY.qkey --indexes");
    else if (verdict == QETL_KEY_OUT_OF_SCOPE)
        qetl_finding_mend(qetl_refuse(findings, place, NULL, "key_out_of_scope",
                                      "the key `%s` that signed the index is trusted with "
                                      "packages, and not with indexes",
                                      key->name),
                          "if it should be: qetl key add KEY.qkey --indexes --plugins PATTERN "
                          "--replace; a key that signs packages, too, needs another --name in "
                          "place of --replace");
    else
        qetl_finding_mend(qetl_refuse(findings, place, NULL, "untrusted_key",
                                      "the index is signed by a key that is not trusted "
                                      "here (%s)",
                                      text),
                          "if that is the key of whoever runs it: qetl key add KEY.qkey --indexes "
                          "--plugins PATTERN");
    return -1;
}

static int check_times(const struct package_index *index, const char *place, time_t now,
                       struct qetl_findings *findings)
{
    if (qetl_index_time_read(index->expires) < now) {
        qetl_finding_mend(qetl_refuse(findings, place, NULL, "index_expired",
                                      "release %llu of the index `%s` was good until %s: "
                                      "nobody renewed it, or somebody would have you miss "
                                      "what is new",
                                      (unsigned long long)index->version, index->name,
                                      index->expires),
                          "whoever runs it has to make it anew: qetl plugin index");
        return -1;
    }
    if (qetl_index_time_read(index->issued) <= now + CLOCK_SECONDS)
        return 0;
    qetl_finding_mend(qetl_refuse(findings, place, NULL, "index_clock",
                                  "the index `%s` was issued at %s, which is yet to come",
                                  index->name, index->issued),
                      "set the clock of this machine, or of the one where it is made");
    return -1;
}

/* What no file of the key lets it name goes behind the rest; aloud. */
static int scope_keep(struct package_index *index, const struct package_trust *trust,
                      const struct key_file *key, const char *place, time_t now,
                      struct qetl_findings *findings)
{
    const struct key_file *decided;
    struct index_package *beyond = calloc(index->n_packages + 1, sizeof *beyond);
    size_t kept = 0;
    if (!beyond) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    for (size_t i = 0; i < index->n_packages; i++)
        if (qetl_trust_judge_index(trust, &index->signature, index->packages[i].is.name, now,
                                   &decided) == QETL_TRUSTED)
            index->packages[kept++] = index->packages[i];
        else
            beyond[index->n_beyond++] = index->packages[i];
    if (index->n_beyond)
        memcpy(&index->packages[kept], beyond, index->n_beyond * sizeof *beyond);
    free(beyond);
    index->n_packages = kept;
    index->key = key;
    if (!index->n_beyond)
        return 0;
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_WARNING, "index_scope",
        "%zu package%s of the index `%s` %s passed over, such as %s: its key `%s` is not trusted "
        "with them",
        index->n_beyond, index->n_beyond == 1 ? "" : "s", index->name,
        index->n_beyond == 1 ? "is" : "are", index->packages[kept].is.name, key->name);
    qetl_finding_at(finding, place, 0, 0, NULL);
    qetl_finding_mend(finding, "if it should be, add them to what it may name (%s)", key->path);
    return 0;
}

static int judge(struct package_index *index, const char *place, const struct package_trust *trust,
                 const char *depot, bool keep, struct qetl_findings *findings)
{
    const struct key_file *key;
    time_t now = time(NULL);
    enum package_verdict verdict =
        qetl_trust_judge_index(trust, &index->signature, NULL, now, &key);
    if (verdict != QETL_TRUSTED)
        return refuse_key(verdict, key, &index->signature, place, findings);
    if (check_times(index, place, now, findings) ||
        qetl_index_seen(depot, place, index, keep, findings))
        return -1;
    return scope_keep(index, trust, key, place, now, findings);
}

struct package_index *qetl_index_open(const char *place, const struct package_trust *trust,
                                      const char *depot, bool keep, struct qetl_findings *findings)
{
    struct qetl_download wanted = {.most = QETL_INDEX_BYTES_MAX, .whole_ms = WHOLE_MS};
    struct package_index *index = NULL;
    char *called;
    size_t size;
    unsigned char *bytes =
        qetl_index_place_read(place, QETL_INDEX_FILE, &wanted, &size, &called, findings);
    if (bytes)
        index = qetl_index_read((const char *)bytes, size, called, findings);
    if (index && judge(index, place, trust, depot, keep, findings)) {
        qetl_index_free(index);
        index = NULL;
    }
    free(bytes);
    free(called);
    return index;
}
