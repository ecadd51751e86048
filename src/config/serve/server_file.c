/*
 * Files of the fork must keep their meaning, so its defaults count where they decide what happens:
 * the address, the files, the interval. Only speed is ours: without sync.routineNum as many blobs
 * are copied side by side as elsewhere (--proc), not one as in the fork; what is copied is the
 * same. The default of sync.retryCount is that of --retries.
 *
 * The defaults of the auth file and the log are those of files with routes: whoever only wants a
 * listener for other rules says on the command line where these are. The auth file's holds only if
 * there is such a file, since a server may well work without logins.
 */
#include "config/serve/server_file.h"

#include "base/secret.h"
#include "config/serve/server_events.h"
#include "config/serve/server_routes.h"
#include "config/serve/server_value.h"
#include "oci/platform.h"

#include <string.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * 1024 };

enum part { APP, AUTH, REGISTRY, EVENTS, SYNC, RABBITMQ, RECEIVER, DB, PARTS };
enum app { PORT, ENV, ALLOW_GET, ALLOW_SNAPSHOTS, OPEN_METRICS, GRACE, LIMITS, APP_FIELDS };
enum limit { HEADER, BODY, TIMEOUT, CONNECTIONS, QUEUE, LIMIT_FIELDS };
enum login { USERNAME, PASSWORD, TOKEN, ANONYMOUS, LOGIN_FIELDS };
enum sync { FILES, ROUTINES, RETRIES, INTERVAL, IMMEDIATE, FILTER, MAX_DESTINATIONS, SYNC_FIELDS };
enum sync_file { AUTH_FILE, RECORD_FILE, LOG_FILE, SYNC_FILES };
enum filter { OS, ARCH, FILTERS };
enum rabbitmq { QUEUE_NAME, NODES, RABBITMQ_FIELDS };

static const struct field parts[PARTS] = {
	[APP] = {"app", FIELDS_MAP, "what the server listens on, and its limits", true},
	[AUTH] = {"auth", FIELDS_MAP, "the login of hooks", true},
	[REGISTRY] = {"registry", FIELDS_MAP, "where the images of hooks go", true},
	[EVENTS] = {"events", FIELDS_MAP, "the registries that send events", true},
	[SYNC] = {"sync", FIELDS_MAP, "how and when images are copied", true},
	[RABBITMQ] = {"rabbitmq", FIELDS_MAP, "not supported, must be empty", true},
	[RECEIVER] = {"receiver", FIELDS_MIXED, "without effect", true},
	[DB] = {"db", FIELDS_MIXED, "without effect", true},
};

static const struct field app_fields[APP_FIELDS] = {
	[PORT] = {"port", FIELDS_TEXT, "the address to listen on", true},
	[ENV] = {"env", FIELDS_MIXED, "without effect", true},
	[ALLOW_GET] = {"allowGet", FIELDS_SWITCH, "whether hooks may come as GET", true},
	[ALLOW_SNAPSHOTS] = {"allowSnapshots", FIELDS_SWITCH, "whether tags of snapshots are taken",
			     true},
	[OPEN_METRICS] = {"openMetrics", FIELDS_SWITCH, "whether metrics need no login", true},
	[GRACE] = {"grace", FIELDS_TEXT, "time for copies to finish when the server is stopped",
		   true},
	[LIMITS] = {"limits", FIELDS_MAP, "of requests and of the queue", true},
};

static const struct field limit_fields[LIMIT_FIELDS] = {
	[HEADER] = {"header", FIELDS_TEXT, "bytes of a request before its body", true},
	[BODY] = {"body", FIELDS_TEXT, "bytes of its body", true},
	[TIMEOUT] = {"timeout", FIELDS_TEXT, "in which a request must have arrived", true},
	[CONNECTIONS] = {"connections", FIELDS_TEXT, "open at the same time", true},
	[QUEUE] = {"queue", FIELDS_TEXT, "images that may be pending", true},
};

static const struct field login_fields[LOGIN_FIELDS] = {
	[USERNAME] = {"username", FIELDS_TEXT, "the user", true},
	[PASSWORD] = {"password", FIELDS_TEXT, "the password of the user", true},
	[TOKEN] = {"token", FIELDS_TEXT, "a bearer token, in addition or instead", true},
	[ANONYMOUS] = {"anonymous", FIELDS_SWITCH, "whether no login is needed", true},
};

static const struct field sync_fields[SYNC_FIELDS] = {
	[FILES] = {"filePosition", FIELDS_MAP, "the files of the server", true},
	[ROUTINES] = {"routineNum", FIELDS_TEXT, "the option proc of a sync", true},
	[RETRIES] = {"retryCount", FIELDS_TEXT, "the option retries of a sync", true},
	[INTERVAL] = {"interval", FIELDS_TEXT, "the minutes between two runs, or a time", true},
	[IMMEDIATE] = {"immediate", FIELDS_SWITCH, "whether a run follows each hook", true},
	[FILTER] = {"filter", FIELDS_MAP, "which platforms are copied", true},
	[MAX_DESTINATIONS] = {"maxSyncDes", FIELDS_MIXED, "without effect", true},
};

static const struct field sync_files[SYNC_FILES] = {
	[AUTH_FILE] = {"auth", FIELDS_TEXT, "the option auth of a sync", true},
	[RECORD_FILE] = {"images", FIELDS_TEXT, "the record of pending images", true},
	[LOG_FILE] = {"log", FIELDS_TEXT, "the option log of a sync; empty: stderr", true},
};

static const struct field filter_fields[FILTERS] = {
	[OS] = {"osFilterList", FIELDS_TEXTS, "the option os of a sync", true},
	[ARCH] = {"archFilterList", FIELDS_TEXTS, "the option arch of a sync", true},
};

static const struct field rabbitmq_fields[RABBITMQ_FIELDS] = {
	[QUEUE_NAME] = {"queueName", FIELDS_MIXED, "without effect", true},
	[NODES] = {"info", FIELDS_MIXED, "not supported, must be empty", true},
};

#define TABLE(fields_of, number)                                                                   \
	{.fields = (fields_of), .count = (number), .unknown = fields_ignore}
static const struct fields_table parts_table = TABLE(parts, PARTS);
static const struct fields_table app_table = TABLE(app_fields, APP_FIELDS);
static const struct fields_table limit_table = TABLE(limit_fields, LIMIT_FIELDS);
static const struct fields_table login_table = TABLE(login_fields, LOGIN_FIELDS);
static const struct fields_table sync_table = TABLE(sync_fields, SYNC_FIELDS);
static const struct fields_table files_table = TABLE(sync_files, SYNC_FILES);
static const struct fields_table filter_table = TABLE(filter_fields, FILTERS);
static const struct fields_table rabbitmq_table = TABLE(rabbitmq_fields, RABBITMQ_FIELDS);

struct server_reading {
	struct fields_reading fields;
	const struct expand_lookup *lookup;
	struct server_config *out;
	struct options *presets;
	const struct node *literal; /* a secret that is written in the file itself */
};

/* The same reading for a part of the file, whose name comes first in messages. */
static struct fields_reading below(const struct server_reading *reading, const char *subject)
{
	struct fields_reading part = reading->fields;
	part.subject = subject;
	return part;
}

bool server_file_recognise(const struct document *document)
{
	static const struct field images = {"images", FIELDS_MIXED, "the rules of a sync", true};
	static const enum part own[] = {APP, REGISTRY, SYNC, EVENTS};
	const struct fields_reading reading = {.document = document};
	if (document->root->kind != NODE_MAP || fields_find(&reading, &images, document->root))
		return false;
	for (size_t i = 0; i < array_count(own); i++) {
		const struct node *part = fields_find(&reading, &parts[own[i]], document->root);
		if (part && part->kind == NODE_MAP)
			return true;
	}
	return false;
}

/* --- app ------------------------------------------------------------------------------------ */

static void read_limits(const struct server_reading *reading, const struct node *value)
{
	const struct fields_reading part = below(reading, "app.limits");
	struct server_limits *limits = &reading->out->limits;
	int64_t seconds = limits->seconds, connections = limits->connections;
	int64_t entries = (int64_t)limits->entries;
	const struct node *values[LIMIT_FIELDS];
	server_value_fields(&part, &app_fields[LIMITS], value, &limit_table, values);
	server_value_size(&part, &limit_fields[HEADER], values[HEADER],
			  (struct server_value_range){KIB, MIB}, &limits->header_bytes);
	server_value_size(&part, &limit_fields[BODY], values[BODY],
			  (struct server_value_range){KIB, 64 * MIB}, &limits->body_bytes);
	server_value_time(&part, &limit_fields[TIMEOUT], values[TIMEOUT], &seconds);
	server_value_number(&part, &limit_fields[CONNECTIONS], values[CONNECTIONS],
			    (struct server_value_range){1, 60000}, &connections);
	server_value_number(&part, &limit_fields[QUEUE], values[QUEUE],
			    (struct server_value_range){1, 10 * 1000 * 1000}, &entries);
	limits->seconds = (unsigned)seconds;
	limits->connections = (unsigned)connections;
	limits->entries = (size_t)entries;
}

static void read_app(const struct server_reading *reading, const struct node *value)
{
	const struct fields_reading part = below(reading, "app");
	struct server_config *out = reading->out;
	const struct node *values[APP_FIELDS];
	server_value_fields(&part, &parts[APP], value, &app_table, values);
	server_value_address(&part, &app_fields[PORT], values[PORT], &out->listen);
	out->allow_get =
		fields_switch(&part, &app_fields[ALLOW_GET], values[ALLOW_GET], out->allow_get);
	out->allow_snapshots = fields_switch(&part, &app_fields[ALLOW_SNAPSHOTS],
					     values[ALLOW_SNAPSHOTS], out->allow_snapshots);
	out->open_metrics = fields_switch(&part, &app_fields[OPEN_METRICS], values[OPEN_METRICS],
					  out->open_metrics);
	server_value_time(&part, &app_fields[GRACE], values[GRACE], &out->grace);
	read_limits(reading, values[LIMITS]);
}

/* --- auth ----------------------------------------------------------------------------------- */

/* The fork lets everybody in who sends an empty login; here that has to be said. */
static void check_login(const struct fields_reading *part, const struct node *place,
			struct server_config *out)
{
	bool login = out->user || out->password;
	if (!out->user != !out->password)
		fields_complain(part, place,
				"%s is given without %s: give both, or a token instead",
				login_fields[out->user ? USERNAME : PASSWORD].name,
				login_fields[out->user ? PASSWORD : USERNAME].name);
	else if (!login && !out->token && !out->anonymous && out->listen)
		fields_complain(part, place,
				"nobody could log in: give username and password, or a token, or "
				"say anonymous: true to let everybody in");
	else if ((login || out->token) && out->anonymous)
		problem_warn(
			part->problems, fields_place(part, place),
			"auth: anonymous is true, so the login is not asked for: leave out one "
			"of the two");
	if (out->user && out->password)
		secret_register_basic(str_of(out->user), str_of(out->password));
}

static void read_auth(struct server_reading *reading, const struct node *value)
{
	const struct fields_reading part = below(reading, "auth");
	struct server_config *out = reading->out;
	const struct node *values[LOGIN_FIELDS];
	size_t before = part.problems->error_count;
	server_value_fields(&part, &parts[AUTH], value, &login_table, values);
	server_value_expanded(&part, &login_fields[USERNAME], values[USERNAME], reading->lookup,
			      &out->user);
	if (server_value_secret(&part, &login_fields[PASSWORD], values[PASSWORD], reading->lookup,
				&out->password))
		reading->literal = values[PASSWORD];
	if (server_value_secret(&part, &login_fields[TOKEN], values[TOKEN], reading->lookup,
				&out->token))
		reading->literal = values[TOKEN];
	out->anonymous = fields_switch(&part, &login_fields[ANONYMOUS], values[ANONYMOUS], false);
	if (part.problems->error_count == before)
		check_login(&part, value && value->kind == NODE_MAP ? value : part.document->root,
			    out);
}

/* --- sync ----------------------------------------------------------------------------------- */

static bool is_given(const struct node *value)
{
	return value && value->kind != NODE_NULL;
}

static void read_files(const struct server_reading *reading, const struct node *value)
{
	const struct fields_reading part = below(reading, "sync.filePosition");
	struct server_config *out = reading->out;
	const struct node *values[SYNC_FILES];
	const char *auth = NULL, *log = NULL;
	server_value_fields(&part, &sync_fields[FILES], value, &files_table, values);
	if (!is_given(values[AUTH_FILE]) && out->route_count && access("./auth.yaml", F_OK) == 0)
		auth = "./auth.yaml";
	if (!is_given(values[LOG_FILE]) && out->route_count)
		log = "./app.log";
	server_value_text(&part, &sync_files[AUTH_FILE], values[AUTH_FILE], &auth);
	server_value_text(&part, &sync_files[LOG_FILE], values[LOG_FILE], &log);
	out->record = "./images.json";
	server_value_text(&part, &sync_files[RECORD_FILE], values[RECORD_FILE], &out->record);
	if (!out->listen)
		out->record = NULL;
	if (reading->presets && auth)
		reading->presets->auth = auth;
	if (reading->presets && log)
		reading->presets->log = log;
}

/* Makes the values one item of a list option. A mistake is reported at its own place. */
static void read_filter(const struct fields_reading *part, enum filter number,
			const struct node *value, struct option_list *out)
{
	const struct field *field = &filter_fields[number];
	scoped(buf_finish) struct buf joined = {0};
	const struct placed *texts;
	struct platform_pattern pattern;
	size_t count;
	server_value_list(part, field, value, &texts, &count);
	for (size_t i = 0; i < count; i++) {
		if (strchr(texts[i].text, '/') ||
		    !platform_pattern_parse(str_of(texts[i].text), &pattern))
			problem_add(part->problems, texts[i].place,
				    "%s: %s: \"%.100s\": write a name, as in %s", part->subject,
				    field->name, texts[i].text,
				    number == OS ? "linux" : "amd64 or arm:v7");
		else
			buf_printf(&joined, "%s%s", joined.len ? "," : "", texts[i].text);
	}
	const char *item = arena_copy(part->arena, buf_string(&joined), joined.len);
	if (!buf_ok(&joined) || !item)
		fields_memory(part);
	else if (*item)
		*out = (struct option_list){.items = {item}, .count = 1, .preset = true};
}

static void read_presets(const struct server_reading *reading, const struct node *const *values)
{
	const struct fields_reading part = below(reading, "sync"),
				    filter = below(reading, "sync.filter");
	const struct server_value_range numbers = {0, INT32_MAX};
	const struct node *filters[FILTERS];
	struct options unwanted = {0};
	struct options *presets = reading->presets ? reading->presets : &unwanted;
	int64_t proc = presets->proc, retries = presets->retries;
	server_value_number(&part, &sync_fields[ROUTINES], values[ROUTINES], numbers, &proc);
	server_value_number(&part, &sync_fields[RETRIES], values[RETRIES], numbers, &retries);
	presets->proc = (int)proc;
	presets->retries = (int)retries;
	server_value_fields(&filter, &sync_fields[FILTER], values[FILTER], &filter_table, filters);
	read_filter(&filter, OS, filters[OS], &presets->os);
	read_filter(&filter, ARCH, filters[ARCH], &presets->arch);
}

static void read_sync(const struct server_reading *reading, const struct node *value)
{
	const struct fields_reading part = below(reading, "sync");
	struct server_config *out = reading->out;
	const struct node *values[SYNC_FIELDS];
	server_value_fields(&part, &parts[SYNC], value, &sync_table, values);
	read_files(reading, values[FILES]);
	read_presets(reading, values);
	server_value_interval(&part, &sync_fields[INTERVAL], values[INTERVAL], &out->interval);
	out->immediate = fields_switch(&part, &sync_fields[IMMEDIATE], values[IMMEDIATE],
				       !out->route_count || !out->interval);
	if (!out->interval && !out->immediate)
		problem_warn(part.problems, fields_place(&part, values[INTERVAL]),
			     "sync: interval is 0 and immediate is false, so nothing is copied "
			     "until a run is asked for by POST /images/sync/do");
}

/* --- all of it ------------------------------------------------------------------------------ */

static void refuse_rabbitmq(const struct server_reading *reading, const struct node *value)
{
	const struct fields_reading part = below(reading, "rabbitmq");
	const struct node *values[RABBITMQ_FIELDS], *nodes;
	server_value_fields(&part, &parts[RABBITMQ], value, &rabbitmq_table, values);
	nodes = values[NODES];
	if (is_given(nodes) && (nodes->count || nodes->text.len))
		fields_complain(
			&part, nodes,
			"this program has no client for RabbitMQ: remove info, and let the program "
			"that fills the queue POST the same JSON to /images/sync/hook");
}

/* Adds the address of the fork to a file that is about requests. */
static void add_address(const struct node *const *values, struct server_config *out)
{
	bool asked = out->route_count || is_given(values[AUTH]) || is_given(values[REGISTRY]) ||
		     is_given(values[EVENTS]);
	if (!out->listen && asked)
		out->listen = ":8080";
}

static void read_parts(struct server_reading *reading, const struct node *root)
{
	struct fields_reading *fields = &reading->fields;
	const struct fields_reading registry = below(reading, "registry");
	const struct fields_reading events = below(reading, "events");
	const struct node *values[PARTS], *literal;
	fields_collect(fields, &parts_table, root, values);
	read_app(reading, values[APP]);
	add_address(values, reading->out);
	server_routes_read(&registry, &parts[REGISTRY], values[REGISTRY], reading->out);
	read_auth(reading, values[AUTH]);
	literal = server_events_read(&events, &parts[EVENTS], values[EVENTS], reading->lookup,
				     reading->out);
	read_sync(reading, values[SYNC]);
	refuse_rabbitmq(reading, values[RABBITMQ]);
	literal = reading->literal ? reading->literal : literal;
	if (literal)
		document_guard(fields->arena, fields->document, literal, fields->problems);
}

/* Whether it has any part of a server's file; rules, for one, have none. */
static bool has_part(const struct fields_reading *reading, const struct node *root)
{
	for (size_t i = 0; i < PARTS; i++)
		if (fields_find(reading, &parts[i], root))
			return true;
	return false;
}

void server_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct server_config *out,
		      struct options *presets, struct problems *problems)
{
	struct server_reading reading = {
		{arena, document, problems, NULL}, lookup, out, presets, NULL};
	const struct node *root = document->root;
	*out = (struct server_config){.path = document->name,
				      .allow_get = true,
				      .interval = 600,
				      .grace = 20,
				      .limits = {.header_bytes = (size_t)8 * KIB,
						 .body_bytes = (size_t)64 * KIB,
						 .seconds = 10,
						 .connections = 256,
						 .entries = 100000}};
	if (root->kind == NODE_MAP && has_part(&reading.fields, root))
		read_parts(&reading, root);
	else
		fields_complain(&reading.fields, root,
				"expected the configuration of a server, with app, auth, registry, "
				"events or sync: give rules as --images FILE");
}
