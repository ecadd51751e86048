/* Condition variables whose timed waits do not depend on the date. */
#pragma once

#include <pthread.h>
#include <stdint.h>

/* For pthread_cond_wait() and cond_wait_ms(); ended by pthread_cond_destroy(). */
void cond_init(pthread_cond_t *cond);
/*
 * Waits until cond is signaled or the milliseconds are over; may wake for no reason. Caller holds
 * lock.
 */
void cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t milliseconds);
