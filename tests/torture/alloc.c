/*
 * Allocations that fail on purpose. Linked with --wrap, so that every call in the program, its
 * libraries and the C library comes by here:
 *
 *   FAIL_AT     the number, from 1, of the first allocation that fails; none: all succeed
 *   FAIL_FOR    how many fail from there on; none: all
 *   FAIL_COUNT  a file that gets the number of allocations when the program ends
 */
#include "failing_malloc.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_ulong made;
static unsigned long first;
static unsigned long behind;

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);
	return text ? strtoul(text, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
	unsigned long at = number("FAIL_AT", 0);
	unsigned long count = number("FAIL_FOR", 0);
	behind = count ? at + count : (unsigned long)-1;
	first = at;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAIL_COUNT");
	int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
	if (file < 0)
		return;
	char text[32];
	int length = snprintf(text, sizeof(text), "%lu\n", atomic_load(&made));
	if (write(file, text, (size_t)length) != length)
		abort();
	close(file);
}

static bool fails(void)
{
	unsigned long now = atomic_fetch_add(&made, 1) + 1;
	return first && now >= first && now < behind;
}
