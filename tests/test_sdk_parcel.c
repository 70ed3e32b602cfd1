/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels: what is put comes back, and what is no whole parcel of the version is known as such. */
#include <criterion/criterion.h>
#include <qetl/parcel.h>
#include <qetl/sdk.h>

static struct qetl_parcel parcel;

static struct qetl_blob sample(void)
{
    qetl_parcel_begin(&parcel, 3);
    qetl_parcel_put_int(&parcel, INT64_MIN);
    qetl_parcel_put_text(&parcel, "orders.csv");
    qetl_parcel_put_bytes(&parcel, "\0\1", 2);
    return qetl_parcel_blob(&parcel);
}

static int32_t sample_read(struct qetl_blob blob, uint8_t version, char *name, size_t size)
{
    struct qetl_parcel_in in;
    qetl_parcel_open(&in, blob, version);
    int64_t number = qetl_parcel_int(&in);
    qetl_parcel_text(&in, name, size);
    struct qetl_blob bytes = qetl_parcel_bytes(&in);
    int32_t status = qetl_parcel_close(&in);
    if (!status)
        cr_expect(number == INT64_MIN && bytes.size == 2 && !memcmp(bytes.data, "\0\1", 2));
    else
        cr_expect(name[strlen(name)] == 0);
    return status;
}

Test(sdk_parcel, what_is_put_comes_back)
{
    char name[16];
    struct qetl_blob blob = sample();
    cr_assert_eq(sample_read(blob, 3, name, sizeof name), QETL_OK);
    cr_expect_str_eq(name, "orders.csv");
    cr_expect_eq(((const uint8_t *)blob.data)[2], 0, "little-endian");
    cr_expect_eq(((const uint8_t *)blob.data)[9], 0x80);
}

Test(sdk_parcel, anything_else_is_none)
{
    char name[16];
    struct qetl_blob blob = sample();
    uint8_t bytes[128];
    cr_expect_eq(sample_read(blob, 4, name, sizeof name), QETL_E_UNSUPPORTED);
    cr_expect_eq(sample_read(blob, 3, name, 10), QETL_E_UNSUPPORTED, "no room for the NUL");
    cr_expect_eq(sample_read((struct qetl_blob){NULL, 0}, 3, name, sizeof name),
                 QETL_E_UNSUPPORTED);
    cr_assert(blob.size < sizeof bytes);
    for (size_t size = 0; size < blob.size; size++)
        cr_expect_eq(sample_read((struct qetl_blob){blob.data, size}, 3, name, sizeof name),
                     QETL_E_UNSUPPORTED, "%zu bytes", size);
    for (size_t i = 0; i < blob.size * 8; i++) {
        memcpy(bytes, blob.data, blob.size);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        cr_expect_eq(sample_read((struct qetl_blob){bytes, blob.size}, 3, name, sizeof name),
                     QETL_E_UNSUPPORTED, "bit %zu", i);
    }
}

Test(sdk_parcel, what_is_left_over_is_a_failure)
{
    struct qetl_parcel_in in;
    qetl_parcel_open(&in, sample(), 3);
    qetl_parcel_int(&in);
    cr_expect_eq(qetl_parcel_close(&in), QETL_E_UNSUPPORTED);
}

Test(sdk_parcel, what_does_not_fit_is_none)
{
    char large[QETL_PARCEL_MAX] = {0};
    qetl_parcel_begin(&parcel, 1);
    qetl_parcel_put_bytes(&parcel, large, sizeof large - 10);
    cr_expect_eq(qetl_parcel_blob(&parcel).size, (size_t)QETL_PARCEL_MAX);
    qetl_parcel_begin(&parcel, 1);
    qetl_parcel_put_bytes(&parcel, large, sizeof large - 9);
    cr_expect_eq(qetl_parcel_blob(&parcel).size, 0);
    qetl_parcel_put_int(&parcel, 1);
    cr_expect_eq(qetl_parcel_blob(&parcel).size, 0, "not even what follows");
}
