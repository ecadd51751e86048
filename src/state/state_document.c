/*
 * The document is {"version": 1, "seen": {"HOST/PATH@DIGEST": {"first", "last"}}, "written":
 * {"HOST/PATH:TAG": {"digest", "source", "when", "met"}}} with the members of hints.c. Times are in
 * seconds since 1970. A file of hints alone, as earlier releases wrote, is a state that has seen
 * and written nothing.
 *
 * The version changes when what is stored begins to mean something else, and when the same terms
 * begin to give other digests; older states are of no use then.
 */
#include "doc/json.h"
#include "doc/json_writer.h"
#include "oci/digest.h"
#include "state/state_private.h"

#include <inttypes.h>
#include <string.h>

enum { VERSION = 1, DAY = 24 * 60 * 60 };

static const char no_state[] = "this is no state, so it is not replaced: name another place";

/* --- reading -------------------------------------------------------------------------------- */

struct taking {
	struct sync_state *state;
	struct arena *arena; /* for what is parsed */
	int64_t now;
	struct error *err;
};

/* Takes one entry from key and value. */
typedef bool taker(const struct taking *taking, const struct node *key, const struct node *value);

static bool damaged(const struct taking *taking, const struct node *at, const char *what)
{
	return error_set(taking->err, ERROR_CONFIG, "%d:%d: %s", at->line, at->column, what);
}

/* A time to come is one of a clock that was wrong: it counts as now. */
static bool take_time(const struct taking *taking, const struct node *map, const char *name,
		      int64_t *out)
{
	if (!node_int64(node_get(map, name), out))
		return damaged(taking, map, "expected times in seconds since 1970");
	if (*out > taking->now)
		*out = taking->now;
	return true;
}

static bool take_seen(const struct taking *taking, const struct node *key, const struct node *value)
{
	struct str rest = key->text, path;
	struct seen times = {0};
	if (!str_cut(&rest, '@', &path) || !path.len || !digest_valid(rest))
		return damaged(taking, key, "expected HOST/PATH@DIGEST");
	if (!take_time(taking, value, "first", &times.first) ||
	    !take_time(taking, value, "last", &times.last))
		return false;
	if (taking->now - times.last > (int64_t)STATE_DAYS * DAY)
		return true;
	struct seen *seen = state_put_seen(taking->state, key->text);
	if (seen)
		*seen = times;
	return seen || taking->state->full || error_memory(taking->err);
}

static bool copy(const struct taking *taking, struct str text, const char **out)
{
	*out = text.at ? arena_copy(taking->arena, text.at, text.len) : NULL;
	return !text.at || *out || error_memory(taking->err);
}

static bool take_written(const struct taking *taking, const struct node *key,
			 const struct node *value)
{
	struct written_tag tag = {0};
	struct reference name;
	struct str digest = node_string(node_get(value, "digest"));
	if (!reference_parse(taking->arena, key->text, &name, taking->err)) {
		if (taking->err->kind == ERROR_MEMORY)
			return false;
		name = (struct reference){0};
	}
	if (!name.tag || name.digest)
		return damaged(taking, key, "expected HOST/PATH:TAG");
	if (!digest_valid(digest))
		return damaged(taking, value, "expected the digest that was written");
	if (!take_time(taking, value, "when", &tag.when) ||
	    !take_time(taking, value, "met", &tag.met))
		return false;
	if (!copy(taking, digest, &tag.digest) ||
	    !copy(taking, node_string(node_get(value, "source")), &tag.source))
		return false;
	struct written *written = state_put_written(taking->state, key->text, &name);
	if (!written)
		return taking->state->full || error_memory(taking->err);
	return state_set_written(taking->state, written, &tag) || error_memory(taking->err);
}

/* Takes all entries of a member, which may be missing. */
static bool take_all(const struct taking *taking, const struct node *root, const char *name,
		     taker *take)
{
	const struct node *map = node_get(root, name);
	if (!map)
		return true;
	if (map->kind != NODE_MAP)
		return damaged(taking, map, "expected a mapping");
	for (size_t i = 0; i < map->count; i++)
		if (!take(taking, map->keys[i], map->items[i]))
			return false;
	return true;
}

/* A state begins like this, unless its beginning was lost: a crash may leave zeros, or nothing. */
static bool begins_like_one(struct str text)
{
	size_t at = 0;
	while (at < text.len && text.at[at] && strchr(" \t\r\n", text.at[at]))
		at++;
	return at == text.len || text.at[at] == '{' || !text.at[at];
}

/* ERROR_UNSUPPORTED: it is whole, and is something else. */
static bool check_version(const struct node *root, struct error *err)
{
	const struct node *version = node_get(root, "version");
	int64_t number;
	if (root->kind == NODE_MAP && !root->count)
		return error_set(err, ERROR_CONFIG, "%d:%d: expected a state of version %d",
				 root->line, root->column, VERSION);
	if (!node_int64(version, &number))
		return error_set(err, ERROR_UNSUPPORTED, "%d:%d: %s", root->line, root->column,
				 no_state);
	if (number > VERSION)
		return error_set(err, ERROR_UNSUPPORTED,
				 "%d:%d: this is a state of version %" PRId64
				 ", and this program knows version %d: use the newer program that "
				 "wrote it, or another place",
				 version->line, version->column, number, VERSION);
	return number == VERSION || error_set(err, ERROR_CONFIG, "%d:%d: expected version %d",
					      version->line, version->column, VERSION);
}

bool state_document_read(struct sync_state *state, struct str text, int64_t now, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct taking taking = {state, arena, now, err};
	const struct node *root;
	if (!arena)
		return error_memory(err);
	if (!begins_like_one(text))
		return error_set(err, ERROR_UNSUPPORTED, "1:1: %s", no_state);
	if (!json_read_file(arena, text, &root, err) || !check_version(root, err))
		return false;
	return take_all(&taking, root, "seen", take_seen) &&
	       take_all(&taking, root, "written", take_written) &&
	       hints_read(state->hints, root, now, err);
}

/* --- writing -------------------------------------------------------------------------------- */

static void write_int(struct json_writer *json, const char *name, int64_t value)
{
	json_writer_name(json, name);
	json_writer_int(json, value);
}

static void write_seen(struct json_writer *json, const struct map_entry *entry)
{
	const struct seen *seen = entry->value;
	if (!seen || hints_name_secret((struct str){entry->key, entry->len}, json->out))
		return;
	json_writer_name(json, entry->key);
	json_writer_open_object(json);
	write_int(json, "first", seen->first);
	write_int(json, "last", seen->last);
	json_writer_close_object(json);
}

static void write_written(struct json_writer *json, const struct map_entry *entry)
{
	const struct written *written = entry->value;
	if (!written || written->removed ||
	    hints_name_secret((struct str){entry->key, entry->len}, json->out))
		return;
	const struct written_tag *tag = &written->tag;
	bool named = tag->source && !hints_name_secret(str_of(tag->source), json->out);
	json_writer_name(json, entry->key);
	json_writer_open_object(json);
	json_writer_name(json, "digest");
	json_writer_string(json, tag->digest);
	json_writer_name(json, "source");
	json_writer_string(json, named ? tag->source : NULL);
	write_int(json, "when", tag->when);
	write_int(json, "met", tag->met);
	json_writer_close_object(json);
}

void state_document_write(struct sync_state *state, struct buf *out)
{
	struct json_writer json = {.out = out};
	json_writer_open_object(&json);
	write_int(&json, "version", VERSION);
	hints_write_map(&json, "seen", &state->seen, write_seen);
	hints_write_map(&json, "written", &state->written, write_written);
	hints_write(state->hints, &json);
	json_writer_close_object(&json);
	buf_add_char(out, '\n');
}
