/*
 * Rules and what becomes of them. The first table is that of tests/e2e/test_differential.py, row by
 * row; the rows that a configuration file can show without a registry are also in
 * tests/cases/rules.txt.
 */
#include "config/rules/prune_field.h"
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define A16 "aaaaaaaaaaaaaaaa"
#define B16 "bbbbbbbbbbbbbbbb"
#define HEX64 A16 A16 A16 A16
#define DG "sha256:" HEX64
#define DG2 "sha256:" B16 B16 B16 B16
#define A256 HEX64 HEX64 HEX64 HEX64

/* The tags that every repository of the example table lists. */
#define ALL(source, destination)                                                                   \
	source ":v1 > " destination ":v1; " source ":v2 > " destination ":v2; " source             \
	       ":latest > " destination ":latest; " source ":1.0-arm > " destination ":1.0-arm"

#define V12(source, destination)                                                                   \
	source ":v1 > " destination ":v1; " source ":v2 > " destination ":v2"
#define V12X(source, destination)                                                                  \
	source ":v2 > " destination ":v2; " source ":v1 > " destination ":v1"

struct row {
	int number;
	const char *source, *destination;
	const char *tasks; /* NULL: a mistake that plan_parse() tells */
	const char *error; /* part of what is said; NULL: nothing */
};

static const struct row rows[] = {
	{1, "nginx", "reg.io/m/nginx", ALL("docker.io/library/nginx", "reg.io/m/nginx"), NULL},
	{2, "nginx:v1", "reg.io/m/nginx", "docker.io/library/nginx:v1 > reg.io/m/nginx:v1", NULL},
	{2, "nginx:v1", "reg.io/m/nginx:x", "docker.io/library/nginx:v1 > reg.io/m/nginx:x", NULL},
	{3, "library/nginx", "reg.io/m/nginx", ALL("docker.io/library/nginx", "reg.io/m/nginx"),
	 NULL},
	{4, "library/nginx:v1", "reg.io/m/nginx", "docker.io/library/nginx:v1 > reg.io/m/nginx:v1",
	 NULL},
	{5, "coreos/flannel", "reg.io/m/f", ALL("docker.io/coreos/flannel", "reg.io/m/f"), NULL},
	{6, "docker.io/nginx", "reg.io/m/n", ALL("docker.io/library/nginx", "reg.io/m/n"), NULL},
	{7, "index.docker.io/library/nginx:v1", "reg.io/m/n",
	 "docker.io/library/nginx:v1 > reg.io/m/n:v1", NULL},
	{8, "index.docker.io/library/nginx", "reg.io/m/n",
	 ALL("docker.io/library/nginx", "reg.io/m/n"), NULL},
	{9, "registry-1.docker.io/library/nginx:v1", "reg.io/m/n",
	 "registry-1.docker.io/library/nginx:v1 > reg.io/m/n:v1", NULL},
	{10, "reg.io/a/b:v1", "nginx", "reg.io/a/b:v1 > docker.io/library/nginx:v1", NULL},
	{11, "reg.io/a/b:v1", "nginx:x", "reg.io/a/b:v1 > docker.io/library/nginx:x", NULL},
	{12, "reg.io/a/b:v1", "me/nginx", "reg.io/a/b:v1 > docker.io/me/nginx:v1", NULL},
	{13, "reg.io/a/b:v1", "reg2.io", NULL, "registry without repository"},
	{13, "reg.io/a/b:v1", "reg2.io:5000", NULL, "registry without repository"},
	{14, "reg.io/a/b:v1", "reg2.io/", NULL, "registry without repository"},
	{14, "reg.io/a/b:v1", "reg2.io:5000/", NULL, "registry without repository"},
	{15, "reg.io/a/b:v1,v2", "reg2.io/c/d",
	 "reg.io/a/b:v1 > reg2.io/c/d:v1; reg.io/a/b:v2 > reg2.io/c/d:v2", NULL},
	{15, "reg.io/a/b:v1,v2", "reg2.io/c/d:x,y",
	 "reg.io/a/b:v1 > reg2.io/c/d:x; reg.io/a/b:v2 > reg2.io/c/d:y", NULL},
	{16, "reg.io/a/b:v1,v2", "reg2.io/c/d:x", NULL, "is not matched: 2 and 1"},
	{16, "reg.io/a/b:v1,v2", "reg2.io/c/d@" DG, NULL, "is not matched: 2 and 1"},
	{17, "reg.io/a/b:v1", "reg2.io/c/d:x,y", NULL, "is not matched: 1 and 2"},
	{17, "reg.io/a/b@" DG, "reg2.io/c/d:x,y", NULL, "is not matched: 1 and 2"},
	{18, "reg.io/a/b:v1, v2", "reg2.io/c/d", NULL, "must not contain blanks"},
	{19, "reg.io/a/b:v1,", "reg2.io/c/d", NULL, "empty item"},
	{19, "reg.io/a/b:v1,,v2", "reg2.io/c/d", NULL, "empty item"},
	{20, "reg.io/a/b:v1,v2", "reg2.io/c/d:x,", NULL, "empty item"},
	{21, "reg.io/a/b:v1,v1", "reg2.io/c/d", "reg.io/a/b:v1 > reg2.io/c/d:v1", NULL},
	{22, "reg.io/a/b,v2", "reg2.io/c/d", NULL, "the first item of the list has no tag"},
	{22, "nginx,v2", "reg2.io/c/d", NULL, "the first item of the list has no tag"},
	{23, "reg.io/a/b@" DG, "reg2.io/c/d", "reg.io/a/b@" DG " > reg2.io/c/d@" DG, NULL},
	{23, "reg.io/a/b@" DG, "reg2.io/c/d@" DG, "reg.io/a/b@" DG " > reg2.io/c/d@" DG, NULL},
	{24, "reg.io/a/b@" DG, "reg2.io/c/d@" DG2, NULL,
	 "digest of source and destination must match"},
	{25, "reg.io/a/b@" DG, "reg2.io/c/d:v1", "reg.io/a/b@" DG " > reg2.io/c/d:v1", NULL},
	{26, "reg.io/a/b:v1", "reg2.io/c/d@" DG, "reg.io/a/b:v1 > reg2.io/c/d@" DG, NULL},
	{27, "reg.io/a/b:v9@" DG, "reg2.io/c/d", "reg.io/a/b@" DG " > reg2.io/c/d:v9", NULL},
	{28, "reg.io/a/b:v9@" DG, "reg2.io/c/d:v9@" DG, "reg.io/a/b@" DG " > reg2.io/c/d:v9@" DG,
	 NULL},
	{28, "reg.io/a/b:v9@" DG, "reg2.io/c/d:v9@" DG2, NULL, "must match"},
	{29, "reg.io/a/b@" DG "," DG2, "reg2.io/c/d",
	 "reg.io/a/b@" DG " > reg2.io/c/d@" DG "; reg.io/a/b@" DG2 " > reg2.io/c/d@" DG2, NULL},
	{29, "reg.io/a/b@" DG "," DG2, "reg2.io/c/d:x,y",
	 "reg.io/a/b@" DG " > reg2.io/c/d:x; reg.io/a/b@" DG2 " > reg2.io/c/d:y", NULL},
	{30, "reg.io/a/b:v1," DG2, "reg2.io/c/d",
	 "reg.io/a/b:v1 > reg2.io/c/d:v1; reg.io/a/b@" DG2 " > reg2.io/c/d@" DG2, NULL},
	{31, "reg.io/a/b:v1,v2", "reg2.io/c/d@" DG "," DG2,
	 "reg.io/a/b:v1 > reg2.io/c/d@" DG "; reg.io/a/b:v2 > reg2.io/c/d@" DG2, NULL},
	{32, "reg.io/a/b@sha256:abc", "reg2.io/c/d", NULL, "invalid digest"},
	{32, "reg.io/a@md5:abc", "reg2.io/c/d", NULL, "unsupported digest algorithm"},
	{32, "reg.io/a@sha512:" HEX64 HEX64, "reg2.io/c/d",
	 "reg.io/a@sha512:" HEX64 HEX64 " > reg2.io/c/d@sha512:" HEX64 HEX64, NULL},
	{33, "reg.io/a/b:/v.*/", "reg2.io/c/d", V12("reg.io/a/b", "reg2.io/c/d"), NULL},
	{33, "reg.io/a/b:/^v\\d$/", "reg2.io/c/d", V12("reg.io/a/b", "reg2.io/c/d"), NULL},
	{33, "reg.io:5000/a/b:/v.*/", "reg2.io/c/d", V12("reg.io:5000/a/b", "reg2.io/c/d"), NULL},
	{34, "reg.io/a/b:/none/", "reg2.io/c/d", "",
	 "pattern /none/ finds none of the 4 tags of reg.io/a/b"},
	{34, "reg.io/a/b:/none/", "reg2.io/c/d:x", "", "is not matched: 0 and 1"},
	{35, "reg.io/a/b:/v.*/", "reg2.io/c/d:x,y",
	 "reg.io/a/b:v1 > reg2.io/c/d:x; reg.io/a/b:v2 > reg2.io/c/d:y", NULL},
	{35, "reg.io/a/b:/v.*/", "reg2.io/c/d:x", "", "is not matched: 2 and 1"},
	{36, "reg.io/a/b:/v.*", "reg2.io/c/d", NULL, "must start and end with \"/\""},
	{36, "reg.io/a/b:/", "reg2.io/c/d", NULL, "must start and end with \"/\""},
	{37, "reg.io/a/b:/(/", "reg2.io/c/d", NULL,
	 "pattern /(/: missing closing ): `(` at character 1"},
	{37, "reg.io/a/b:/v(?=x)/", "reg2.io/c/d", NULL,
	 "look-ahead is not supported: `(?=` at character 2"},
	{38, "reg.io/a/b://", "reg2.io/c/d", ALL("reg.io/a/b", "reg2.io/c/d"), NULL},
	{38, "nginx://", "reg2.io/c/d", ALL("docker.io/library/nginx", "reg2.io/c/d"), NULL},
	{39, "reg.io/a/b:/a/,/b/", "reg2.io/c/d",
	 "reg.io/a/b:latest > reg2.io/c/d:latest; reg.io/a/b:1.0-arm > reg2.io/c/d:1.0-arm",
	 "pattern /b/ finds none of the 4 tags"},
	{40, "reg.io/a/b:/v1/,v2", "reg2.io/c/d", V12("reg.io/a/b", "reg2.io/c/d"), NULL},
	{41, "nginx:/v.*/", "reg2.io/c/d", V12("docker.io/library/nginx", "reg2.io/c/d"), NULL},
	{42, "reg.io/A/b:/v.*/", "reg2.io/c/d", NULL, "repository name must be lowercase"},
	{42, "reg.io/A/B:v1", "reg2.io/c/d", NULL, "repository name must be lowercase"},
	{43, "reg.io/a/b:v1,v2", "reg2.io/c/d:/v.*/", V12("reg.io/a/b", "reg2.io/c/d"), NULL},
	{44, "reg.io/a/b:v1", "reg2.io/c/d:/v1/", "reg.io/a/b:v1 > reg2.io/c/d:v1", NULL},
	{44, "reg.io/a/b:v1", "reg2.io/c/d:/x/", NULL, "is not matched: 1 and 0"},
	{45, "reg.io/a/b:/v1|v2/", "reg2.io/c/d:v1,v2", V12("reg.io/a/b", "reg2.io/c/d"), NULL},
	{46, "reg.io/a/b", "reg2.io/c/d:/v.*/", "", "is not matched: 4 and 2"},
	{46, "reg.io/a/b", "reg2.io/c/d:/v1/", "", "is not matched: 4 and 1"},
	{47, "reg.io/a/b", "reg2.io/c/d:x", "",
	 "reg.io/a/b to reg2.io/c/d: the number of tags of source and destination is not "
	 "matched: 4 and 1"},
	{47, "one.io/a/b", "reg2.io/c/d:x", "one.io/a/b:v1 > reg2.io/c/d:x", NULL},
	{47, "reg.io/a/b", "reg2.io/c/d:a,b,c,d",
	 "reg.io/a/b:v1 > reg2.io/c/d:a; reg.io/a/b:v2 > reg2.io/c/d:b; "
	 "reg.io/a/b:latest > reg2.io/c/d:c; reg.io/a/b:1.0-arm > reg2.io/c/d:d",
	 NULL},
	{48, "https://reg.io/a/b:v1", "reg2.io/c/d", NULL, "no scheme allowed"},
	{48, "https://reg.io/a/b:/v1/", "reg2.io/c/d", NULL, "no scheme allowed"},
	{49, "reg.io/a/b:v1", "reg2.io/C/d", NULL,
	 "destination \"reg2.io/C/d\": repository name must"},
	{50, "reg.io/a:-v1", "reg2.io/c/d", NULL, "tag starts with '-'"},
	{50, "reg.io/a:v 1", "reg2.io/c/d", NULL, "blanks"},
	{50, "reg.io/a:" A16 A16 A16 A16 A16 A16 A16 A16 "a", "reg2.io/c/d", NULL, "129"},
	{50, "a/b:v1:v2", "reg2.io/c/d", NULL, "invalid tag"},
	{50, "a//b:v1", "reg2.io/c/d", NULL, "empty component"},
	{50, "/a/b:v1", "reg2.io/c/d", NULL, "starts with '/'"},
	{50, " a/b:v1", "reg2.io/c/d", NULL, "blanks"},
	{50, "a/b:v1 ", "reg2.io/c/d", NULL, "blanks"},
	{51, HEX64, "reg2.io/c/d", NULL, "64-byte hexadecimal"},
	{51, "reg.io/" A256, "reg2.io/c/d", NULL, "255 characters"},
	{52, "localhost/a:v1", "reg2.io/c", "localhost/a:v1 > reg2.io/c:v1", NULL},
	{52, "localhost:5000/a:v1", "reg2.io/c", "localhost:5000/a:v1 > reg2.io/c:v1", NULL},
	{52, "127.0.0.1:5000/a:v1", "reg2.io/c", "127.0.0.1:5000/a:v1 > reg2.io/c:v1", NULL},
	{52, "reg.io/a_b__c/d-e.f:v1", "reg2.io/c", "reg.io/a_b__c/d-e.f:v1 > reg2.io/c:v1", NULL},
	{53, "[::1]:5000/a:v1", "reg2.io/c", "[::1]:5000/a:v1 > reg2.io/c:v1", NULL},
	{53, "[::1]:5000/a", "reg2.io/c", ALL("[::1]:5000/a", "reg2.io/c"), NULL},
	{54, "Reg.IO/a:v1", "reg2.io/c", "reg.io/a:v1 > reg2.io/c:v1", NULL},
	{54, "REG/a:v1", "reg2.io/c", NULL, "lowercase"},
	{54, "reg/a:v1", "reg2.io/c", "docker.io/reg/a:v1 > reg2.io/c:v1", NULL},
	{55, "hub.docker.com/_/mysql", "reg2.io/c", NULL, "write docker.io/library/mysql"},
	{55, "registry.hub.docker.com/library/nginx:v1", "reg2.io/c",
	 "registry.hub.docker.com/library/nginx:v1 > reg2.io/c:v1", NULL},
	/* beyond the table */
	{101, "reg.io/a:v1", "reg2.io/c:,", NULL, "empty tag"},
	{102, "reg.io/a:,v1", "reg2.io/c", NULL, "empty tag"},
	{103, ",v1", "reg2.io/c", NULL, "empty item"},
	{104, "reg.io/a:v1,reg.io/b:v1", "reg2.io/c", NULL, "one repository only"},
	{105, "reg.io/a:v1,v9@" DG, "reg2.io/c:x,y",
	 "reg.io/a:v1 > reg2.io/c:x; reg.io/a@" DG " > reg2.io/c:y", NULL},
	{106, "reg.io/a:v1,md5:abc", "reg2.io/c", NULL, "unsupported digest algorithm"},
	{107, "reg.io/a:v1,v1,v2", "reg2.io/c:x,x,y",
	 "reg.io/a:v1 > reg2.io/c:x; reg.io/a:v2 > reg2.io/c:y", NULL},
	{108, "reg.io/a:v1,v1", "reg2.io/c:x,y",
	 "reg.io/a:v1 > reg2.io/c:x; reg.io/a:v1 > reg2.io/c:y", NULL},
	{109, "reg.io/a:v1,v2", "reg2.io/c:x,x", NULL,
	 "two sources for one destination: reg2.io/c:x"},
	{110, "reg.io/a@" DG "," DG2, "reg2.io/c@" DG2 "," DG, NULL, "must match"},
	{111, "none.io/a", "reg2.io/c", "", "none.io/a has no tags: nothing to copy"},
	{112, "none.io/a", "reg2.io/c:x", "", "is not matched: 0 and 1"},
	{113, "bad.io/a", "reg2.io/c", "", "bad.io/a: the registry lists an invalid tag: ../x"},
	{114, "down.io/a", "reg2.io/c", "", "down.io is down"},
	{115, "one.io/a", "reg2.io/c@" DG, "one.io/a:v1 > reg2.io/c@" DG, NULL},
	/* how items are told apart */
	{120, "reg.io/a:/v{1,2}/", "reg2.io/c", V12("reg.io/a", "reg2.io/c"), NULL},
	{120, "reg.io/a:/^v{1,2}[12]$/", "reg2.io/c", V12("reg.io/a", "reg2.io/c"), NULL},
	{121, "reg.io/a:/a/b/", "reg2.io/c", "", "pattern /a/b/ finds none"},
	{121, "reg.io/a:/a\\/,1|v1/", "reg2.io/c", "reg.io/a:v1 > reg2.io/c:v1", NULL},
	{121, "reg.io/a:/a\\\\/,v1", "reg2.io/c:x", "reg.io/a:v1 > reg2.io/c:x",
	 "pattern /a\\\\/ finds none"},
	{122, "reg.io/a:/v1/,b/", "reg2.io/c", NULL, "\"b/\": a list names tags or digests"},
	{122, "reg.io/a:/v1/,/v2", "reg2.io/c", NULL, "\"/v2\": a tag pattern must start and end"},
	{123, "reg.io/a:/v1/,", "reg2.io/c", NULL, "\"reg.io/a:/v1/,\": empty item"},
	{123, "reg.io/a:/v1/,,v2", "reg2.io/c", NULL, "empty item"},
	{124, "reg.io/a:v1:/v2/", "reg2.io/c", NULL, "separated by ','"},
	{124, "reg.io/a@" DG ":/v2/", "reg2.io/c", NULL, "separated by"},
	{125, "reg.io:/v1/", "reg2.io/c", NULL, "registry without repository"},
	{126, "https://", "reg2.io/c", ALL("docker.io/library/https", "reg2.io/c"), NULL},
	{126, "a://,v9", "reg2.io/c",
	 ALL("docker.io/library/a", "reg2.io/c") "; docker.io/library/a:v9 > reg2.io/c:v9", NULL},
	/* the order of a mixed list, and what is named twice */
	{130, "reg.io/a:v2,/v/", "reg2.io/c",
	 "reg.io/a:v2 > reg2.io/c:v2; reg.io/a:v1 > reg2.io/c:v1", NULL},
	{131, "reg.io/a:/v/,v1", "reg2.io/c:x,y",
	 "reg.io/a:v2 > reg2.io/c:x; reg.io/a:v1 > reg2.io/c:y", NULL},
	{132, "reg.io/a:/2/,/v/,v9", "reg2.io/c",
	 V12X("reg.io/a", "reg2.io/c") "; reg.io/a:v9 > reg2.io/c:v9", NULL},
	{133, "reg.io/a:/v/,v1@" DG, "reg2.io/c",
	 "reg.io/a:v2 > reg2.io/c:v2; reg.io/a@" DG " > reg2.io/c:v1", NULL},
	{134, "reg.io/a:/v1/," DG, "reg2.io/c:x,y",
	 "reg.io/a:v1 > reg2.io/c:x; reg.io/a@" DG " > reg2.io/c:y", NULL},
	{135, "reg.io/a:v1@" DG ",v2", "reg2.io/c:/v/",
	 "reg.io/a@" DG " > reg2.io/c:v1; reg.io/a:v2 > reg2.io/c:v2", NULL},
	{136, "reg.io/a@" DG, "reg2.io/c:/^sha256:a/", "reg.io/a@" DG " > reg2.io/c@" DG, NULL},
	{137, "reg.io/a:v1,v2", "reg2.io/c:x,/v2/",
	 "reg.io/a:v1 > reg2.io/c:x; reg.io/a:v2 > reg2.io/c:v2", NULL},
	/* a pattern that would take for ever */
	{141, "long.io/a:/(a+)+$/", "reg2.io/c", "",
	 "pattern /(a+)+$/: takes too long on \"" A16 A16 "_\""},
	{142, "reg.io/a:" A16 A16 "_", "reg2.io/c:/(a+)+$/", NULL,
	 "to reg2.io/c (i.yaml:3:22): pattern /(a+)+$/: takes too long"},
};

static bool list_tags(void *ctx, struct arena *arena, const struct reference *source,
		      const char *const **tags, size_t *count, struct error *err)
{
	static const char *const listed[] = {"v1", "v2", "latest", "1.0-arm"};
	static const char *const bad[] = {"v1", "../x"};
	static const char *const runaway[] = {A16 A16 "_"};
	bool is_bad = strcmp(source->host, "bad.io") == 0;
	(void)arena;
	assert_null(source->tag);
	assert_null(source->digest);
	++*(int *)ctx;
	if (strcmp(source->host, "down.io") == 0)
		return error_set(err, ERROR_UNAVAILABLE, "down.io is down");
	*tags = is_bad ? bad : listed;
	*count = is_bad ? 2 : 4;
	if (strcmp(source->host, "long.io") == 0)
		*tags = runaway;
	if (strcmp(source->host, "one.io") == 0 || strcmp(source->host, "long.io") == 0)
		*count = 1;
	if (strcmp(source->host, "none.io") == 0)
		*count = 0;
	return true;
}

/* Plans all rules; tasks go to out as "source > destination; ...", messages to errors. */
static void plan(const struct rules *rules, struct buf *out, struct problems *problems,
		 struct buf *errors)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct plan_rule *planned;
	size_t rule_count;
	int listings = 0;
	const struct catalog catalog = {.tags = list_tags, .ctx = &listings};
	assert_true(plan_parse(arena, rules, &planned, &rule_count, problems));
	assert_int_equal(listings, 0);
	for (size_t i = 0; i < rule_count; i++) {
		struct task *tasks;
		size_t count;
		struct error err = {0};
		if (!plan_expand(arena, &(struct expanding){&planned[i], &catalog, problems, false},
				 &tasks, &count, &err)) {
			buf_add_string(errors, err.text);
			continue;
		}
		for (size_t j = 0; j < count; j++) {
			buf_add_string(out, out->len ? "; " : "");
			reference_print(&tasks[j].source, out);
			buf_add_string(out, " > ");
			reference_print(&tasks[j].destination, out);
			assert_ptr_equal(tasks[j].rule, planned[i].rule);
		}
	}
}

static void check_row(const struct row *row)
{
	scoped(buf_finish) struct buf out = {0};
	scoped(buf_finish) struct buf errors = {0};
	scoped(problem_finish) struct problems problems = {0};
	struct rule rule = {.source = row->source,
			    .destination = row->destination,
			    .source_place = "i.yaml:3:1",
			    .destination_place = "i.yaml:3:22"};
	plan(&(struct rules){.items = &rule, .count = 1}, &out, &problems, &errors);
	buf_add_str(&errors, buf_str(&problems.warnings));
	const char *expected = row->tasks ? row->tasks : "";
	const char *message = row->tasks ? buf_string(&errors) : buf_string(&problems.errors);
	if (strcmp(buf_string(&out), expected) != 0)
		fail_msg("row %d: %s -> %s: %s %s%s", row->number, row->source, row->destination,
			 buf_string(&out), buf_string(&problems.errors), buf_string(&errors));
	if (problems.error_count != (row->tasks ? 0 : 1))
		fail_msg("row %d: %zu problems: %s", row->number, problems.error_count,
			 buf_string(&problems.errors));
	if (row->error ? !strstr(message, row->error) : message[0] != '\0')
		fail_msg("row %d: %s -> %s: \"%s\"", row->number, row->source, row->destination,
			 message);
	if (!row->tasks)
		assert_int_equal(strncmp(message, "i.yaml:3:", 9), 0);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		check_row(&rows[i]);
}

/* Several rules at once: what is the same, and what is in conflict. */
struct several {
	struct {
		const char *source, *destination;
	} rule[3];
	const char *tasks;
	const char *error; /* part of what is said; NULL: nothing */
};

static const struct several sets[] = {
	/* order is that of the file */
	{{{"b.io/b:v1", "r.io/z"}, {"a.io/a:v1", "r.io/y"}, {"a.io/a:v2", "r.io/x"}},
	 "b.io/b:v1 > r.io/z:v1; a.io/a:v1 > r.io/y:v1; a.io/a:v2 > r.io/x:v2",
	 NULL},
	/* equal pairs once, however they are written */
	{{{"nginx:v1", "r.io/n"},
	  {"docker.io/nginx:v1,v2", "r.io/n:v1,v2"},
	  {"nginx:v2", "r.io/n"}},
	 "docker.io/library/nginx:v1 > r.io/n:v1; docker.io/library/nginx:v2 > r.io/n:v2",
	 NULL},
	{{{"one.io/a", "r.io/n"}, {"one.io/a", "r.io/n"}, {"one.io/a", "r.io/m"}},
	 "one.io/a:v1 > r.io/n:v1; one.io/a:v1 > r.io/m:v1",
	 NULL},
	{{{"one.io/a", "r.io/n:x"}, {"one.io/a", "r.io/n:x"}, {"one.io/a", "r.io/n:y"}},
	 "one.io/a:v1 > r.io/n:x; one.io/a:v1 > r.io/n:y",
	 NULL},
	{{{"one.io/a:/v/", "r.io/n"}, {"one.io/a:/v/", "r.io/m"}, {"one.io/a:/v/", "r.io/n"}},
	 "one.io/a:v1 > r.io/n:v1; one.io/a:v1 > r.io/m:v1",
	 NULL},
	{{{"a.io/a@" DG, "r.io/n"}, {"a.io/a@" DG, "r.io/n@" DG}, {NULL, NULL}},
	 "a.io/a@" DG " > r.io/n@" DG,
	 NULL},
	/* one source, several destinations */
	{{{"a.io/a:v1", "r.io/n"}, {"a.io/a:v1", "s.io/n"}, {"a.io/a:v1", "r.io/n:v2"}},
	 "a.io/a:v1 > r.io/n:v1; a.io/a:v1 > s.io/n:v1; a.io/a:v1 > r.io/n:v2",
	 NULL},
	/* content named by its digest cannot be in conflict */
	{{{"a.io/a@" DG, "r.io/n"}, {"b.io/b@" DG, "r.io/n"}, {NULL, NULL}},
	 "a.io/a@" DG " > r.io/n@" DG "; b.io/b@" DG " > r.io/n@" DG,
	 NULL},
	/* two sources for one destination */
	{{{"a.io/a:v1", "r.io/n"}, {"b.io/b:v1", "r.io/n"}, {NULL, NULL}},
	 "a.io/a:v1 > r.io/n:v1",
	 "i.yaml:2:9: two sources for one destination: r.io/n:v1 is written from b.io/b:v1 here "
	 "and from a.io/a:v1 at i.yaml:1:9"},
	{{{"a.io/a:v1", "docker.io/me/n"}, {"a.io/a:v2", "registry-1.docker.io/me/n:v1"}, {0}},
	 "a.io/a:v1 > docker.io/me/n:v1",
	 "i.yaml:2:9: two sources for one destination"},
	{{{"a.io/a@" DG, "r.io/n:v1"}, {"a.io/a:v1", "r.io/n:v1@" DG}, {NULL, NULL}},
	 "a.io/a@" DG " > r.io/n:v1",
	 "i.yaml:2:9: two sources for one destination: r.io/n:v1 "},
	{{{"one.io/a", "r.io/n:x"}, {"one.io/b:v1", "r.io/n:x"}, {NULL, NULL}},
	 "one.io/a:v1 > r.io/n:x",
	 "i.yaml:2:9: two sources for one destination"},
	/* the one tag of a repository may be the same image */
	{{{"one.io/a", "r.io/n:x"}, {"one.io/a:v1", "r.io/n:x"}, {NULL, NULL}},
	 "one.io/a:v1 > r.io/n:x; one.io/a:v1 > r.io/n:x",
	 NULL},
	/* every mistake is told, and the good rules stay */
	{{{"a.io/A:v1", "r.io/N"}, {"a.io/a:v1", "r.io/n"}, {"a.io/a:", "r.io/n"}},
	 "a.io/a:v1 > r.io/n:v1",
	 "i.yaml:1:1: source \"a.io/A:v1\": repository name must be lowercase\n"
	 "i.yaml:1:9: destination \"r.io/N\": repository name must be lowercase\n"
	 "i.yaml:3:1: source \"a.io/a:\": empty tag"},
};

static void test_several(void **state)
{
	static const char *const places[][2] = {{"i.yaml:1:1", "i.yaml:1:9"},
						{"i.yaml:2:1", "i.yaml:2:9"},
						{"i.yaml:3:1", "i.yaml:3:9"}};
	(void)state;
	for (size_t i = 0; i < array_count(sets); i++) {
		scoped(buf_finish) struct buf out = {0};
		scoped(buf_finish) struct buf errors = {0};
		scoped(problem_finish) struct problems problems = {0};
		struct rule rules[3];
		size_t count = 0;
		for (; count < 3 && sets[i].rule[count].source; count++)
			rules[count] = (struct rule){.source = sets[i].rule[count].source,
						     .destination = sets[i].rule[count].destination,
						     .source_place = places[count][0],
						     .destination_place = places[count][1]};
		plan(&(struct rules){.items = rules, .count = count}, &out, &problems, &errors);
		assert_string_equal(buf_string(&out), sets[i].tasks);
		assert_string_equal(buf_string(&errors), "");
		if (sets[i].error ? !strstr(buf_string(&problems.errors), sets[i].error)
				  : problems.error_count != 0)
			fail_msg("set %zu: %s", i, buf_string(&problems.errors));
	}
}

/* The second and the third add no image, but what they say of pruning holds. */
static void test_prune_of_equal_rules(void **state)
{
	static const struct prune first = {.place = "1", .keep = 3},
				  second = {.place = "2", .keep = 5, .foreign = true};
	static const char *const sources[] = {"a.io/a", "a.io/a:v1", "a.io/a:/^v/"};
	(void)state;
	for (size_t i = 0; i < array_count(sources); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(problem_finish) struct problems problems = {0};
		struct plan_rule *planned;
		size_t count;
		struct rule rules[3];
		for (size_t j = 0; j < array_count(rules); j++)
			rules[j] = (struct rule){.source = sources[i],
						 .destination = "r.io/a",
						 .source_place = "p",
						 .destination_place = "q"};
		rules[1].prune = &first;
		rules[2].prune = &second;
		assert_true(plan_parse(arena, &(struct rules){.items = rules, .count = 3}, &planned,
				       &count, &problems));
		assert_int_equal(count, 1);
		assert_int_equal(planned->prune->keep, 5);
		assert_false(planned->prune->foreign);
		assert_null(rules[0].prune);
	}
}

/* What the copy relies on: pulled by digest, pushed as a tag, the digest still to be checked. */
static void test_digest_fields(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct rule rules[] = {
		{.source = "reg.io/a:v9@" DG,
		 .destination = "reg2.io/c",
		 .source_place = "p",
		 .destination_place = "q"},
		{.source = "reg.io/a:v9",
		 .destination = "reg2.io/d:x@" DG2,
		 .source_place = "p",
		 .destination_place = "q"},
	};
	struct plan_rule *planned;
	struct task *tasks;
	size_t count;
	struct error err = {0};
	(void)state;
	assert_true(plan_parse(arena, &(struct rules){.items = rules, .count = 2}, &planned, &count,
			       &problems));
	assert_int_equal(count, 2);
	assert_true(plan_expand(arena, &(struct expanding){&planned[0], NULL, &problems, false},
				&tasks, &count, &err));
	assert_string_equal(reference_target(&tasks[0].source), DG);
	assert_string_equal(reference_target(&tasks[0].destination), "v9");
	assert_true(plan_expand(arena, &(struct expanding){&planned[1], NULL, &problems, false},
				&tasks, &count, &err));
	assert_string_equal(reference_target(&tasks[0].source), "v9");
	assert_string_equal(reference_target(&tasks[0].destination), "x");
	assert_string_equal(tasks[0].destination.digest, DG2);
}

static void test_no_rules(void **state)
{
	scoped(buf_finish) struct buf out = {0};
	scoped(buf_finish) struct buf errors = {0};
	scoped(problem_finish) struct problems problems = {0};
	(void)state;
	plan(&(struct rules){0}, &out, &problems, &errors);
	assert_int_equal(out.len, 0);
	assert_int_equal(problems.error_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_prune_of_equal_rules),
		cmocka_unit_test(test_digest_fields),
		cmocka_unit_test(test_no_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
