/* A sentence for each, with the name first where it is the subject. */
#include "report/pruned.h"

const char *pruned_status_name(enum pruned_status status)
{
	static const char *const names[PRUNED_STATUSES] = {"removed", "would-remove", "left",
							   "failed"};
	return names[status];
}

void pruned_print(const struct pruned *pruned, struct buf *out)
{
	static const char *const words[PRUNED_STATUSES] = {
		"prune: removed ", "prune: would remove ", "prune: left ", "prune: "};
	buf_add_string(out, words[pruned->status]);
	reference_print(&pruned->name, out);
	if (pruned->text)
		buf_printf(out, ": %s", pruned->text);
	if (pruned->text && pruned->place)
		buf_printf(out, " (%s)", pruned->place);
}
