/*
 * The file of -c: what a server listens on, who may ask, which hooks it takes and where their
 * images go. It is the sync.yaml of zxzixuanwang/image-syncer, a fork of the original, with keys of
 * our own beside its own:
 *
 *   app:
 *     port: 127.0.0.1:8080       or unix:/run/image-syncer.sock; the fork's default is :8080
 *     allowGet: true             hooks may come as GET
 *     allowSnapshots: false      tags that begin or end with "snapshot" are taken
 *     openMetrics: false         /metrics needs no login
 *     grace: 20s                 what copies get after SIGTERM
 *     limits: {header: 8KiB, body: 64KiB, timeout: 10s, connections: 256, queue: 100000}
 *   auth: {username: ci, password: $HOOK_PASSWORD, token: $HOOK_TOKEN, anonymous: false}
 *   registry:
 *     reg:
 *       - {sourceName: quay.io, namespace: [a, b], destinationName: "r.io/team, s.io"}
 *   events:
 *     harbor: {secret: $HARBOR_SECRET, registry: harbor.example.com}
 *   sync:
 *     filePosition: {auth: ./auth.yaml, images: ./images.json, log: ./app.log}
 *     routineNum: 5
 *     retryCount: 2
 *     interval: 10               minutes; or 90s, 2h; 0: only at once
 *     immediate: false           a run starts shortly after a hook
 *     filter: {osFilterList: [linux], archFilterList: [amd64]}
 *
 * Names match in upper and lower case, as in the fork; unknown ones are ignored with a warning.
 * app.env, sync.maxSyncDes, rabbitmq.queueName, receiver and db are the fork's, and have no effect.
 * Paths are relative to the working directory. Plain records; texts live in the arena they were
 * read into.
 */
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "config/options/options.h"

struct server_route {            /* hooks for images of source/namespace/... go to destination */
	const char *source;      /* a host, lower-cased: "quay.io" */
	const char *namespace;   /* one path component; NULL: every namespace of the source */
	const char *destination; /* "reg.example.com/team": without a slash at its end */
	const char *place;       /* "sync.yaml:7:5" */
};

struct server_events {        /* what "events:" says of one kind */
	const char *kind;     /* "harbor" */
	const char *secret;   /* NULL: only the login of the server lets one in */
	const char *registry; /* host, or host/prefix, for payloads that do not name it; NULL */
	const char *place;
};

struct server_limits {
	size_t header_bytes;
	size_t body_bytes;
	unsigned seconds; /* in which a request must have arrived */
	unsigned connections;
	size_t entries; /* in the queue */
};

struct server_config {
	const char *path;   /* of the file itself */
	const char *listen; /* "127.0.0.1:8080", ":8080", "unix:/run/x.sock"; NULL: nothing does */
	const char *user, *password; /* both NULL: there is no Basic login */
	const char *token;           /* for Bearer; NULL: none */
	bool anonymous;              /* everybody is let in */
	bool allow_get;              /* hooks may come as GET */
	bool allow_snapshots;        /* tags that begin or end with "snapshot" are taken */
	bool open_metrics;           /* /metrics without login */
	bool immediate;              /* entries of routes need not wait for the interval */
	int64_t interval;   /* seconds between runs of what hooks have queued; 0: only immediate */
	int64_t grace;      /* seconds that copies get after SIGTERM */
	const char *record; /* the file with what is pending; NULL: none is kept (no listener) */
	struct server_route *routes;
	size_t route_count;
	struct server_events *events;
	size_t event_count;
	struct server_limits limits;
};

/* True when the document configures a server, and is no file of rules or logins. */
bool server_file_recognise(const struct document *document);
/*
 * Reads the document into *out, which is valid even after mistakes; all of them go to problems.
 * Secrets are registered. What the file says that is an option of a sync goes to *presets, to be
 * set before the command line is read; NULL: it is not wanted.
 */
void server_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct server_config *out,
		      struct options *presets, struct problems *problems);
