/*
 * Asks one registry step by step, as a run would, and notes what it met. One thread: what the
 * client's observer sees belongs to the step under way.
 */
#pragma once

#include "net/sight.h"
#include "registry/registry.h"
#include "report/probe_report.h"

struct probing {
	struct arena *arena; /* of all texts in reports */
	struct registry *registry;
	bool write; /* also try to push */

	/* The registry under way. */
	struct probe_report *report;
	const char *host, *port; /* of its requests; port NULL: as its scheme has it */
	int requests;            /* since somebody set it to 0 */
};

/* What is to be asked. */
struct probing_target {
	const char *text; /* as written */
	struct reference
		name; /* repository "": the registry as a whole; tag NULL: one of its tags */
};

/* Reads "HOST" or "HOST/REPOSITORY[:TAG]". ERROR_CONFIG says what is wrong. */
bool probing_parse(struct arena *arena, const char *text, struct probing_target *out,
		   struct error *err);
/* The client's observer: ctx is the struct probing. */
void probing_saw(void *ctx, const struct sighting *sight);
/* Asks the registry, and fills *out. False without memory. */
bool probing_run(struct probing *probing, const struct probing_target *target,
		 struct probe_report *out);
