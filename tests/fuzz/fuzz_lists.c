/*
 * The lists of copied and failed images, read back. An images file becomes images that all failed;
 * the list of them is an images file again, in YAML and in JSON, which means the same images on the
 * same terms. The first byte: whether rules failed as a whole, before they became images.
 */
#include "rules.h"

#include "base/secret.h"
#include "config/rules/images_file.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "report/image_lists.h"

enum { RULES = 40, IMAGES = 120 };

struct images {
	const struct task *at[IMAGES];
	size_t count;
};

static bool same_name(const struct reference *a, const struct reference *b)
{
	return strcmp(a->host, b->host) == 0 && strcmp(a->repository, b->repository) == 0 &&
	       strcmp(reference_target(a), reference_target(b)) == 0;
}

/* A file may say twice, on different terms, what goes to a place: the first is kept. */
static bool taken(const struct images *images, const struct task *task)
{
	for (size_t i = 0; i < images->count; i++)
		if (same_name(&images->at[i]->destination, &task->destination))
			return true;
	return images->count == IMAGES;
}

/* False when the file has mistakes: then there is no run, and no list. */
static bool read_rules(struct arena *arena, const struct node *root, bool json,
		       struct plan_rule **out, size_t *count)
{
	scoped(problem_finish) struct problems problems = {0};
	struct document document = {.name = "fuzz", .json = json, .root = root};
	struct rules rules = {0};
	images_file_read(arena, &document, &some_variables, &rules, &problems);
	require(plan_parse(arena, &rules, out, count, &problems));
	return !problems.error_count;
}

static bool expand(struct arena *arena, const struct plan_rule *rule, struct images *images)
{
	scoped(problem_finish) struct problems warnings = {0};
	struct task *tasks = NULL;
	size_t count = 0;
	struct error err = {0};
	if (!plan_expand(arena, &(struct expanding){rule, &some_catalog, &warnings}, &tasks, &count,
			 &err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!taken(images, &tasks[i]))
			images->at[images->count++] = &tasks[i];
	return true;
}

/* With what a run without options adds. */
static struct terms whole_terms(const struct task *task)
{
	static const struct companion_filter none = {.all = false};
	static const struct terms general = {.companions = &none, .on_change = CHANGE_OVERWRITE};
	struct terms terms = *rule_terms(task->rule);
	terms_complete(&terms, &general);
	return terms;
}

static void check_same(const struct images *images, const struct task *task)
{
	for (size_t i = 0; i < images->count; i++) {
		const struct task *other = images->at[i];
		struct terms a = whole_terms(task), b = whole_terms(other);
		if (!same_name(&other->destination, &task->destination))
			continue;
		require(same_name(&other->source, &task->source));
		require(!terms_difference(&a, &b));
		return;
	}
	require(!"an image of the run is in its list");
}

static void read_back(struct arena *arena, struct str text, bool json, const struct images *images)
{
	struct plan_rule *rules = NULL;
	const struct node *root = NULL;
	struct images again = {.count = 0};
	struct error err = {0};
	size_t count = 0;
	require(json ? json_read(arena, text, &root, &err) : yaml_read(arena, text, &root, &err));
	if (!images->count)
		return;
	require(read_rules(arena, root, json, &rules, &count));
	for (size_t i = 0; i < count; i++)
		require(expand(arena, &rules[i], &again));
	require(again.count == images->count);
	for (size_t i = 0; i < images->count; i++)
		check_same(&again, images->at[i]);
}

static void check_list(struct arena *arena, const struct tally *tally, const struct images *images)
{
	for (int json = 0; json < 2; json++) {
		scoped(buf_finish) struct buf list = {0};
		image_lists_write(tally, OUTCOME_FAILED, json, &list);
		require(buf_ok(&list));
		read_back(arena, buf_str(&list), json, images);
	}
}

static void add(struct tally *tally, struct arena *arena, const struct task *task,
		const struct rule *rule)
{
	tally_add(tally, arena,
		  &(struct tally_image){.task = task,
					.rule = rule,
					.outcome = {.status = OUTCOME_FAILED,
						    .reason = "failed",
						    .error_kind = ERROR_DENIED,
						    .error_text = "denied"}});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	struct plan_rule *rules = NULL;
	const struct node *root = NULL;
	struct tally tally = {0};
	struct images images = {.count = 0};
	struct error err = {0};
	size_t count = 0;
	require(arena);
	bool whole = input_byte(&rest) % 2;
	if (!yaml_read(arena, rest, &root, &err) ||
	    !read_rules(arena, root, false, &rules, &count) || count > RULES)
		return 0;
	for (size_t i = 0; i < count; i++) {
		size_t before = images.count;
		if (!expand(arena, &rules[i], &images))
			continue;
		for (size_t j = before; j < images.count && !whole; j++)
			add(&tally, arena, images.at[j], NULL);
		if (whole && images.count > before)
			add(&tally, arena, NULL, rules[i].rule);
	}
	check_list(arena, &tally, &images);
	secret_forget();
	return 0;
}
