/*
 * The report for machines: lines of the input become images and their outcomes; what is written is
 * JSON that says the same, and holds no secret.
 */
#include "fuzz.h"

#include "base/log.h"
#include "base/secret.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "report/image_lists.h"
#include "report/report_json.h"
#include "report/summary.h"

static const char canary[] = "Canary-Pa55word";

/* tag, status, digest, text, place; '|' between them. */
static void add(struct tally *tally, struct arena *arena, struct str line)
{
	static const struct terms terms = {.on_change = CHANGE_OVERWRITE};
	static const struct rule rule = {.source_place = "fuzz.yaml:1:1", .terms = &terms};
	struct task *task = arena_new_of(arena, struct task);
	require(task);
	struct str word = input_part(&line, '|');
	const char *tag = reference_tag_valid(word) ? input_string(arena, word) : "latest";
	unsigned number = input_byte(&line);
	*task = (struct task){.source = {"reg.test", "team/app", tag, NULL},
			      .destination = {"to.test", "team/app", tag, NULL},
			      .rule = &rule};
	struct outcome outcome = {.status = number % 4,
				  .reason = number & 4 ? "missing" : "differs",
				  .bytes = (int64_t)number << (number % 40),
				  .blobs_copied = number,
				  .platforms = number % 3,
				  .milliseconds = (int64_t)number * 997,
				  .error_kind = ERROR_DENIED};
	outcome.digest = input_string(arena, input_part(&line, '|'));
	if (outcome.status == OUTCOME_FAILED)
		outcome.error_text = input_string(arena, input_part(&line, '|'));
	tally->total++;
	tally_add(tally, arena, &(struct tally_image){.task = task, .outcome = outcome});
}

static void check_text(const struct node *node, const char *expected)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(str_of(expected), 0, &clean);
	require(node && str_equal(node_string(node), buf_str(&clean)));
}

static bool take(void *text, struct str piece, struct error *err)
{
	(void)err;
	buf_add_str(text, piece);
	return true;
}

static void check_json(struct arena *arena, const struct tally *tally)
{
	scoped(buf_finish) struct buf text = {0};
	const struct node *root = NULL;
	struct error err = {0};
	require(report_json_write(tally, take, &text, &err));
	require(buf_ok(&text) && !strstr(buf_string(&text), canary));
	require(json_read(arena, buf_str(&text), &root, &err));
	const struct node *images = node_get(root, "images");
	require(images && images->count == tally->list.count);
	struct tally_walk walk = tally_list_walk(&tally->list);
	for (size_t i = 0; tally_list_next(&walk); i++) {
		const struct tally_image *image = &walk.image;
		const struct node *failure = node_get(images->items[i], "error");
		if (image->outcome.status == OUTCOME_FAILED)
			check_text(node_get(failure, "message"), tally_failure(image));
		else
			require(!failure);
	}
}

static void check_lists(struct arena *arena, const struct tally *tally)
{
	for (enum outcome_status status = OUTCOME_COPIED; status <= OUTCOME_FAILED; status++) {
		scoped(buf_finish) struct buf json = {0};
		scoped(buf_finish) struct buf yaml = {0};
		const struct node *a = NULL, *b = NULL;
		struct error err = {0};
		image_lists_write(tally, status, true, &json);
		image_lists_write(tally, status, false, &yaml);
		require(json_read(arena, buf_str(&json), &a, &err));
		require(yaml_read(arena, buf_str(&yaml), &b, &err));
		require(a->kind == NODE_MAP && a->count == b->count);
		for (size_t i = 0; i < a->count; i++)
			require(str_equal(a->keys[i]->text, b->keys[i]->text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf summary = {0};
	struct str rest = input_text(data, size);
	struct tally tally = {0};
	require(arena);
	secret_register(str_of(canary));
	while (rest.len && tally.total < 50)
		add(&tally, arena, input_part(&rest, '\n'));
	tally_list_sort(&tally.list);
	check_json(arena, &tally);
	check_lists(arena, &tally);
	summary_write(&tally, &(struct changes_view){.report = "r.json"}, &summary);
	require(!strstr(buf_string(&summary), canary));
	struct str lines = buf_str(&summary);
	while (lines.len)
		require(input_printable(input_part(&lines, '\n')));
	secret_forget();
	return 0;
}
