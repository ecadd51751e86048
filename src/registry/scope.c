/*
 * A token server may grant less than was asked for without saying so. Another request for the same
 * scope is useless, but one for a larger scope that the registry names may help.
 */
#include "registry/scope.h"

#include "base/str.h"

#include <string.h>

const char *scope_default(struct arena *arena, const char *name, bool push, const char *from)
{
	const char *actions = push ? "pull,push" : "pull";
	if (from && strcmp(from, name) != 0)
		return arena_printf(arena, "repository:%s:%s repository:%s:pull", name, actions,
				    from);
	return arena_printf(arena, "repository:%s:%s", name, actions);
}

static bool lists(struct str actions, struct str action)
{
	struct str one;
	while (str_cut(&actions, ',', &one))
		if (str_equal(one, action))
			return true;
	return false;
}

/* True when some scope of the list ours grants everything that scope asks for. */
static bool grants(const char *ours, struct str scope)
{
	struct str rest = str_of(ours);
	struct str mine;
	size_t name = scope.len;
	while (name && scope.at[name - 1] != ':')
		name--;
	while (str_cut(&rest, ' ', &mine)) {
		struct str wanted = str_from(scope, name);
		struct str action;
		bool all = str_equal(str_head(mine, name), str_head(scope, name));
		while (all && str_cut(&wanted, ',', &action))
			all = lists(str_from(mine, name), action);
		if (all)
			return true;
	}
	return false;
}

bool scope_covers(const char *ours, const char *theirs)
{
	struct str rest = str_of(theirs);
	struct str scope;
	while (str_cut(&rest, ' ', &scope))
		if (scope.len && !grants(ours, scope))
			return false;
	return true;
}
