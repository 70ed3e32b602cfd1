/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `file`: compression, devices, pipes and refusals. */
#include "rig_file_sink.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(file_sink_output, .init = scratch, .fini = scratch_end, .timeout = 120);

/* ---- Compression ---- */

static const char *const packers[][3] = {{"gz", "gzip", "gzip -dc"},
                                         {"zst", "zstd", "zstd -qdc"},
                                         {"xz", "xz", "xz -dc"},
                                         {"bz2", "bzip2", "bzip2 -dc"},
                                         {"lz4", "lz4", "lz4 -qdc"}};

static void expect_unpacked(int packer, const char *name, const char *text)
{
    char command[256];
    snprintf(command, sizeof command, "%s < %s > unpacked", packers[packer][2], name);
    shell(command);
    expect_text("unpacked", text);
}

/* One run that writes the text, in two calls. */
static void run(const char *config, const char *text)
{
    struct sink_rig rig;
    char *first = strndup(text, strlen(text) / 2);
    cr_assert_eq(sink_begin(&rig, config), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    cr_assert_eq(sink_put(&rig, first, 1), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    cr_assert_eq(sink_put(&rig, text + strlen(first), 1), QETL_OK, "%s",
                 qetl_fake_host_message(&rig.fake));
    cr_assert_eq(sink_prepare(&rig, 1), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    cr_expect_eq(rig.fake.outputs[0].rows, 2);
    free(first);
    sink_free(&rig);
}

Test(file_sink_output, every_compression_is_read_by_its_own_program)
{
    int64_t size;
    lines_put("plain", 20000);
    char *text = (char *)file_get("plain", &size);
    text[size] = 0;
    for (int i = 0; i < 5; i++) {
        char config[128], name[64];
        struct stat st;
        snprintf(name, sizeof name, "out.%s", packers[i][0]);
        snprintf(config, sizeof config, "{\"path\":\"%s\"}", name);
        run(config, text);
        expect_unpacked(i, name, text);
        cr_assert_eq(stat(name, &st), 0);
        cr_expect_lt(st.st_size, size / 2, "%s: %lld bytes", name, (long long)st.st_size);
        snprintf(config, sizeof config, "{\"path\":\"%s\",\"if_exists\":\"append\"}", name);
        run(config, "one more\n");
        char *more;
        cr_assert_gt(asprintf(&more, "%sone more\n", text), 0);
        expect_unpacked(i, name, more);
        free(more);
        snprintf(config, sizeof config, "{\"path\":\"odd%d\",\"compression\":\"%s\"}", i,
                 packers[i][1]);
        snprintf(name, sizeof name, "odd%d", i);
        run(config, "ab");
        expect_unpacked(i, name, "ab");
    }
    free(text);
}

Test(file_sink_output, an_empty_compressed_file_is_a_valid_one)
{
    for (int i = 0; i < 5; i++) {
        struct sink_rig rig;
        char config[128], name[64];
        snprintf(name, sizeof name, "out.%s", packers[i][0]);
        snprintf(config, sizeof config, "{\"path\":\"%s\"}", name);
        cr_assert_eq(sink_begin(&rig, config), QETL_OK);
        cr_expect_eq(sink_put(&rig, "", 0), QETL_OK);
        cr_assert_eq(sink_prepare(&rig, 1), QETL_OK);
        cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK);
        sink_free(&rig);
        expect_unpacked(i, name, "");
    }
}

Test(file_sink_output, the_same_rows_make_the_same_file)
{
    run("{\"path\":\"a.gz\"}", "1\n2\n");
    sleep(1);
    run("{\"path\":\"b.gz\"}", "1\n2\n");
    shell("cmp a.gz b.gz");
}

Test(file_sink_output, compression_can_be_forced_off)
{
    run("{\"path\":\"a.gz\",\"compression\":\"none\"}", "1\n2\n");
    expect_text("a.gz", "1\n2\n");
    run("{\"path\":\"a.zip\",\"compression\":\"none\"}", "1\n2\n");
    struct sink_rig rig;
    cr_expect_eq(sink_make(&rig, "{\"path\":\"out.zip\"}"), QETL_E_CONFIG);
    expect_message(&rig, "out.zip: archives (.zip) are not written");
    sink_free(&rig);
}

Test(file_sink_output, appending_keeps_to_the_compression_that_is_there)
{
    struct sink_rig rig;
    text_put("a.gz", "this is text\n");
    cr_expect_eq(sink_begin(&rig, "{\"path\":\"a.gz\",\"if_exists\":\"append\"}"), QETL_E_CONFIG);
    expect_message(&rig,
                   "a.gz: its content has no compression, and what is to be appended has gzip");
    sink_free(&rig);
    shell("echo 1 | zstd -qc > b");
    cr_expect_eq(sink_begin(&rig, "{\"path\":\"b\",\"if_exists\":\"append\"}"), QETL_E_CONFIG);
    sink_free(&rig);
    text_put("c", "BZh,is,text\n");
    run("{\"path\":\"c\",\"if_exists\":\"append\"}", "1\n2\n");
    expect_text("c", "BZh,is,text\n1\n2\n");
}

/* ---- Devices and pipes ---- */

Test(file_sink_output, devices_take_bytes_in_place)
{
    run("{\"path\":\"/dev/null\"}", "1\n2\n");
    struct sink_rig rig;
    struct qetl_sink_info info = {.struct_size = sizeof info};
    cr_assert_eq(sink_begin(&rig, "{\"path\":\"/dev/full\"}"), QETL_OK);
    cr_assert_eq(rig.component->sink->describe(rig.self, &info), QETL_OK);
    cr_expect_eq(info.delivery, QETL_APPEND);
    cr_expect_eq(sink_put(&rig, "1\n", 1), QETL_E_ENVIRONMENT);
    expect_message(&rig, "/dev/full: writing failed after 0 bytes: No space left on device");
    cr_expect_eq(sink_put(&rig, "", 0), QETL_E_ENVIRONMENT, "also what would write nothing");
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "ENOSPC");
    cr_expect(strstr(rig.fake.errors[0].suggestion, "make room"));
    cr_expect_eq(sink_put(&rig, "1\n", 1), QETL_E_ENVIRONMENT, "a failure stays");
    cr_expect_eq(sink_prepare(&rig, 1), QETL_E_ENVIRONMENT);
    sink_free(&rig);
    cr_assert_eq(sink_begin(&rig, "{\"path\":\"/dev/full\",\"compression\":\"gzip\"}"), QETL_OK);
    cr_expect_eq(sink_put(&rig, "1\n", 1), QETL_OK);
    cr_expect_eq(sink_prepare(&rig, 1), QETL_E_ENVIRONMENT);
    expect_message(&rig, "No space left on device");
    cr_expect_eq(rig.fake.n_errors, 1);
    sink_free(&rig);
}

Test(file_sink_output, a_device_that_fills_up_within_compressed_data)
{
    static const char *const words[] = {"gzip", "zstd", "xz", "bzip2", "lz4"};
    int64_t size;
    shell("head -c 12000000 /dev/urandom | base64 > plain");
    char *text = (char *)file_get("plain", &size);
    text[size] = 0;
    for (int i = 0; i < 5; i++) {
        struct sink_rig rig;
        char config[128];
        snprintf(config, sizeof config, "{\"path\":\"/dev/full\",\"compression\":\"%s\"}",
                 words[i]);
        cr_assert_eq(sink_begin(&rig, config), QETL_OK);
        cr_expect_eq(sink_put(&rig, text, 1), QETL_E_ENVIRONMENT, "%s", words[i]);
        expect_message(&rig, "No space left on device");
        cr_expect_eq(rig.fake.n_errors, 1);
        sink_free(&rig);
    }
    free(text);
}

/* Reads slowly, in small pieces, so that writes come out short. */
Test(file_sink_output, a_pipe_gets_every_byte)
{
    int64_t size;
    lines_put("plain", 30000);
    char *text = (char *)file_get("plain", &size);
    text[size] = 0;
    mkfifo("fifo", 0666);
    pid_t reader = fork();
    if (reader == 0) {
        execl("/bin/sh", "sh", "-c", "sleep 0.1; dd bs=777 of=copy status=none < fifo",
              (char *)NULL);
        _exit(127);
    }
    run("{\"path\":\"fifo\"}", text);
    expect_done(reader, "the reader");
    shell("cmp plain copy");
    free(text);
}

/* The reader is there first; `held` keeps it from seeing an end between two writers. */
static pid_t reader_start(const char *name, int *held)
{
    int from = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    *held = open(name, O_WRONLY | O_CLOEXEC);
    cr_assert(from >= 0 && *held >= 0, "%s", name);
    cr_assert_eq(fcntl(from, F_SETFL, 0), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(from, 0);
        execlp("dd", "dd", "bs=777", "of=copy", "status=none", (char *)NULL);
        _exit(127);
    }
    close(from);
    return pid;
}

/* Two writers fill one pipe: what poll(2) promised to one, the other may have taken. */
Test(file_sink_output, a_pipe_that_others_fill_too)
{
    int64_t size;
    int held;
    struct stat st;
    lines_put("plain", 30000);
    char *text = (char *)file_get("plain", &size);
    text[size] = 0;
    mkfifo("fifo", 0666);
    pid_t reader = reader_start("fifo", &held);
    pid_t other = fork();
    if (other == 0) {
        close(held);
        run("{\"path\":\"fifo\"}", text);
        _exit(0);
    }
    run("{\"path\":\"fifo\"}", text);
    expect_done(other, "the other writer");
    close(held);
    expect_done(reader, "the reader");
    cr_assert_eq(stat("copy", &st), 0);
    cr_expect_eq(st.st_size, 2 * size);
    free(text);
}

Test(file_sink_output, an_inherited_descriptor_is_written_as_it_stands)
{
    char config[64];
    int fd = open("target", O_WRONLY | O_CREAT, 0666);
    cr_assert_eq(write(fd, "before\n", 7), 7);
    snprintf(config, sizeof config, "{\"path\":\"/dev/fd/%d\"}", fd);
    run(config, "1\n2\n");
    close(fd);
    expect_text("target", "before\n1\n2\n");
    expect_names("target");
    struct sink_rig rig;
    cr_expect_eq(sink_begin(&rig, "{\"path\":\"/dev/fd/999\"}"), QETL_E_ENVIRONMENT);
    expect_message(&rig, "/dev/fd/999: is not open");
    sink_free(&rig);
}

Test(file_sink_output, a_reader_that_goes_away_is_told_apart)
{
    struct sink_rig rig;
    signal(SIGPIPE, SIG_IGN);
    mkfifo("fifo", 0666);
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    cr_assert_eq(sink_begin(&rig, "{\"path\":\"fifo\"}"), QETL_OK);
    cr_expect_eq(sink_put(&rig, "1\n", 1), QETL_OK);
    close(reader);
    cr_expect_eq(sink_put(&rig, "2\n", 1), QETL_E_CLOSED);
    sink_free(&rig);
}

static void *interrupt_soon(void *arg)
{
    struct sink_rig *rig = arg;
    usleep(100000);
    rig->component->interrupt(rig->self);
    return NULL;
}

Test(file_sink_output, interrupt_ends_the_wait_for_a_reader)
{
    struct sink_rig rig;
    pthread_t thread;
    mkfifo("fifo", 0666);
    cr_assert_eq(sink_make(&rig, "{\"path\":\"fifo\"}"), QETL_OK);
    cr_assert_eq(rig.component->start(rig.self), QETL_OK);
    pthread_create(&thread, NULL, interrupt_soon, &rig);
    cr_expect_eq(rig.component->sink->open(rig.self, 0, NULL), QETL_E_CANCELLED);
    pthread_join(thread, NULL);
    sink_free(&rig);
}

Test(file_sink_output, interrupt_ends_the_wait_for_room)
{
    struct sink_rig rig;
    pthread_t thread;
    char *text = calloc(1, 1 << 20);
    memset(text, 'x', (1 << 20) - 1);
    mkfifo("fifo", 0666);
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    cr_assert_eq(sink_begin(&rig, "{\"path\":\"fifo\"}"), QETL_OK);
    pthread_create(&thread, NULL, interrupt_soon, &rig);
    cr_expect_eq(sink_put(&rig, text, 1), QETL_E_CANCELLED);
    pthread_join(thread, NULL);
    sink_free(&rig);
    close(reader);
    free(text);
}

Test(file_sink_output, an_abandoned_stream_gets_nothing_more)
{
    struct sink_rig rig;
    char bytes[64];
    mkfifo("fifo", 0666);
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    cr_assert_eq(sink_begin(&rig, "{\"path\":\"fifo\",\"compression\":\"gzip\"}"), QETL_OK);
    cr_expect_eq(sink_put(&rig, "1\n", 1), QETL_OK);
    sink_free(&rig);
    cr_expect_eq(read(reader, bytes, sizeof bytes), 0, "an end that looks whole");
    close(reader);
}

/* ---- Refusals ---- */

static void expect_refusal(const char *config, int32_t code, const char *message)
{
    struct sink_rig rig;
    cr_expect_eq(sink_begin(&rig, config), code, "%s", config);
    expect_message(&rig, message);
    sink_free(&rig);
}

Test(file_sink_output, what_cannot_be_written_is_said_before_data_moves)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    mkdir("folder", 0777);
    text_put("file", "");
    expect_refusal("{\"path\":\"folder\"}", QETL_E_CONFIG, "folder: is a folder");
    expect_refusal("{\"path\":\"folder/\",\"if_exists\":\"replace\"}", QETL_E_CONFIG,
                   "is a folder");
    expect_refusal("{\"path\":\"new/\"}", QETL_E_CONFIG, "\"new/\" names no file");
    expect_refusal("{\"path\":\"\"}", QETL_E_CONFIG, "names no file");
    expect_refusal("{\"path\":\"socket\"}", QETL_E_CONFIG, "socket: is a socket");
    expect_refusal("{\"path\":\"file/out\"}", QETL_E_ENVIRONMENT, "Not a directory");
    close(fd);
    expect_names("file folder socket");
}

Test(file_sink_output, folders_and_files_without_permission)
{
    if (geteuid() == 0) {
        chmod(".", 0777);
        cr_assert_eq(seteuid(65534), 0);
    }
    mkdir("folder", 0555);
    text_put("file", "old\n");
    chmod("file", 0444);
    expect_refusal("{\"path\":\"folder/out\"}", QETL_E_ENVIRONMENT,
                   "folder: no file can be made there: Permission denied");
    expect_refusal("{\"path\":\"folder/a/b/out\"}", QETL_E_ENVIRONMENT, "Permission denied");
    expect_refusal("{\"path\":\"file\",\"if_exists\":\"append\"}", QETL_E_ENVIRONMENT,
                   "file: cannot be written: Permission denied");
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
}

/* A limit on the size of files: the last write comes out short, the next one fails. */
Test(file_sink_output, a_full_disk_leaves_nothing)
{
    struct rlimit limit = {10, 10};
    struct sink_rig rig;
    signal(SIGXFSZ, SIG_IGN);
    text_put("old", "old\n");
    cr_assert_eq(sink_begin(&rig, "{\"path\":\"out\"}"), QETL_OK);
    setrlimit(RLIMIT_FSIZE, &limit);
    cr_expect_eq(sink_put(&rig, "12345678901234\n", 1), QETL_E_ENVIRONMENT);
    expect_message(&rig, "out: writing failed after 10 bytes: File too large");
    cr_expect_eq(sink_prepare(&rig, 1), QETL_E_ENVIRONMENT);
    sink_free(&rig);
    expect_names("old");
    cr_assert_eq(sink_begin(&rig, "{\"path\":\"old\",\"if_exists\":\"append\"}"), QETL_OK);
    cr_expect_eq(sink_put(&rig, "12345678901234\n", 1), QETL_E_ENVIRONMENT);
    sink_free(&rig);
    expect_text("old", "old\n");
}

Test(file_sink_output, long_names_fit)
{
    char config[400], name[256];
    memset(name, 'n', 255);
    name[255] = 0;
    snprintf(config, sizeof config, "{\"path\":\"%s\",\"if_exists\":\"replace\"}", name);
    run(config, "1\n");
    run(config, "2\n");
    expect_text(name, "2\n");
}
