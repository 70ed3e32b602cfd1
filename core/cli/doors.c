/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways out of the process, in front of those of the C library: a plugin finds these first, as
 * they stand in the program. Who goes by them is looked at. What asks the kernel itself, replaces
 * the process (exec) or kills it is not seen here.
 */
#include "host/ending.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sanitizers have to know that these do not return. */
typedef void (*leave_fn)(int status) __attribute__((noreturn));
typedef void (*leave_thread_fn)(void *value) __attribute__((noreturn));

/* ISO C has no cast from data to function. */
static void door_find(const char *name, void *out)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    if (!symbol)
        abort();
    memcpy(out, &symbol, sizeof symbol);
}

_Noreturn static void leave(const char *name, const char *call, int status)
{
    leave_fn real;
    qetl_ending_asked(call, &status);
    door_find(name, &real);
    real(status);
}

void exit(int status)
{
    leave("exit", "exit(", status);
}

void _exit(int status)
{
    leave("_exit", "_exit(", status);
}

void _Exit(int status)
{
    leave("_Exit", "_Exit(", status);
}

void quick_exit(int status)
{
    leave("quick_exit", "quick_exit(", status);
}

void pthread_exit(void *value)
{
    leave_thread_fn real;
    qetl_ending_asked("pthread_exit(", NULL);
    door_find("pthread_exit", &real);
    real(value);
}
