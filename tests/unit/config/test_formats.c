/* Which form a document is taken for, by the option that names it and by its shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/formats.h"
#include "doc/yaml.h"

#define AUTH "an auth file"
#define KYMA "an images file of kyma's image-syncer"
#define IMAGES "an images file"
#define LISTS "an images file with lists of images"
#define FOREIGN "an images file of another program"
#define FOREIGN_AUTH "an auth file of another program"
#define TAKEN "an images file of another program, which is read as it is"
#define TAKEN_AUTH "an auth file of another program, which is read as it is"
#define OLD "a file of old releases, with auth and images"

static const struct row {
	enum formats_option option;
	const char *prefix; /* of --target-repo-prefix */
	const char *text;
	const char *name;
} rows[] = {
	{FORMATS_AUTH, NULL, "quay.io: {username: u, password: p}", AUTH},
	{FORMATS_AUTH, NULL, "[]", AUTH},
	{FORMATS_AUTH, "r.io/p/", "images: [{source: a}]", AUTH},
	{FORMATS_IMAGES, NULL, "quay.io/a/b: r.io/a/b", IMAGES},
	{FORMATS_IMAGES, NULL, "images: r.io/a/b", IMAGES},
	{FORMATS_IMAGES, NULL, "images: [r.io/a, r.io/b]", IMAGES},
	{FORMATS_IMAGES, NULL, "images: [{to: r.io/a}]", IMAGES},
	{FORMATS_IMAGES, NULL, "images: {a: b}\nauth: {}", IMAGES},
	{FORMATS_IMAGES, NULL, "{}", IMAGES},
	{FORMATS_IMAGES, NULL, "~", IMAGES},
	{FORMATS_IMAGES, NULL, "[a, b]", FOREIGN},
	{FORMATS_IMAGES, NULL, "[a, {b: c}]", LISTS},
	{FORMATS_IMAGES, NULL, "sync: [{source: a, target: b}]", TAKEN},
	{FORMATS_IMAGES, NULL, "sync: [{source: a}]", IMAGES},
	{FORMATS_IMAGES, NULL, "r.io: {images: {a: []}}", TAKEN},
	{FORMATS_IMAGES, NULL, "r.io/a: {images: x, to: b}", IMAGES},
	{FORMATS_IMAGES, NULL, "{apiVersion: imgpkg.carvel.dev/v1alpha1, images: [{image: a}]}",
	 TAKEN},
	{FORMATS_IMAGES, NULL, "{apiVersion: kbld.k14s.io/v1alpha1, overrides: [{image: a}]}",
	 TAKEN},
	{FORMATS_IMAGES, NULL, "services: {web: {image: a}}", TAKEN},
	{FORMATS_IMAGES, NULL, "services: r.io/a", IMAGES},
	{FORMATS_IMAGES, NULL, "{apiVersion: v1, kind: Pod, metadata: {}}", TAKEN},
	{FORMATS_IMAGES, NULL, "quay.io/a:1.0:r.io/a", FOREIGN},
	{FORMATS_IMAGES, NULL, "quay.io/a r.io/a", FOREIGN},
	{FORMATS_IMAGES, NULL, "word", IMAGES},
	{FORMATS_IMAGES, NULL, "tasks: [{source: a, target: b, mappings: []}]", TAKEN},
	{FORMATS_IMAGES, NULL, "tasks: [{source: a, target: b}]", IMAGES},
	{FORMATS_IMAGES, NULL, "{apiVersion: content.hauler.cattle.io/v1, kind: Images}", TAKEN},
	{FORMATS_IMAGES, NULL, "kind: ZarfPackageConfig", TAKEN},
	{FORMATS_IMAGES, NULL, "kind: ImageSetConfiguration", TAKEN},
	{FORMATS_IMAGES, NULL, "{apiVersion: v1, kind: Pod}", IMAGES},
	{FORMATS_AUTH, NULL, "{creds: [], sync: [{source: a, target: b}]}", TAKEN_AUTH},
	{FORMATS_AUTH, NULL, "services: {web: {image: a}}", AUTH},
	{FORMATS_AUTH, NULL, "auths: {r.io: {auth: x}}", FOREIGN_AUTH},
	{FORMATS_AUTH, NULL, "creds: [{registry: r.io}]", FOREIGN_AUTH},
	{FORMATS_IMAGES, NULL, "[{a: b}]", LISTS},
	{FORMATS_IMAGES, NULL, "{list: f, to: r.io/a}", LISTS},
	{FORMATS_IMAGES, NULL, "{arch: arm, list: [a]}", LISTS},
	{FORMATS_IMAGES, NULL, "{list: r.io/a, nginx: r.io/b}", IMAGES},
	{FORMATS_IMAGES, NULL, "{to: r.io/a, arch: r.io/b}", IMAGES},
	{FORMATS_IMAGES, "r.io/p/", "[{source: a}]", LISTS},
	{FORMATS_CONFIG, NULL, "[{source: a}]", OLD},
	{FORMATS_IMAGES, NULL, "targetRepoPrefix: r.io/p/", KYMA},
	{FORMATS_IMAGES, NULL, "images: [{source: a}]", KYMA},
	{FORMATS_IMAGES, "r.io/p/", "images: [{soruce: a}]", KYMA},
	{FORMATS_IMAGES, NULL, "images: []", KYMA},
	{FORMATS_CONFIG, NULL, "{auth: {}, images: {a: b}}", OLD},
	{FORMATS_CONFIG, NULL, "images: [{source: a}]", OLD},
	{FORMATS_CONFIG, NULL, "word", OLD},
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const struct options options = {.target_repo_prefix = rows[i].prefix};
		struct document document = {.name = "f"};
		struct error err = {0};
		if (!yaml_read(arena, str_of(rows[i].text), &document.root, &err))
			fail_msg("%s: %s", rows[i].text, err.text);
		const struct formats_reading reading = {
			.arena = arena, .document = &document, .options = &options};
		const char *name = formats_find(&reading, rows[i].option)->name;
		if (strcmp(name, rows[i].name) != 0)
			fail_msg("\"%s\" is taken for %s", rows[i].text, name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
