/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { FRAMES = 48 };

void conform_place_ready(void)
{
    void *frames[2];
    backtrace(frames, 2); /* what it loads for itself it loads now */
}

/* ---- in the handler ---- */

/* Neither this program nor the C library, which do what they are told. */
static bool is_plugin(const void *address, Dl_info *info)
{
    Dl_info own, library;
    if (!address || !dladdr(address, info) || !info->dli_fname ||
        !dladdr((const void *)(uintptr_t)conform_place_find, &own) ||
        !dladdr((const void *)(uintptr_t)abort, &library))
        return false;
    return info->dli_fbase != own.dli_fbase && info->dli_fbase != library.dli_fbase;
}

static bool place_take(const void *address, bool returns, struct conform_crash *crash)
{
    Dl_info info;
    if (!is_plugin(address, &info) || strstr(info.dli_fname, "linux-vdso") ||
        strstr(info.dli_fname, "/ld-") || strstr(info.dli_fname, "/libgcc_s") ||
        strstr(info.dli_fname, "/libstdc++"))
        return false;
    snprintf(crash->path, sizeof crash->path, "%s", info.dli_fname);
    crash->at = (uint64_t)((uintptr_t)address - (uintptr_t)info.dli_fbase) - returns;
    return true;
}

void conform_place_find(const void *context, struct conform_crash *crash)
{
    const ucontext_t *c = context;
    void *frames[FRAMES];
#ifdef __aarch64__
    const void *at = (const void *)c->uc_mcontext.pc,
               *caller = (const void *)c->uc_mcontext.regs[30];
#else
    const void *at = (const void *)c->uc_mcontext.gregs[REG_RIP], *caller = NULL;
    Dl_info info;
    if (!dladdr(at, &info)) /* it jumped to where nothing is: the caller lies on the stack */
        memcpy(&caller, (const void *)c->uc_mcontext.gregs[REG_RSP], sizeof caller);
#endif
    if (place_take(at, false, crash) || place_take(caller, true, crash))
        return;
    int n = backtrace(frames, FRAMES);
    for (int i = 0; i < n; i++)
        if (place_take(frames[i], true, crash))
            return;
}

/* ---- in the parent ---- */

/* Two lines of addr2line, where there is one: the function, and FILE:LINE. */
static void lines_ask(const struct conform_crash *crash, char *out, size_t size)
{
    char at[32];
    int ends[2];
    snprintf(at, sizeof at, "0x%llx", (unsigned long long)crash->at);
    *out = 0;
    if (pipe2(ends, O_CLOEXEC))
        return;
    pid_t pid = fork();
    if (!pid) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        execlp("addr2line", "addr2line", "-Cfse", crash->path, at, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t had = 0;
    for (ssize_t n = 1; pid > 0 && n > 0 && had<size - 1; had += n> 0 ? (size_t)n : 0)
        n = read(ends[0], out + had, size - 1 - had);
    out[had] = 0;
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

void conform_place_print(const struct conform_crash *crash, char out[CONFORM_PLACE])
{
    char lines[256];
    const char *slash = strrchr(crash->path, '/');
    *out = 0;
    if (!crash->path[0])
        return;
    lines_ask(crash, lines, sizeof lines);
    char *line = strchr(lines, '\n');
    if (line)
        *line++ = 0;
    if (line)
        line[strcspn(line, " \n")] = 0;
    char *unknown = line ? strstr(line, ":?") : NULL; /* which line of the file */
    bool named = line && lines[0] != '?', placed = line && line[0] != '?';
    if (unknown)
        *unknown = 0;
    snprintf(out, CONFORM_PLACE, " at %.60s+0x%llx%s%.50s%s%.50s%s%s",
             slash ? slash + 1 : crash->path, (unsigned long long)crash->at,
             named || placed ? " (" : "", named ? lines : "", named && placed ? ", " : "",
             placed ? line : "", named || placed ? ")" : "",
             placed && !unknown ? "" : "; with -g, or SANITIZE=1, it can tell the line");
}
