/*
 * Sends one request of a channel, repeats it where that may help, and judges the answer.
 *
 * Many services answer 200 and say in the body that they refused the message, so each has a
 * function that judges.
 */
#pragma once

#include "doc/json_writer.h"
#include "notify/channel.h"

/*
 * True when the answer, of whatever status, says that the message was delivered. Else *err says why
 * not, and its kind whether another try may help.
 */
typedef bool post_judge(struct arena *arena, const struct http_answer *answer, struct error *err);

struct post {
	const char *method;
	const struct url *url;
	const char *header; /* beside Content-Type; or NULL */
	struct str body;    /* JSON */
	post_judge *judge;
};

/* ERROR_CANCELED: there was no time left. */
bool post_send(const struct channel *channel, const struct post *post, struct error *err);

/* What a service calls the kind of a message, its content, and the text in that. */
struct post_names {
	const char *kind, *content, *text;
};
/* Writes the members of a message that is plain text. */
void post_write_text(struct json_writer *json, struct post_names names, const char *text);
/* A judge for services that say all with the status: 2xx is success. */
bool post_status(struct arena *arena, const struct http_answer *answer, struct error *err);
/* How a service says in its answer that it refused a message. */
struct post_words {
	const char *code, *text; /* the names of both in its JSON */
	const char *busy[2];     /* codes for which another try may help */
};
/* True when the answer is JSON with the code 0. */
bool post_code(struct arena *arena, const struct http_answer *answer,
	       const struct post_words *words, struct error *err);
/* Fills err with what the service said. Always false. */
bool post_refused(enum error_kind kind, const struct http_answer *answer, struct str said,
		  struct error *err);
