/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t environment_sum(void)
{
    uint64_t sum = 1469598103934665603u;
    for (char **at = environ; at && *at; at++)
        for (const char *c = *at; *c; c++)
            sum = (sum ^ (uint8_t)*c) * 1099511628211u;
    return sum;
}

void conform_process_look(struct conform_process *p)
{
    memset(p, 0, sizeof *p);
    for (int s = 1; s < CONFORM_SIGNALS; s++)
        sigaction(s, NULL, &p->actions[s]);
    pthread_sigmask(SIG_BLOCK, NULL, &p->blocked);
    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        getrlimit(i, &p->limits[i]);
    snprintf(p->locale, sizeof p->locale, "%s", setlocale(LC_ALL, NULL));
    if (!getcwd(p->folder, sizeof p->folder))
        p->folder[0] = 0;
    p->mask = umask(0);
    umask(p->mask);
    p->files = conform_files_open();
    p->threads = conform_threads_alive();
    p->environment = environment_sum();
    p->parent = waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void conform_process_compare(struct conform_record *r, const struct conform_process *a,
                             const struct conform_process *b, enum conform_rule_id rule)
{
    conform_hold(r, rule);
    for (int s = 1; s < CONFORM_SIGNALS; s++) {
        if (a->actions[s].sa_handler != b->actions[s].sa_handler)
            conform_break(r, rule, "signal %d has another handler", s);
        if (sigismember(&a->blocked, s) != sigismember(&b->blocked, s))
            conform_break(r, rule, "signal %d became %s in the host's thread", s,
                          sigismember(&b->blocked, s) ? "blocked" : "unblocked");
    }
    for (int i = 0; i < (int)RLIM_NLIMITS; i++)
        if (a->limits[i].rlim_cur != b->limits[i].rlim_cur ||
            a->limits[i].rlim_max != b->limits[i].rlim_max)
            conform_break(r, rule, "the process' limit %d (setrlimit) became %llu", i,
                          (unsigned long long)b->limits[i].rlim_cur);
    if (strcmp(a->locale, b->locale) != 0)
        conform_break(r, rule, "the locale became %s", b->locale);
    if (strcmp(a->folder, b->folder) != 0)
        conform_break(r, rule, "the working folder became %s", b->folder);
    if (a->mask != b->mask)
        conform_break(r, rule, "the umask became %03o", (unsigned)b->mask);
    if (a->environment != b->environment)
        conform_break(r, rule, "an environment variable was changed");
    if (b->files < a->files)
        conform_break(r, rule, "%d descriptors were closed that are not its own",
                      a->files - b->files);
    if (b->parent && !a->parent)
        conform_break(r, rule, "a process that it began is left behind");
}

void conform_process_left(struct conform_record *r, const struct conform_process *a,
                          const struct conform_process *b)
{
    conform_hold(r, CONFORM_LEAK_FILES_RULE);
    conform_hold(r, CONFORM_LEAK_THREADS_RULE);
    if (b->files > a->files)
        conform_break(r, CONFORM_LEAK_FILES_RULE, "%d descriptors more than before",
                      b->files - a->files);
    if (b->threads > a->threads)
        conform_break(r, CONFORM_LEAK_THREADS_RULE, "%d threads more than before",
                      b->threads - a->threads);
}

/* ---- what the process holds ---- */

static int entries_of(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

int conform_files_open(void)
{
    return entries_of("/proc/self/fd");
}

int conform_threads_alive(void)
{
    return entries_of("/proc/self/task");
}
