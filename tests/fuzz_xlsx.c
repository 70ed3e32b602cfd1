/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as a workbook. The first byte chooses: the bytes as they are, or as the sheet,
 * the shared strings, the styles or the list of sheets of a workbook that is otherwise whole. Held:
 * rows and rejected records are all records; batches are valid; what fails says why.
 */
#include "format_rig.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
qetl_plugin_entry_fn qetl_plugin_entry;

enum { ZIP_MAX = 1 << 20, PARTS = 6 };

static const struct {
    const char *name, *text;
} parts[PARTS] = {
    {"xl/worksheets/sheet1.xml",
     "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c "
     "t=\"s\"><v>1</v></c></row>"
     "<row r=\"2\"><c s=\"1\"><v>45000.5</v></c><c s=\"2\"><v>0.25</v></c></row>"
     "<row r=\"3\"><c><v>1e3</v></c><c t=\"str\"><v>x</v></c></row></sheetData></worksheet>"},
    {"xl/sharedStrings.xml", "<sst><si><t>a</t></si><si><r><t>b_x0041_</t></r></si></sst>"},
    {"xl/styles.xml",
     "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"[h]:mm\"/></numFmts>"
     "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/><xf numFmtId=\"170\"/></cellXfs>"
     "</styleSheet>"},
    {"xl/workbook.xml", "<workbook><sheets><sheet name=\"S\" r:id=\"r1\" "
                        "xmlns:r=\"r\"/></sheets></workbook>"},
    {"_rels/.rels", "<Relationships><Relationship Id=\"r\" Type=\"x/officeDocument\" "
                    "Target=\"xl/workbook.xml\"/></Relationships>"},
    {"xl/_rels/workbook.xml.rels",
     "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" "
     "Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" Type=\"x/sharedStrings\" "
     "Target=\"sharedStrings.xml\"/><Relationship Id=\"r3\" Type=\"x/styles\" "
     "Target=\"styles.xml\"/></Relationships>"}};

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static void member_add(struct archive *zip, const char *name, const void *data, size_t size)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(zip, entry);
    archive_write_data(zip, data, size);
    archive_entry_free(entry);
}

static size_t zip_make(uint8_t *out, int part, const uint8_t *data, size_t size)
{
    size_t used = 0;
    struct archive *zip = archive_write_new();
    archive_write_set_format_zip(zip);
    archive_write_zip_set_compression_store(zip);
    archive_write_open_memory(zip, out, ZIP_MAX, &used);
    for (int i = 0; i < PARTS; i++)
        if (i == part)
            member_add(zip, parts[i].name, data, size);
        else
            member_add(zip, parts[i].name, parts[i].text, strlen(parts[i].text));
    archive_write_close(zip);
    archive_write_free(zip);
    return used;
}

static void book_read(const uint8_t *data, size_t size, uint8_t choice)
{
    static const char *const errors[] = {"reject", "null", "text", "null"};
    struct format_rig rig;
    char options[400];
    snprintf(options, sizeof options,
             "{\"sheet\":1,\"range\":\"%s\",\"skip_rows\":0,\"header\":%s,\"blank_rows\":\"skip\","
             "\"errors\":\"%s\",\"types\":{},\"sample_rows\":%d,\"max_bytes\":1048576,"
             "\"max_ratio\":1,\"max_strings\":65536}",
             choice & 8 ? "B2:C9" : "", choice & 16 ? "true" : "false", errors[choice >> 5 & 3],
             choice & 128 ? 1 : 0);
    format_rig_open(&rig, qetl_plugin_entry, "xlsx", options);
    format_rig_run(&rig, data, size, QETL_FORM_VALUE, SIZE_MAX / 4);
    expect(rig.status <= 0, "all is read, or it fails");
    expect(!rig.status || rig.fake.n_errors, "what fails says why");
    expect(rig.status || rig.rows + rig.rejected == rig.records, "rows + rejected = records");
    format_rig_close(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t zip[ZIP_MAX];
    if (size < 1 || size > ZIP_MAX / 2)
        return 0;
    int part = data[0] & 7;
    if (part < PARTS)
        book_read(zip, zip_make(zip, part, data + 1, size - 1), data[0]);
    else
        book_read(data + 1, size - 1, data[0]);
    return 0;
}
