/* Threads whose stacks are as large as they need. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Starts run(ctx) in a thread with so many bytes of stack. False: there can be none. */
bool thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *ctx), void *ctx);
