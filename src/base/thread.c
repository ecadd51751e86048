/* The C libraries differ in what a thread gets by default: musl 128 KiB, glibc 8 MiB. */
#include "base/thread.h"

bool thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *ctx), void *ctx)
{
	pthread_attr_t attributes;
	if (pthread_attr_init(&attributes) != 0)
		return false;
	bool started = pthread_attr_setstacksize(&attributes, stack_bytes) == 0 &&
		       pthread_create(out, &attributes, run, ctx) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}
