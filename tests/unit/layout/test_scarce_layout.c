/*
 * Memory that runs out while images are copied to a folder and to an archive, and looked for there:
 * whatever fails, it tells so, and what is on the disk is a layout.
 */
#include "test_layout_fixture.h"

#include "test_scarce_fixture.h"

#include "base/file.h"
#include "layout/archive.h"
#include "layout/archive_end.h"

static struct picture picture;

static bool open_at(struct layouts *layouts, const char *host, const char *name,
		    struct arena *arena, const struct store **out, struct error *err)
{
	static const struct creation *const some = (const struct creation *)base;
	const struct stores stores = layout_store_opener(layouts);
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", base + 1, name);
	const struct reference reference = {.host = host, .repository = path};
	return store_at(&stores, &reference, some, arena, out, err);
}

/* The digest of the file, which has to be there. */
static bool show(const char *name, struct buf *out)
{
	scoped(buf_finish) struct buf text = {0};
	struct error err;
	char path[128], digest[DIGEST_TEXT_SIZE];
	counting = false;
	snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_true(file_read(path, &text, &err));
	digest_of(buf_str(&text), digest);
	buf_add_string(out, digest);
	return buf_ok(out);
}

static bool to_a_folder(struct arena *arena, struct buf *out)
{
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	const struct store *store;
	struct manifest_status status;
	struct tag_list tags;
	struct error err = {0};
	char path[128];
	snprintf(path, sizeof(path), "%s/app", base);
	(void)remove_all(path);
	if (!layouts)
		return false;
	if (!open_at(layouts, "oci:", "app", arena, &store, &err) ||
	    !copy_picture(store, &picture, "v1", &err) ||
	    !copy_picture(store, &picture, "v2", &err) ||
	    !store_head(store, arena, "v2", &status, &err) ||
	    !store_tags(store, arena, 0, &tags, &err))
		return out_of_memory(&err);
	assert_true(status.found && tags.count == 2);
	return show("app/index.json", out);
}

static bool to_an_archive(struct arena *arena, struct buf *out)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/out.tar", base);
	(void)remove(path);
	const struct layout_root root = {.path = path, .written = true};
	scoped(layouts_free) struct layouts *layouts = layouts_new(&root, 1);
	const struct store *store;
	struct error err = {0};
	if (!layouts)
		return false;
	if (!open_at(layouts, "oci-archive:", "out.tar/team/app", arena, &store, &err) ||
	    !copy_picture(store, &picture, "v1", &err) ||
	    !archive_end_of(layouts, layouts_archive(layouts, 0), &err))
		return out_of_memory(&err);
	return show("out.tar", out);
}

static void test_folder(void **state)
{
	(void)state;
	starve(to_a_folder);
}

static void test_archive(void **state)
{
	(void)state;
	starve(to_an_archive);
}

int main(void)
{
	make_picture("a picture", &picture);
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_folder),
					   cmocka_unit_test(test_archive)};
	return cmocka_run_group_tests(tests, make_base, remove_base);
}
