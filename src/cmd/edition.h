/*
 * What the files say: rules, credentials, and the server's own file. One edition is in force; a
 * later one takes its place once it is right, and the earlier one lasts as long as somebody uses
 * it.
 */
#pragma once

#include "cmd/run.h"
#include "serve/hooks.h"

#include <pthread.h>

struct edition {
	struct arena *arena;    /* of this record, too */
	struct options options; /* those of the process, with the server's file of this edition */
	struct server_config server;
	struct run loaded;        /* never run itself: run_repeat() */
	struct hooks_rules rules; /* all that hooks know of it */
	struct narrow *narrow;
	struct login_guard *login;
	unsigned holders; /* guarded by editions */
};

/* A new one, of which nothing is read yet. NULL without memory. */
struct edition *edition_new(struct session *session, const struct options *options);
/*
 * Reads the server's file again, if there is one, and all others: mistakes go to problems and the
 * log. False: this edition cannot be used.
 */
bool edition_read(struct edition *edition, struct problems *problems);
/* Makes of what was loaded what hooks need. False without memory. */
bool edition_settle(struct edition *edition);
/* *edition may be NULL. */
void edition_free(struct edition **edition);

/* Guards the one in force. */
struct editions {
	pthread_mutex_t lock;
	struct edition *current;
};

/* Puts an edition in force; editions keeps it from now on. NULL: none is. */
void edition_enforce(struct editions *editions, struct edition *edition);
/* The one in force, which lasts until it is released. Any thread. */
struct edition *edition_hold(struct editions *editions);
void edition_release(struct editions *editions, struct edition *edition);
