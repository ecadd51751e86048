/*
 * A run may have a hundred thousand images, most of them in sync, with little to report: a status,
 * a digest, a duration. These take a brief record of 64 bytes, with the digest in binary; all
 * others are kept whole. No record holds a text that the task already has, and sorting relinks the
 * records.
 */
#include "report/tally_list.h"

#include <stdint.h>
#include <string.h>

/* The common beginning of both kinds of record. */
struct tally_record {
	struct tally_record *next;
	const struct task *task;
	uint32_t milliseconds; /* brief records only */
	uint8_t status;        /* of a brief one */
	bool whole;
};

struct brief_record {
	struct tally_record record;
	const char *reason;
	unsigned char hash[TALLY_HASH_SIZE];
};

struct whole_record {
	struct tally_record record;
	struct tally_image image;
};

/* --- digests as numbers -------------------------------------------------------------------- */

static const char digits[] = "0123456789abcdef";

/* The value of a digit, or -1. */
static int value_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* True only for a digest that print_hash() can restore; others need a whole record. */
static bool hash_of(const char *digest, unsigned char hash[TALLY_HASH_SIZE])
{
	struct str text = digest ? str_of(digest) : STR("");
	if (!str_starts(text, TALLY_DIGEST) || text.len != TALLY_DIGEST_SIZE - 1)
		return false;
	text = str_from(text, strlen(TALLY_DIGEST));
	for (size_t i = 0; i < TALLY_HASH_SIZE; i++) {
		int high = value_of(text.at[2 * i]), low = value_of(text.at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		hash[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static void print_hash(const unsigned char hash[TALLY_HASH_SIZE], char digest[TALLY_DIGEST_SIZE])
{
	char *at = digest + strlen(TALLY_DIGEST);
	memcpy(digest, TALLY_DIGEST, sizeof(TALLY_DIGEST));
	for (size_t i = 0; i < TALLY_HASH_SIZE; i++) {
		*at++ = digits[hash[i] >> 4];
		*at++ = digits[hash[i] & 15];
	}
	*at = '\0';
}

/* --- records ------------------------------------------------------------------------------- */

/*
 * True when a brief record can hold the outcome. All bytes are compared, so that no field can be
 * forgotten; padding that is not zero only costs a whole record.
 */
static bool says_little(const struct outcome *outcome)
{
	static const struct outcome nothing;
	struct outcome rest = *outcome;
	rest.status = nothing.status;
	rest.reason = rest.digest = NULL;
	rest.milliseconds = 0;
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c): above */
	bool blank = memcmp(&rest, &nothing, sizeof(rest)) == 0;
	return blank && outcome->status != OUTCOME_FAILED && outcome->milliseconds >= 0 &&
	       outcome->milliseconds <= UINT32_MAX;
}

static struct tally_record *make_brief(struct arena *arena, const struct tally_image *image,
				       const unsigned char hash[TALLY_HASH_SIZE])
{
	struct brief_record *brief = arena_new_of(arena, struct brief_record);
	if (!brief)
		return NULL;
	brief->record.milliseconds = (uint32_t)image->outcome.milliseconds;
	brief->record.status = (uint8_t)image->outcome.status;
	brief->reason = image->outcome.reason;
	memcpy(brief->hash, hash, TALLY_HASH_SIZE);
	return &brief->record;
}

/* Replaces *text by a copy; false without memory. */
static bool keep(struct arena *arena, const char **text)
{
	if (*text)
		*text = arena_string(arena, *text);
	else
		return true;
	return *text != NULL;
}

static struct tally_record *make_whole(struct arena *arena, const struct tally_image *image)
{
	struct whole_record *whole = arena_new_of(arena, struct whole_record);
	if (!whole)
		return NULL;
	whole->record.whole = true;
	whole->image = *image;
	struct outcome *outcome = &whole->image.outcome;
	if (!keep(arena, &outcome->digest) || !keep(arena, &outcome->before) ||
	    !keep(arena, &outcome->after) || !keep(arena, &outcome->warning) ||
	    !keep(arena, &outcome->tag) || !keep(arena, &outcome->error_text))
		return NULL;
	return &whole->record;
}

bool tally_list_add(struct tally_list *list, struct arena *arena, const struct tally_image *image)
{
	unsigned char hash[TALLY_HASH_SIZE];
	bool brief =
		image->task && says_little(&image->outcome) && hash_of(image->outcome.digest, hash);
	struct tally_record *record =
		brief ? make_brief(arena, image, hash) : make_whole(arena, image);
	if (!record)
		return false;
	record->task = image->task;
	if (list->last)
		list->last->next = record;
	else
		list->first = record;
	list->last = record;
	list->count++;
	return true;
}

struct tally_walk tally_list_walk(const struct tally_list *list)
{
	return tally_list_from(list->first);
}

struct tally_walk tally_list_from(const struct tally_record *record)
{
	return (struct tally_walk){.next = record};
}

bool tally_list_next(struct tally_walk *walk)
{
	const struct tally_record *record = walk->next;
	if (!record)
		return false;
	walk->record = record;
	walk->next = record->next;
	if (record->whole) {
		walk->image = ((const struct whole_record *)record)->image;
		return true;
	}
	const struct brief_record *brief = (const struct brief_record *)record;
	print_hash(brief->hash, walk->digest);
	walk->image = (struct tally_image){.task = record->task,
					   .outcome = {.status = record->status,
						       .reason = brief->reason,
						       .digest = walk->digest,
						       .milliseconds = record->milliseconds}};
	return true;
}

/* --- order --------------------------------------------------------------------------------- */

/* Cuts the last number off "images.yaml:3:1"; 0 when there is none. */
static int64_t cut_number(struct str *place)
{
	int64_t number = 0;
	size_t colon = place->len;
	while (colon > 0 && place->at[colon - 1] != ':')
		colon--;
	if (colon > 0 && str_to_int64(str_from(*place, colon), &number))
		*place = str_head(*place, colon - 1);
	return number;
}

static int compare_places(const char *a, const char *b)
{
	struct str left = str_of(a), right = str_of(b);
	int64_t left_column = cut_number(&left), right_column = cut_number(&right);
	int64_t left_line = cut_number(&left), right_line = cut_number(&right);
	if (left_line != right_line)
		return left_line < right_line ? -1 : 1;
	return (left_column > right_column) - (left_column < right_column);
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static const char *place_of(const struct tally_record *record)
{
	if (record->task)
		return record->task->rule->source_place;
	return ((const struct whole_record *)record)->image.rule->source_place;
}

/*
 * The tasks of one rule are one array in the order of its tags: for the same rule and repository,
 * addresses give the order.
 */
static int compare(const struct tally_record *left, const struct tally_record *right)
{
	uintptr_t left_at = (uintptr_t)left->task, right_at = (uintptr_t)right->task;
	int order = compare_places(place_of(left), place_of(right));
	if (!order && left->task && right->task) {
		const struct reference *l = &left->task->destination;
		const struct reference *r = &right->task->destination;
		order = compare_texts(l->host, r->host);
		if (!order)
			order = compare_texts(l->repository, r->repository);
	}
	return order ? order : (left_at > right_at) - (left_at < right_at);
}

static struct tally_record *merge(struct tally_record *left, struct tally_record *right)
{
	struct tally_record *merged = NULL, **end = &merged;
	while (left && right) {
		struct tally_record **less = compare(left, right) <= 0 ? &left : &right;
		*end = *less;
		end = &(*less)->next;
		*less = (*less)->next;
	}
	*end = left ? left : right;
	return merged;
}

/* Takes count (> 0) records off *rest and returns them sorted. */
static struct tally_record *sort(struct tally_record **rest, size_t count)
{
	struct tally_record *one = *rest;
	if (count == 1) {
		*rest = one->next;
		one->next = NULL;
		return one;
	}
	struct tally_record *left = sort(rest, count / 2);
	return merge(left, sort(rest, count - count / 2));
}

void tally_list_sort(struct tally_list *list)
{
	struct tally_record *rest = list->first;
	if (!list->count)
		return;
	list->first = sort(&rest, list->count);
	for (list->last = list->first; list->last->next;)
		list->last = list->last->next;
}
