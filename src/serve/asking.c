/* Texts of errors go to the log and to clients, with secrets masked. */
#include "serve/asking.h"

#include "base/log.h"
#include "doc/json_writer.h"

void asking_count(struct hooks *hooks, enum asking_counter counter, size_t number)
{
	atomic_fetch_add(&hooks->counters[counter], number);
}

struct arena *asking_arena(const struct asking *asking)
{
	return listener_arena(asking->request);
}

const char *asking_header(const struct asking *asking, const char *name)
{
	return listener_header(asking->request, name);
}

const char asking_text[] = "text/plain; charset=utf-8", asking_json[] = "application/json";

void asking_answer(const struct asking *asking, unsigned status, const char *type, struct str body)
{
	const struct listener_answer given = {.status = status, .type = type, .body = body};
	listener_answer(asking->request, &given);
}

void asking_answer_with(const struct asking *asking, unsigned status, struct str body,
			const char *name, const char *value)
{
	const struct listener_header header = {name, value};
	const struct listener_answer given = {.status = status,
					      .type = asking_text,
					      .body = body,
					      .headers = &header,
					      .header_count = 1};
	listener_answer(asking->request, &given);
}

/* An error as people and programs read it. */
void asking_answer_error(const struct asking *asking, unsigned status, const char *why)
{
	scoped(buf_finish) struct buf clean = {0}, body = {0};
	struct json_writer writer = {.out = &body, .compact = true};
	log_clean(str_of(why), 0, &clean);
	json_writer_open_object(&writer);
	json_writer_name(&writer, "error");
	json_writer_string(&writer, buf_string(&clean));
	json_writer_close_object(&writer);
	buf_add_char(&body, '\n');
	if (buf_ok(&clean) && buf_ok(&body))
		asking_answer(asking, status, asking_json, buf_str(&body));
	else
		asking_answer(asking, 503, asking_text, STR("out of memory\n"));
}

void asking_answer_later(const struct asking *asking, const char *why)
{
	scoped(buf_finish) struct buf body = {0};
	buf_printf(&body, "%s\n", why);
	asking_answer_with(asking, 503, buf_str(&body), "Retry-After", "10");
}

void asking_refuse(const struct asking *asking, unsigned status, const struct error *err)
{
	if (err->kind == ERROR_MEMORY) {
		asking_answer_later(asking, "out of memory");
		return;
	}
	asking_count(asking->hooks, ASKING_REFUSED, 1);
	log_info("%s: refused: %s", asking->path, err->text);
	asking_answer_error(asking, status, err->text);
}
