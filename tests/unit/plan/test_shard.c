/* --shard: each rule belongs to one part, parts are alike in size, and little moves. */
#include "plan/shard.h"

#include "base/arena.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RULES = 400 };

/* Rules in pairs that write to the same repository. */
static void make(struct arena *arena, struct plan_rule *rules, size_t count)
{
	struct rule *written = arena_array(arena, count, sizeof(*written));
	for (size_t i = 0; i < count; i++) {
		struct reference *name = arena_new_of(arena, struct reference);
		*name = (struct reference){.host = "registry.example.com",
					   .repository =
						   arena_printf(arena, "team/app-%zu", i / 2)};
		written[i].source_place = arena_printf(arena, "%zu", i);
		rules[i] = (struct plan_rule){.destination.name = name, .rule = &written[i]};
	}
}

/* The part that each rule belongs to, by its number. */
static void owners(struct arena *arena, size_t count, unsigned parts, unsigned *owner)
{
	struct plan_rule rules[RULES + 2];
	for (size_t i = 0; i < count; i++)
		owner[i] = UINT32_MAX;
	for (unsigned part = 0; part < parts; part++) {
		size_t kept = count;
		make(arena, rules, count);
		assert_true(shard_select(rules, &kept, part, parts));
		for (size_t i = 0, last = 0; i < kept; i++) {
			size_t number = 0;
			for (const char *at = rules[i].rule->source_place; *at; at++)
				number = 10 * number + (size_t)(*at - '0');
			assert_true(i == 0 || number > last); /* in their order */
			assert_true(number < count && owner[number] == UINT32_MAX);
			owner[number] = part;
			last = number;
		}
	}
}

static void test_partition(void **state)
{
	static const unsigned parts[] = {1, 2, 3, 7, 16, 200, 1000};
	(void)state;
	for (size_t p = 0; p < array_count(parts); p++) {
		scoped(arena_free) struct arena *arena = arena_new();
		unsigned owner[RULES], load[1000] = {0};
		owners(arena, RULES, parts[p], owner);
		for (size_t i = 0; i < RULES; i += 2) {
			assert_true(owner[i] < parts[p]);
			assert_int_equal(owner[i], owner[i + 1]);
			load[owner[i]]++;
		}
		unsigned room = (5 * RULES / 2 + 4 * parts[p] - 1) / (4 * parts[p]);
		for (unsigned i = 0; i < parts[p]; i++)
			assert_true(load[i] <= room);
	}
}

/* With one repository more, or one part more, most stay where they are. */
static void test_stable(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	unsigned before[RULES], after[RULES + 2], moved = 0;
	(void)state;
	owners(arena, RULES, 8, before);
	owners(arena, RULES + 2, 8, after);
	for (size_t i = 0; i < RULES; i++)
		moved += before[i] != after[i];
	assert_true(moved <= RULES / 50);
	owners(arena, RULES, 9, after);
	moved = 0;
	for (size_t i = 0; i < RULES; i++)
		moved += before[i] != after[i];
	assert_in_range(moved, 1, RULES / 3);
}

/* Written down: another release must not deal the work out in another way. */
static void test_fixed(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	static const char expected[] = "0202031322332113";
	unsigned owner[32];
	char text[17] = "";
	(void)state;
	owners(arena, 32, 4, owner);
	for (size_t i = 0; i < 16; i++)
		text[i] = (char)('0' + owner[2 * i]);
	assert_string_equal(text, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_partition),
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_fixed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
