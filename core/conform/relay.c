/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

void conform_relay_init(struct conform_relay *r)
{
    *r = (struct conform_relay){0};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->passed, NULL);
}

void conform_relay_take(struct conform_relay *r, int runner)
{
    pthread_mutex_lock(&r->lock);
    while (r->turn != runner && !r->over[!runner])
        pthread_cond_wait(&r->passed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

void conform_relay_pass(struct conform_relay *r, int runner)
{
    pthread_mutex_lock(&r->lock);
    r->turn = !runner;
    pthread_cond_signal(&r->passed);
    pthread_mutex_unlock(&r->lock);
}

void conform_relay_leave(struct conform_relay *r, int runner)
{
    pthread_mutex_lock(&r->lock);
    r->over[runner] = true;
    pthread_cond_signal(&r->passed);
    pthread_mutex_unlock(&r->lock);
}

void conform_relay_clear(struct conform_relay *r)
{
    pthread_cond_destroy(&r->passed);
    pthread_mutex_destroy(&r->lock);
}
