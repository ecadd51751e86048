/*
 * The folders in the OCI layout, and archives of one, that the rules of a run name; and where
 * stores come from: from a registry or from one of these.
 */
#pragma once

#include "cmd/run.h"

/* A folder, or an archive, that rules name. */
struct named_folder {
	const char *path;
	const char *folder;      /* the same, or the one that the archive is in */
	const char *name;        /* as it prints: "oci:/mnt/usb/app" */
	const char *place;       /* of the rule */
	const struct rule *rule; /* the first that writes to it; NULL: none does */
	bool archive;
	bool written; /* to, by some rule */
	int error;    /* errno, if it could not be made; else 0 */
};

/*
 * Finds run->folders. Two names of one folder are a mistake, since then nothing else about the two
 * is found. False without memory.
 */
bool folders_find(struct run *run, struct problems *problems);
/* Adds a problem for each output that is an archive of a rule as well. False without memory. */
bool folders_compare(const struct run *run, struct problems *problems);
/*
 * Makes those that images are written to, before the process is confined to them. One that cannot
 * be made is an error of its images.
 */
void folders_make(struct run *run);
/* Makes run->layouts, and sets run->stores to all there are. False without memory. */
bool folders_open(struct run *run);
/*
 * Finishes the archives that were written, when all images are through. One that cannot be finished
 * is one more failure in the report; false: the list of blobs could not be written.
 */
bool folders_finish(struct run *run, struct error *err);
