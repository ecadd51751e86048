/*
 * Waits begin with half a second and triple: a lost packet costs little, and a registry has time to
 * restart. Jitter takes the upper half of each wait only, so that Retry-After stays a floor.
 */
#include "base/retry.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/waits.h"

#include <sys/random.h>

const struct retry_policy retry_default = {
	.attempts = 6, .base_ms = 500, .cap_ms = 60000, .patient = true};

bool retry_helps(enum error_kind kind)
{
	switch (kind) {
	case ERROR_LIMITED:
	case ERROR_UNAVAILABLE:
	case ERROR_NETWORK:
	case ERROR_UNREACHABLE:
	case ERROR_CORRUPT:
	case ERROR_MEMORY:
		return true;
	default:
		return false;
	}
}

static unsigned attempts_for(const struct retry_policy *policy, enum error_kind kind)
{
	bool few = kind == ERROR_CORRUPT || kind == ERROR_MEMORY;
	return few && policy->attempts > 2 ? 2 : policy->attempts;
}

bool retry_next(const struct retry_policy *policy, unsigned attempt, const struct error *err,
		unsigned random, unsigned *wait_ms)
{
	if (err->exhausted || !retry_helps(err->kind))
		return false;
	*wait_ms = 0;
	if (err->awaited && policy->patient)
		return true;
	if (attempt + 1 >= attempts_for(policy, err->kind))
		return false;
	uint64_t wait = policy->base_ms;
	for (unsigned i = 0; i < attempt && wait < policy->cap_ms; i++)
		wait *= 3;
	if (wait > policy->cap_ms)
		wait = policy->cap_ms;
	wait = wait / 2 + random % (wait / 2 + 1);
	if (err->retry_after > 0) {
		uint64_t floor = (uint64_t)err->retry_after * 1000;
		if (floor > policy->cap_ms)
			return false;
		wait = floor > wait ? floor + random % 250 : wait;
	}
	*wait_ms = (unsigned)wait;
	return true;
}

/* Waits, and lists the wait so that the display can show it. */
static bool pause_for(unsigned wait_ms, const struct error *err)
{
	int64_t now = clock_ms();
	scoped(waits_end) struct waits_entry entry = {
		.kind = WAITS_TRY, .since_ms = now, .until_ms = now + wait_ms};
	if (wait_ms)
		waits_begin(&entry, "%s", err->text);
	return cancel_sleep(wait_ms);
}

bool retry_wait(const struct retry_policy *policy, unsigned attempt, struct error *err)
{
	unsigned random = 0;
	unsigned wait_ms = 0;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	if (!retry_next(policy, attempt, err, random, &wait_ms)) {
		err->exhausted |= policy->attempts > 1 && retry_helps(err->kind);
		return false;
	}
	log_debug("%s; trying again in %u ms", err->text, wait_ms);
	if (pause_for(wait_ms, err))
		return true;
	/* The failure that was about to be tried again says more than "stopped". */
	return error_stopped(err);
}
