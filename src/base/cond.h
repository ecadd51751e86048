/* Condition variables whose waits end in time, whatever the date does meanwhile. */
#pragma once

#include <pthread.h>
#include <stdint.h>

/* For pthread_cond_wait() and cond_wait_ms(); ended by pthread_cond_destroy(). */
void cond_init(pthread_cond_t *cond);
/* Waits until cond is signaled or milliseconds are over, or for no reason. lock is held. */
void cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t milliseconds);
