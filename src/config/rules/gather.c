/* A field that was not given is not written. */
#include "config/rules/gather.h"

void gather_write(const struct gather *gather, struct writer *out)
{
	fields_write_list("repositories", gather->repositories, gather->repository_count, out);
	fields_write_list("exclude-repositories", gather->excluded, gather->excluded_count, out);
	fields_write_text("names", &gather->names, out);
	fields_write_text("via", &gather->via, out);
	if (!gather->allow_empty)
		return;
	writer_field(out, "allow-empty");
	writer_bool(out, true);
}
