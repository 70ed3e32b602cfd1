/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of runs share: a pipeline of actors, made anew for each test.
 *
 * Invariant: begin and end are a suite's init and fini.
 * Ownership: the one pipeline is the including file's.
 * Threads:   none.
 */
#ifndef QETL_TOY_RUN_H
#define QETL_TOY_RUN_H

#include "toy_actors.h"
#include "toy_lines.h"
#include "toy_loader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { SOURCE, TRANSFORM, SINK, SINK2, SINK3 }; /* the scripts of the usual nodes */

static struct toy_pipeline toy;

static inline void begin(void)
{
    toy_actors_reset();
    toy_pipeline_init(&toy);
    toy.options.workers = 2;
    toy.options.barrier_ms = -1;
    toy_scripts[SOURCE].rows = 100;
}

static inline void end(void)
{
    toy_pipeline_free(&toy);
    toy_actors_reset();
}

/* source -> transform -> sink */
static inline void line_make(void)
{
    toy_node_add(&toy, "numbers", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "pass", &toy_actor_transform, TRANSFORM);
    toy_node_add(&toy, "out", &toy_actor_sink, SINK);
    toy_node_input(&toy, 1, 0, NULL);
    toy_node_input(&toy, 2, 1, NULL);
}

/* text source with the toy format -> sinks of bytes, of the same format */
static inline void text_make(int64_t lines_flags, int sinks)
{
    toy_node_add(&toy, "lines", &toy_actor_text, SOURCE);
    toy_node_format(&toy, 0, &toy_lines, 0);
    for (int i = 0; i < sinks; i++) {
        char id[16];
        snprintf(id, sizeof id, "out%d", i);
        size_t sink = toy_node_add(&toy, id, &toy_actor_sink, SINK + i);
        toy_node_format(&toy, sink, &toy_lines, lines_flags);
        toy_node_input(&toy, sink, 0, NULL);
        toy_scripts[SINK + i].takes_bytes = true;
    }
}

static inline void expect_all_destroyed(void)
{
    for (int i = 0; i < TOY_ACTORS_MOST; i++) {
        cr_expect_eq(toy_scripts[i].creates, toy_scripts[i].destroys,
                     "script %d: %d creates, %d destroys", i, toy_scripts[i].creates,
                     toy_scripts[i].destroys);
        if (!toy_scripts[i].fail_in || strcmp(toy_scripts[i].fail_in, "start") != 0)
            cr_expect_leq(toy_scripts[i].stops, toy_scripts[i].starts);
    }
}

static inline size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

#endif
