/* SPDX-License-Identifier: Apache-2.0 */
#include "letter_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 64 * 1024, TAIL_BYTES = 64 * 1024 };

static const char numbered[] = "{\"id\":";

char *qetl_letter_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* ---- the newest number ---- */

static int64_t line_number(const char *text, size_t size, int64_t before)
{
    size_t prefix = sizeof numbered - 1;
    if (size <= prefix || memcmp(text, numbered, prefix) != 0)
        return before + 1; /* an earlier version's: it counts by its place */
    int64_t id = strtoll(text + prefix, NULL, 10);
    return id > before ? id : -1;
}

int qetl_letter_lines(FILE *in, int (*each)(void *arg, const struct qetl_letter_line *), void *arg)
{
    char *text = NULL;
    size_t room = 0;
    struct qetl_letter_line line = {0};
    int error = 0;
    ssize_t n;
    while (!error && (n = getline(&text, &room, in)) > 0) {
        line.text = text;
        line.size = (size_t)n;
        line.id = line_number(text, line.size, line.id);
        if (line.id < 0 || (*text != '{' && *text)) /* a hole is judged as any other */
            error = EBADMSG;
        else if (text[n - 1] != '\n')
            break; /* torn, or not written to its end yet */
        else
            error = each(arg, &line);
        line.offset += n;
    }
    free(text);
    return error ? error : ferror(in) ? EIO : 0;
}

struct newest {
    int64_t end, id; /* of the lines before `end` */
};

static int note_last(void *arg, const struct qetl_letter_line *line)
{
    struct newest *newest = arg;
    newest->id = line->offset < newest->end ? line->id : newest->id;
    return 0;
}

static FILE *reader(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *in = copy < 0 ? NULL : fdopen(copy, "r");
    if (in)
        rewind(in);
    else if (copy >= 0)
        close(copy);
    return in;
}

static int count_lines(int fd, int64_t end, int64_t *last)
{
    struct newest newest = {.end = end};
    FILE *in = reader(fd);
    if (!in)
        return errno;
    int error = qetl_letter_lines(in, note_last, &newest);
    fclose(in);
    *last = newest.id;
    return error;
}

static int read_range(int fd, char *to, int64_t from, int64_t size)
{
    while (size) {
        ssize_t n = pread(fd, to, (size_t)size, from);
        if (n <= 0)
            return n ? errno : EIO;
        to += n;
        from += n;
        size -= n;
    }
    return 0;
}

/* Where the last line begins: behind the newline that is the last before `end`. */
static int line_start(int fd, int64_t end, int64_t *start)
{
    char *window = malloc(TAIL_BYTES);
    int error = window ? 0 : ENOMEM;
    for (*start = end; !error && *start > 0;) {
        int64_t n = *start < TAIL_BYTES ? *start : TAIL_BYTES;
        error = read_range(fd, window, *start - n, n);
        const char *newline = error ? NULL : memrchr(window, '\n', (size_t)n);
        *start -= n;
        if (!newline)
            continue;
        *start += newline - window + 1;
        break;
    }
    free(window);
    return error;
}

/* The number in the last line; without one, lines are counted. */
static int tail_number(int fd, int64_t end, int64_t *last)
{
    char head[32] = "";
    int64_t start;
    *last = 0;
    if (!end)
        return 0;
    int error = line_start(fd, end - 1, &start);
    int64_t n = end - start < (int64_t)sizeof head - 1 ? end - start : (int64_t)sizeof head - 1;
    if (!error)
        error = read_range(fd, head, start, n);
    if (error)
        return error;
    if (*head != '{')
        return EBADMSG;
    if (strncmp(head, numbered, sizeof numbered - 1) != 0)
        return count_lines(fd, end, last);
    *last = strtoll(head + sizeof numbered - 1, NULL, 10);
    return *last > 0 ? 0 : EBADMSG;
}

/* No letter has a zero byte: they stand where a disk lost its power before what was written came
 * there. */
static int has_hole(int fd, int64_t from, int64_t end, bool *hole)
{
    char *window = malloc(TAIL_BYTES);
    int error = window ? 0 : ENOMEM;
    *hole = false;
    while (!error && !*hole && from < end) {
        int64_t n = end - from < TAIL_BYTES ? end - from : TAIL_BYTES;
        error = read_range(fd, window, from, n);
        *hole = !error && memchr(window, '\0', (size_t)n);
        from += n;
    }
    free(window);
    return error;
}

/* The end of the last whole line. What stands behind it was torn; what is no letter's beginning is
 * somebody else's. */
static int whole_end(int fd, int64_t size, int64_t *end)
{
    char head[sizeof numbered] = "";
    int error = line_start(fd, size, end);
    int64_t n = size - *end < (int64_t)sizeof head - 1 ? size - *end : (int64_t)sizeof head - 1;
    bool hole = false;
    if (!error && n)
        error = read_range(fd, head, *end, n);
    if (error || strncmp(head, numbered, (size_t)n) == 0)
        return error;
    error = has_hole(fd, *end, size, &hole);
    return error ? error : hole ? 0 : EBADMSG;
}

/* As far as the file is sound, and the number of its newest letter. */
static int sound_end(int fd, int64_t size, int64_t *end, int64_t *last)
{
    bool hole = true;
    int error = whole_end(fd, size, end);
    while (!error && hole && *end) {
        int64_t start;
        error = line_start(fd, *end - 1, &start);
        if (!error)
            error = has_hole(fd, start, *end, &hole);
        *end = hole ? start : *end;
    }
    return error ? error : tail_number(fd, *end, last);
}

/* What is not sound at its end goes. */
static int take_sound(struct qetl_letter_file *file, int64_t size)
{
    int64_t end;
    int error = sound_end(file->fd, size, &end, &file->last);
    if (!error && end < size && ftruncate(file->fd, end))
        error = errno;
    file->size = file->synced = end;
    return error;
}

int qetl_letter_file_peek(const char *path, int64_t *last)
{
    struct stat at;
    int64_t end = 0;
    *last = 0;
    if (stat(path, &at))
        return errno == ENOENT ? 0 : errno;
    if (!S_ISREG(at.st_mode))
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 ? errno : sound_end(fd, at.st_size, &end, last);
    if (fd >= 0)
        close(fd);
    return error;
}

/* ---- open and close ---- */

static char *thinner_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    char *thinner;
    return asprintf(&thinner, "%.*s.%s.new", (int)folder, path, path + folder) < 0 ? NULL : thinner;
}

/* Rejected rows are their owner's alone, also in a file that is there already. */
static int take_private(int fd, const struct stat *at)
{
    if ((at->st_mode & 077) == 0 || at->st_uid != geteuid())
        return 0;
    return fchmod(fd, at->st_mode & 0700) ? errno : 0;
}

static int check_content(struct qetl_letter_file *file, const struct stat *at)
{
    char *left = thinner_path(file->path);
    if (left)
        unlink(left); /* of who was killed while it thinned the file out */
    free(left);
    return take_sound(file, at->st_size);
}

/* One try: EAGAIN where the file was replaced meanwhile. */
static int open_once(struct qetl_letter_file *file)
{
    struct stat before, at, now;
    file->made = stat(file->path, &before) != 0;
    file->stream = !file->made && !S_ISREG(before.st_mode);
    int flags = file->stream ? O_WRONLY : O_RDWR | O_CREAT;
    file->fd = open(file->path, flags | O_APPEND | O_CLOEXEC, 0600);
    if (file->fd < 0 || fstat(file->fd, &at))
        return errno;
    if (file->stream)
        return 0;
    if (flock(file->fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? EWOULDBLOCK : errno;
    if (stat(file->path, &now) || now.st_ino != at.st_ino || now.st_dev != at.st_dev)
        return ESTALE;
    int error = take_private(file->fd, &at);
    return error ? error : check_content(file, &now);
}

int qetl_letter_file_open(struct qetl_letter_file *file, const char *path)
{
    *file =
        (struct qetl_letter_file){.fd = -1, .path = strdup(path), .buffer = malloc(BUFFER_BYTES)};
    int error = ENOMEM;
    for (int i = 0; file->path && file->buffer && i < 8; i++) {
        error = open_once(file);
        if (!error)
            return 0;
        if (file->fd >= 0)
            close(file->fd);
        file->fd = -1;
        if (error != ESTALE)
            break;
    }
    qetl_letter_file_close(file);
    return error;
}

void qetl_letter_file_close(struct qetl_letter_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file->buffer);
    *file = (struct qetl_letter_file){.fd = -1};
}

/* ---- writing ---- */

static int put_out(struct qetl_letter_file *file, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(file->fd, data, size);
        if (n < 0 && errno != EINTR)
            return errno;
        data += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int put(struct qetl_letter_file *file, const char *data, size_t size)
{
    int error = 0;
    file->size += (int64_t)size;
    if (file->used + size > BUFFER_BYTES) {
        error = put_out(file, file->buffer, file->used);
        file->used = 0;
    }
    if (!error && size > BUFFER_BYTES)
        return put_out(file, data, size);
    if (!error) {
        memcpy(file->buffer + file->used, data, size);
        file->used += size;
    }
    return error;
}

/* Of what was added since the last sync nothing is left. */
static int take_back(struct qetl_letter_file *file, int error)
{
    file->used = 0;
    if (!file->stream && !ftruncate(file->fd, file->synced))
        file->size = file->synced;
    return error;
}

int qetl_letter_file_add(struct qetl_letter_file *file, const char *line, size_t size)
{
    char head[40];
    int n = snprintf(head, sizeof head, "%s%lld,", numbered, (long long)++file->last);
    int error = put(file, head, (size_t)n);
    if (!error)
        error = put(file, line + 1, size - 1);
    return error ? take_back(file, error) : 0;
}

int qetl_letter_folder_sync(const char *path)
{
    char *folder = qetl_letter_folder(path);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = !folder ? ENOMEM : fd < 0 || fsync(fd) ? errno : 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return error == EINVAL ? 0 : error; /* some filesystems cannot */
}

/* Of the file, and of the folder that may have been made for it. */
static int names_sync(const char *path)
{
    char *folder = qetl_letter_folder(path);
    int error = folder ? qetl_letter_folder_sync(path) : ENOMEM;
    if (error) {
        free(folder);
        return error;
    }
    error = qetl_letter_folder_sync(folder);
    free(folder);
    return error == EACCES ? 0 : error; /* then it was not made by us */
}

int qetl_letter_file_sync(struct qetl_letter_file *file)
{
    int error = put_out(file, file->buffer, file->used);
    file->used = 0;
    if (!error && !file->stream && fsync(file->fd))
        error = errno;
    if (!error && file->made && !file->stream)
        error = names_sync(file->path);
    if (error)
        return take_back(file, error);
    file->made = false;
    file->synced = file->size;
    return 0;
}

/* ---- cutting back ---- */

struct thinning {
    enum qetl_letter_fate (*judge)(void *arg, const struct qetl_letter_line *);
    void *arg;
    int64_t first;    /* offset of the first that goes; -1: none */
    bool scattered;   /* others stay behind it */
    int64_t last;     /* number of the newest that stays */
    int64_t last_cut; /* and of the newest that goes */
    FILE *out;
};

/* The newest number that was ever given, whatever order the lines stand in. */
static int64_t newest(const struct qetl_letter_file *file, const struct thinning *t)
{
    int64_t seen = t->last > t->last_cut ? t->last : t->last_cut;
    return file->last > seen ? file->last : seen;
}

/* With its number: those before it may be gone. A damaged line stays one. */
static int copy_line(FILE *out, const struct qetl_letter_line *line)
{
    const char *rest = line->text;
    if (strncmp(rest, numbered, sizeof numbered - 1) != 0) {
        rest += *rest == '{' ? 1 + strspn(rest + 1, " \t") : 0;
        fprintf(out, "%s%lld%s", numbered, (long long)line->id, *rest == '}' ? "" : ",");
    }
    size_t size = line->size - (size_t)(rest - line->text);
    return fwrite(rest, 1, size, out) == size ? 0 : EIO;
}

static int look_through(void *arg, const struct qetl_letter_line *line)
{
    struct thinning *t = arg;
    enum qetl_letter_fate fate = t->judge(t->arg, line);
    if (fate == QETL_LETTER_FAILED)
        return ENOMEM;
    if (fate == QETL_LETTER_CUT) {
        t->first = t->first < 0 ? line->offset : t->first;
        t->last_cut = line->id;
        return 0;
    }
    t->scattered |= t->first >= 0;
    t->last = line->id;
    return t->out ? copy_line(t->out, line) : 0;
}

static int each_line(struct qetl_letter_file *file, struct thinning *t)
{
    FILE *in = reader(file->fd);
    if (!in)
        return errno;
    int error = qetl_letter_lines(in, look_through, t);
    fclose(in);
    return error;
}

/* The lines that stay, into a file that then takes this one's name, and its lock. */
static int replace(struct qetl_letter_file *file, struct thinning *t, bool keep_number)
{
    char *path = thinner_path(file->path);
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600) : -1;
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    t->out = copy < 0 ? NULL : fdopen(copy, "w");
    int error = path ? 0 : ENOMEM;
    if (!error && (!t->out || flock(fd, LOCK_EX | LOCK_NB)))
        error = errno;
    t->first = -1;
    if (!error)
        error = each_line(file, t);
    if (!error && keep_number && newest(file, t) > t->last)
        fprintf(t->out, "%s%lld,\"dropped\":true}\n", numbered, (long long)newest(file, t));
    if (t->out ? fclose(t->out) : (copy >= 0 && close(copy)))
        error = error ? error : errno;
    struct stat at;
    if (!error && (fsync(fd) || fstat(fd, &at) || rename(path, file->path)))
        error = errno;
    if (error && fd >= 0) {
        unlink(path);
        close(fd);
    }
    free(path);
    if (error)
        return error;
    close(file->fd);
    file->fd = fd;
    file->size = file->synced = at.st_size;
    return qetl_letter_folder_sync(file->path);
}

int qetl_letter_file_thin(struct qetl_letter_file *file,
                          enum qetl_letter_fate (*judge)(void *, const struct qetl_letter_line *),
                          void *arg, bool keep_number)
{
    struct thinning t = {.judge = judge, .arg = arg, .first = -1};
    int error = file->used ? EBUSY : each_line(file, &t);
    if (error || t.first < 0)
        return error;
    if (t.scattered || keep_number) {
        error = replace(file, &t, keep_number);
    } else {
        error = ftruncate(file->fd, t.first) || fsync(file->fd) ? errno : 0;
        file->size = file->synced = error ? file->size : t.first;
    }
    if (!error && keep_number)
        file->last = newest(file, &t);
    else if (!error) /* a damaged line may be the last now */
        error = take_sound(file, file->size);
    return error;
}
