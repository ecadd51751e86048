/*
 * Where a message about a run goes: what --notify, and notify in a file of rules, can say.
 *
 * A target is read from words, one for each field, whatever they were written in. Everything about
 * a target but its host is a secret and is registered as one; messages quote no value.
 */
#pragma once

#include "config/expand.h"
#include "config/problem.h"
#include "net/url.h"

enum notify_kind {
	NOTIFY_TELEGRAM,
	NOTIFY_SLACK,
	NOTIFY_DINGTALK,
	NOTIFY_FEISHU,
	NOTIFY_WECOM,
	NOTIFY_WEBHOOK,
	NOTIFY_HEARTBEAT,
	NOTIFY_KINDS
};

/* The fields: a kind, whose value is the address or the token, and what may stand beside it. */
enum notify_field {
	NOTIFY_CHAT = NOTIFY_KINDS,
	NOTIFY_API,
	NOTIFY_SECRET,
	NOTIFY_TITLE,
	NOTIFY_ON,
	NOTIFY_REQUIRED,
	NOTIFY_FIELDS
};

enum notify_when {
	NOTIFY_UNSAID, /* only until the configuration is settled */
	NOTIFY_FAILURE,
	NOTIFY_CHANGE, /* something was copied, or it is a failure */
	NOTIFY_ALWAYS,
};

enum { NOTIFY_FILES = 2 };

struct notify_target {
	enum notify_kind kind;
	struct url url;     /* for Telegram that of its method, with the token */
	const char *secret; /* to sign with; NULL: nothing is signed */
	const char *chat;   /* for Telegram: a number, or @name */
	const char *title;  /* what the message begins with; NULL: the usual word */
	int level;          /* of a report in imgsync's words; 0: the usual message */
	enum notify_when when;
	bool required;                   /* a failure to deliver makes the exit status 1 */
	const char *place;               /* "images.yaml:3:1"; NULL: the command line */
	const char *files[NOTIFY_FILES]; /* that its values were read from; NULL ends them */
};

struct notify_list {
	struct notify_target *items;
	size_t count;
};

/* The values of a target's fields as they are written. */
struct notify_words {
	const char *subject; /* for messages: "--notify", "notify" */
	const char *place;   /* NULL: the command line */
	struct notify_word {
		struct str text;   /* at == NULL: not given */
		const char *place; /* NULL: the command line */
	} fields[NOTIFY_FIELDS];
	/* why a secret should not be written out there, and what to do instead; NULL: it may */
	const char *exposed;
};

/* The names of all fields. */
extern const char *const notify_target_names[NOTIFY_FIELDS];

/* Reads "failure", "change" or "always"; false for anything else. */
bool notify_target_when(struct str text, enum notify_when *out);
/*
 * Adds the target that words say to list, with ${NAME} replaced and files read. Mistakes go to
 * problems, and the target is not added.
 */
void notify_target_add(struct arena *arena, const struct notify_words *words,
		       const struct expand_lookup *lookup, struct notify_list *list,
		       struct problems *problems);
