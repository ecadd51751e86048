/* A field that was not given is not written. */
#include "config/rules/gather.h"

static void write_list(const char *field, const struct placed *items, size_t count,
		       struct writer *out)
{
	if (!count)
		return;
	writer_field(out, field);
	writer_open_list(out);
	for (size_t i = 0; i < count; i++)
		writer_text(out, str_of(items[i].text));
	writer_close_list(out);
}

static void write_text(const char *field, const struct placed *text, struct writer *out)
{
	if (!text->text)
		return;
	writer_field(out, field);
	writer_text(out, str_of(text->text));
}

void gather_write(const struct gather *gather, struct writer *out)
{
	write_list("repositories", gather->repositories, gather->repository_count, out);
	write_list("exclude-repositories", gather->excluded, gather->excluded_count, out);
	write_text("names", &gather->names, out);
	write_text("via", &gather->via, out);
	if (!gather->allow_empty)
		return;
	writer_field(out, "allow-empty");
	writer_bool(out, true);
}
