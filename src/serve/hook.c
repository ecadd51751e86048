/* Clients of the fork take the status of a GET for success or failure, so those are kept. */
#include "serve/hook.h"

#include "serve/wish.h"

#include <string.h>

/* The answers of the fork, whose clients take them for success or failure. */
static unsigned old_status(enum hook_verdict verdict)
{
	switch (verdict) {
	case HOOK_NAMELESS:
		return 200;
	case HOOK_SHORT:
	case HOOK_SNAPSHOT:
		return 406;
	default:
		return 400;
	}
}

/* Judges one name. False: the request was answered. */
static bool take_name(struct wish *wish, const struct hook_name *name)
{
	const struct asking *asking = &wish->asking;
	enum hook_verdict verdict;
	struct hook_image image;
	struct error err;
	if (!hook_names_judge(asking_arena(asking), name, !wish->old, &verdict, &image, &err)) {
		asking_answer_later(asking, "out of memory");
		return false;
	}
	if (verdict == HOOK_SNAPSHOT && asking->rules->config->allow_snapshots)
		verdict = HOOK_GOOD;
	if (verdict == HOOK_GOOD) {
		if (wish_add(wish, &image, &err))
			return true;
		asking_refuse(asking, 400, &err);
		return false;
	}
	if (verdict == HOOK_SNAPSHOT) {
		asking_count(asking->hooks, ASKING_SNAPSHOTS, 1);
		asking_answer_error(asking, 406, err.text);
		return false;
	}
	asking_refuse(asking, wish->old ? old_status(verdict) : 400, &err);
	return false;
}

static bool is_type(const char *type, const char *wanted)
{
	size_t length = strlen(wanted);
	return type && str_equal_nocase(str_head(str_of(type), length), str_of(wanted)) &&
	       (!type[length] || type[length] == ';' || type[length] == ' ');
}

/* Reads what the request names. False: it was answered. */
static bool read_names(const struct asking *asking, struct hook_names *names)
{
	struct arena *arena = asking_arena(asking);
	struct str body = listener_body(asking->request);
	const char *type = asking_header(asking, "Content-Type");
	struct error err = {0};
	bool ok;
	if (!body.len) {
		struct hook_name *one = arena_new_of(arena, struct hook_name);
		*names = (struct hook_names){one, 1};
		if (!one) {
			asking_answer_later(asking, "out of memory");
			return false;
		}
		one->name = listener_query(asking->request, "name");
		one->tag = listener_query(asking->request, "tag");
		one->name = one->name && *one->name ? one->name : NULL;
		one->tag = one->tag && *one->tag ? one->tag : NULL;
		return true;
	}
	if (is_type(type, "application/x-www-form-urlencoded"))
		ok = hook_names_form(arena, body, names, &err);
	else if (!type || is_type(type, asking_json))
		ok = hook_names_json(arena, body, names, &err);
	else {
		asking_count(asking->hooks, ASKING_REFUSED, 1);
		asking_answer_error(
			asking, 415,
			"expected application/json or application/x-www-form-urlencoded");
		return false;
	}
	if (!ok)
		asking_refuse(asking, 400, &err);
	return ok;
}

void hook_serve(const struct asking *asking)
{
	struct hook_names names;
	struct wish *wish = arena_new_of(asking_arena(asking), struct wish);
	if (!wish) {
		asking_answer_later(asking, "out of memory");
		return;
	}
	wish->asking = *asking;
	wish->old = strcmp(asking->method, "POST") != 0;
	bool allowed = asking->rules->config->allow_get;
	/* A HEAD is to change nothing; the fork does not know it either. */
	if (wish->old && (!allowed || strcmp(asking->method, "GET") != 0)) {
		asking_answer_with(asking, 405, STR("send a POST\n"), "Allow",
				   allowed ? "GET, POST" : "POST");
		return;
	}
	if (!read_names(asking, &names))
		return;
	for (size_t i = 0; i < names.count; i++)
		if (!take_name(wish, &names.items[i]))
			return;
	if (wish_queue(wish))
		return;
	if (wish->old)
		asking_answer(asking, 200, asking_text, STR("no route means this image\n"));
	else if (wish->ignored)
		asking_answer_error(asking, 404, "no route and no rule means this image");
	else
		wish_answer(wish, 202);
}
