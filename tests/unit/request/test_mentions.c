/* Texts as people write them, and the images found in them. */
#include "request/mentions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DG "sha256:" HEX

/* "docker.io/library/nginx:latest?!p@1", with ? a guessed tag, ! a guessed registry, the form. */
static void print(const struct mention *mention, struct buf *out)
{
	static const char forms[] = "ncdp";
	if (out->len)
		buf_add_char(out, ' ');
	if (mention->ref.host)
		reference_print(&mention->ref, out);
	else
		buf_printf(out, "WRONG(%s)", mention->shown);
	buf_printf(out, "%s%s~%c%d", mention->guessed_tag ? "?" : "",
		   mention->guessed_host ? "!" : "", forms[mention->form], mention->line);
	assert_true(mention->shown[0]);
	assert_true(!mention->ref.host == !!mention->wrong);
	assert_true(mention->column > 0);
}

static const struct {
	const char *text, *found;
} rows[] = {
	/* prose */
	{"please mirror gcr.io/x/y:1", "gcr.io/x/y:1~n1"},
	{"请同步gcr.io/x/y:1，谢谢", "gcr.io/x/y:1~n1"},
	{"我需要（quay.io/coreos/etcd:v3.5.0）。", "quay.io/coreos/etcd:v3.5.0~n1"},
	{"镜像：registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9~d1"},
	{"镜像：nginx:1.25", "docker.io/library/nginx:1.25!~d1"},
	{"# 【同步】\n\n- gcr.io/a/b:1\n- gcr.io/a/c:2\n", "gcr.io/a/b:1~n3 gcr.io/a/c:2~n4"},
	{"**gcr.io/x/y:1** and _quay.io/a/b:2_.", "gcr.io/x/y:1~n1 quay.io/a/b:2~n1"},
	{"gcr.io/x/y", "gcr.io/x/y:latest?~n1"},
	{"gcr.io/x/y:1.", "gcr.io/x/y:1~n1"},
	{"gcr.io/x/y:1, gcr.io/x/y:1 and again gcr.io/x/y:1", "gcr.io/x/y:1~n1"},
	{"gcr.io/x/y@" DG, "gcr.io/x/y@" DG "~n1"},
	{"gcr.io/x/y:1@" DG, "gcr.io/x/y:1@" DG "~n1"},
	{"gcr.io/x/y@" DG " gcr.io/x/y:1@" DG " gcr.io/x/y:2@" DG, "gcr.io/x/y@" DG "~n1"},
	{"bitnami/redis:7.0 please", "docker.io/bitnami/redis:7.0!~n1"},
	{"registry.example.com/a/b", "registry.example.com/a/b:latest?~n1"},
	{"harbor.corp.example:8443/a/b:1", "harbor.corp.example:8443/a/b:1~n1"},
	{"docker://gcr.io/x/y:1", "gcr.io/x/y:1~n1"},
	{"--image=gcr.io/x/y:1", "gcr.io/x/y:1~n1"},
	{"image=gcr.io/x/y:1", "gcr.io/x/y:1~n1"},
	{"image:gcr.io/x/y:1", "gcr.io/x/y:1~n1"},
	{"{\"image\":\"gcr.io/x/y:1\"}", "gcr.io/x/y:1~n1"},
	/* what is no image */
	{"and/or read/write 1/2 24/7 n/a w/o src/main.c a/b", ""},
	{"me@example.com @org/team @user me@example.com/x:1", ""},
	{"2024/05/01 2024-05-01 12:30 10:11:12 1.2.3 v1.2/v1.3 10.0.0.0/8", ""},
	{"./a/b:1 /usr/bin/x:1 ../c ~/d C:\\e main.c:12 src/main.c:12 a.b/x.go:3", ""},
	{"nginx nginx:1.25 note:this http://x", ""},
	{"https://example.com/a/b:1 https://github.com/a/b https://github.com/a/b/issues/1", ""},
	{"github.com/a/b:main hub.docker.com/search?q=x", ""},
	{"example.com/page.html", ""},
	{"<!-- for example gcr.io/x/y:1\ngcr.io/x/y:2 --> gcr.io/x/y:3", "gcr.io/x/y:3~n2"},
	{"Get \"https://registry-1.docker.io/v2/\": dial tcp", ""},
	/* code */
	{"`nginx:1.25` `nginx` `std::vector` `12:30` `main.c:12`",
	 "docker.io/library/nginx:1.25!~c1"},
	{"``nginx:1.25``", "docker.io/library/nginx:1.25!~c1"},
	{"```\nnginx\nredis:7\nbitnami/redis\nservices:\nls -l\n```\nnginx",
	 "docker.io/library/nginx:latest?!~c2 docker.io/library/redis:7!~c3 "
	 "docker.io/bitnami/redis:latest?!~c4"},
	{"~~~text\nnginx\n```\nredis\n~~~", "docker.io/library/nginx:latest?!~c2 "
					    "docker.io/library/redis:latest?!~c4"},
	{"```yaml\nimage: nginx\nimage: \"redis:7\" # x\nports:\n - \"80:80\"\n```",
	 "docker.io/library/nginx:latest?!~d2 docker.io/library/redis:7!~d3"},
	{"```\nFROM --platform=linux/amd64 golang AS build\nFROM scratch\nFROM ${BASE}\n```",
	 "docker.io/library/golang:latest?!~d2"},
	{"```\ngcr.io/x/${NAME}:1\n$REGISTRY/x:1\ngcr.io/x/y:${TAG}\n```",
	 "WRONG(gcr.io/x/${NAME}:1)~c2 WRONG(gcr.io/x/y:${TAG})~c4"},
	/* commands */
	{"docker pull nginx", "docker.io/library/nginx:latest?!~d1"},
	{"run `docker pull --platform linux/amd64 nginx` first",
	 "docker.io/library/nginx:latest?!~d1"},
	{"use docker pull to get it", ""},
	{"sudo podman pull -q quay.io/a/b:1 now", "quay.io/a/b:1~d1"},
	{"Image: nginx\nThe image: see below\nImage: a/b:c",
	 "docker.io/library/nginx:latest?!~d1 docker.io/a/b:c!~d3"},
	{"docker pull NGINX:1.28\ndocker pull a/B:1 docker pull Nginx",
	 "WRONG(NGINX:1.28)~d1 WRONG(a/B:1)~d2"},
	{"docker pull nginx && docker pull redis || podman pull httpd; docker pull c:1 | tee",
	 "docker.io/library/nginx:latest?!~d1 docker.io/library/redis:latest?!~d1 "
	 "docker.io/library/httpd:latest?!~d1 docker.io/library/c:1!~d1"},
	/* lists of what is asked for */
	{"镜像：nginx:1.28，redis:7；`a/b:2`。", "docker.io/library/nginx:1.28!~d1 "
						 "docker.io/library/redis:7!~n1 "
						 "docker.io/a/b:2!~c1"},
	{"镜像：nginx、redis、 mysql:8，谢谢，note:this",
	 "docker.io/library/nginx:latest?!~d1 docker.io/library/redis:latest?!~d1 "
	 "docker.io/library/mysql:8!~d1"},
	{"images: ['nginx:1','redis:7', please, note:this]",
	 "docker.io/library/nginx:1!~d1 docker.io/library/redis:7!~n1"},
	{"Image: nginx:1, thanks, at 12:30\nredis:7, x:1", "docker.io/library/nginx:1!~d1"},
	{"Image: nginx:1, 12:30, main.c:12", "docker.io/library/nginx:1!~d1"},
	/* pages */
	{"https://hub.docker.com/_/nginx", "docker.io/library/nginx:latest?~p1"},
	{"https://hub.docker.com/r/bitnami/redis/tags", "docker.io/bitnami/redis:latest?~p1"},
	{"[x](https://hub.docker.com/r/bitnami/redis)", "docker.io/bitnami/redis:latest?~p1"},
	{"hub.docker.com/r/bitnami/redis", "docker.io/bitnami/redis:latest?~p1"},
	{"https://hub.docker.com/layers/library/nginx/1.25/images/sha256-00",
	 "docker.io/library/nginx:1.25~p1"},
	{"https://hub.docker.com/repository/docker/a/b/general", "docker.io/a/b:latest?~p1"},
	{"https://quay.io/repository/coreos/etcd?tab=tags&tag=v3", "quay.io/coreos/etcd:v3~p1"},
	{"https://quay.io/repository/a/b/manifest/" DG, "quay.io/a/b@" DG "~p1"},
	{"https://quay.io/coreos/etcd:v3", "quay.io/coreos/etcd:v3~n1"},
	{"https://quay.io/organization/coreos", ""},
	{"https://github.com/Org/Repo/pkgs/container/Repo%2FApp/1234?tag=v1",
	 "ghcr.io/org/repo/app:v1~p1"},
	{"https://github.com/orgs/Org/packages/container/package/app",
	 "ghcr.io/org/app:latest?~p1"},
	{"https://github.com/users/me/packages/container/app/versions",
	 "ghcr.io/me/app:latest?~p1"},
	{"https://gallery.ecr.aws/docker/library/nginx",
	 "public.ecr.aws/docker/library/nginx:latest?~p1"},
	{"https://hub.docker.com/_/nginx and `nginx:1.25`", "docker.io/library/nginx:1.25!~c1"},
	/* what cannot be meant */
	{"gcr.io/X/y:1", "WRONG(gcr.io/X/y:1)~n1"},
	{"gcr.io/x/y@sha256:12", "WRONG(gcr.io/x/y@sha256:12)~n1"},
	{"quay.io/coreos/*", "WRONG(quay.io/coreos/*)~n1"},
	{"g\xd1\x81r.io/x/y:1", "WRONG(g\\u{441}r.io/x/y:1)~n1"},
	{"gcr.io/x/y\xe2\x80\x8b:1", "WRONG(gcr.io/x/y\\u{200b}:1)~n1"},
	{"\xe2\x80\x8bgcr.io/x/y:1\xe2\x80\x8b", "gcr.io/x/y:1~n1"},
	{"gcr.io/x/\xe2\x80\xaey:1", "WRONG(gcr.io/x/\\u{202e}y:1)~n1"},
	{"gcr.io/x/y：1", "WRONG(gcr.io/x/y\\u{ff1a}1)~n1"},
	{"`ngin\xd1\x85:1`", "WRONG(ngin\\u{445}:1)~n1"},
	{"привет и/или мир, ответ: да", ""},
	{"", ""},
	{"\n\n\r\n", ""},
	{"gcr.io/x/y:1\r\ngcr.io/x/y:2\r\n", "gcr.io/x/y:1~n1 gcr.io/x/y:2~n2"},
	{"\xff\xfe gcr.io/x/y:1\xff", "gcr.io/x/y:1~n1"},
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct arena *arena = arena_new();
		struct mentions found;
		scoped(buf_finish) struct buf text = {0};
		assert_true(mentions_find(arena, str_of(rows[i].text), &found));
		for (size_t j = 0; j < found.count; j++)
			print(&found.items[j], &text);
		assert_string_equal(buf_string(&text), rows[i].found);
		arena_free(&arena);
	}
}

/* The text ends where the slice does, and nowhere else. */
static void test_many(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct mentions found;
	for (int i = 0; i < MENTIONS_MAX + 5; i++)
		buf_printf(&text, "gcr.io/x/y:%d ", i);
	assert_true(mentions_find(arena, buf_str(&text), &found));
	assert_int_equal(found.count, MENTIONS_MAX);
	assert_true(found.more);
	assert_true(mentions_find(arena, str_head(buf_str(&text), strlen("gcr.io/x/y:0 gcr.io/")),
				  &found));
	assert_int_equal(found.count, 1);
	assert_false(found.more);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
