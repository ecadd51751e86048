/*
 * Free texts, with a NUL between each two, and the answers to them. Whatever a text is, names that
 * are found are valid ones, and the answer has nothing of it outside of code. The first byte: the
 * policy, which allows all or nothing, and what the copies are called.
 */
#include "fuzz.h"

#include "oci/reference.h"
#include "request/answer.h"
#include "request/judge.h"

static const struct placed all = {"**", "policy:1:1"};

/* Takes spans of code off a line, and requires the rest to be harmless. */
static void check_line(struct str line)
{
	bool code = false;
	size_t bars = 0;
	for (size_t i = 0; i < line.len; i++) {
		char c = line.at[i];
		require(c >= 0x20 && c < 0x7f);
		if (c == '`')
			code = !code;
		require(c != '|' || !code);
		bars += c == '|';
		require(code || !strchr("@<>[]&#\\$", c));
	}
	require(!code);
	require(!bars || bars == 3);
}

static void check_comment(struct str comment)
{
	struct str line;
	bool block = false;
	while (str_cut(&comment, '\n', &line)) {
		if (str_starts(line, "```")) {
			block = !block;
			continue;
		}
		if (!block)
			check_line(line);
		for (size_t i = 0; block && i < line.len; i++)
			require(line.at[i] >= 0x20 && line.at[i] < 0x7f && line.at[i] != '`');
	}
	require(!block);
}

static void check_mention(struct arena *arena, const struct mention *mention, struct str text)
{
	struct reference again;
	struct error err;
	require(mention->line > 0 && mention->column > 0 && mention->shown && *mention->shown);
	require(input_printable(str_of(mention->shown)) && !strchr(mention->shown, '`'));
	require(!mention->ref.host == !!mention->wrong);
	require(text.len > 0);
	if (!mention->ref.host)
		return;
	require(mention->ref.tag || mention->ref.digest);
	const char *name = reference_string(arena, &mention->ref);
	require(name && reference_parse(arena, str_of(name), &again, &err));
	require(strcmp(reference_string(arena, &again), name) == 0);
}

static void check_text(unsigned choice, struct str text)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf comment = {0}, labels = {0};
	struct mentions mentions;
	struct mirror_request request;
	struct judge judge;
	require(arena);
	const struct policy policy = {.allow = {&all, choice & 1},
				      .to = {.host = "reg.test", .repository = "mirror"},
				      .names = choice & 2 ? "flatten" : "full",
				      .max_images = 1 + choice / 8,
				      .who = choice & 4};
	require(judge_prepare(arena, &policy, &judge, &problems) && !problems.error_count);
	require(mentions_find(arena, text, &mentions) && mentions.count <= MENTIONS_MAX);
	for (size_t i = 0; i < mentions.count; i++)
		check_mention(arena, &mentions.items[i], text);
	require(judge_request(arena, &judge, &mentions, &request));
	answer_comment(&request, &comment);
	answer_labels(&request, &labels);
	require(buf_ok(&comment) && buf_ok(&labels) && labels.len && comment.len < ANSWER_MAX);
	check_comment(buf_str(&comment));
	require(answer_good(&request) == (strcmp(answer_result(&request), "success") == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = input_text(data, size), text;
	unsigned choice = input_byte(&rest);
	while (str_cut(&rest, '\0', &text))
		check_text(choice, text);
	return 0;
}
