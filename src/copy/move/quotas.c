/* One record for each project that refused a blob; most runs have none. */
#include "copy/move/quotas.h"

#include "base/map.h"

#include <pthread.h>
#include <string.h>

struct quota {
	int64_t refused;  /* size of the smallest blob that was refused */
	const char *text; /* the registry's error */
};

struct quotas {
	struct arena *arena;
	pthread_mutex_t lock;
	struct map projects;
};

struct quotas *quotas_new(void)
{
	struct arena *arena = arena_new();
	struct quotas *quotas = arena ? arena_new_of(arena, struct quotas) : NULL;
	if (!quotas) {
		arena_free(&arena);
		return NULL;
	}
	quotas->arena = arena;
	pthread_mutex_init(&quotas->lock, NULL);
	return quotas;
}

void quotas_free(struct quotas **quotas)
{
	if (!*quotas)
		return;
	struct arena *arena = (*quotas)->arena;
	map_finish(&(*quotas)->projects);
	pthread_mutex_destroy(&(*quotas)->lock);
	*quotas = NULL;
	arena_free(&arena);
}

static void print_project(const struct store *store, struct buf *out)
{
	buf_printf(out, "%s/%.*s", store->party_name, (int)strcspn(store->path, "/"), store->path);
}

void quotas_refused(struct quotas *quotas, const struct store *store, int64_t size,
		    const struct error *err)
{
	scoped(buf_finish) struct buf key = {0};
	print_project(store, &key);
	pthread_mutex_lock(&quotas->lock);
	struct quota *quota = buf_ok(&key) ? map_get(&quotas->projects, buf_str(&key)) : NULL;
	if (!quota && buf_ok(&key)) {
		quota = arena_new_of(quotas->arena, struct quota);
		if (quota && !map_put(&quotas->projects, buf_str(&key), quota))
			quota = NULL;
	}
	/* Without memory the next blob is sent, and refused by the registry. */
	if (quota && (!quota->text || size < quota->refused))
		*quota = (struct quota){size, arena_string(quotas->arena, err->text)};
	pthread_mutex_unlock(&quotas->lock);
}

bool quotas_allow(struct quotas *quotas, const struct store *store, int64_t size, struct error *err)
{
	scoped(buf_finish) struct buf key = {0};
	bool allowed = true;
	pthread_mutex_lock(&quotas->lock);
	if (quotas->projects.count)
		print_project(store, &key);
	const struct quota *quota = key.len ? map_get(&quotas->projects, buf_str(&key)) : NULL;
	if (quota && quota->text && size >= quota->refused)
		allowed = error_set(err, ERROR_FULL,
				    "%s refused a blob of %lld bytes in this run, so one of %lld "
				    "bytes is not sent: %s",
				    buf_string(&key), (long long)quota->refused, (long long)size,
				    quota->text);
	pthread_mutex_unlock(&quotas->lock);
	return allowed;
}
