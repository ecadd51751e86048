/* What the commands of imgsync become: the table of names, rules, options and logins. */
#include "config/imgsync/meaning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 32 };

struct read {
	struct arena *arena;
	struct problems problems;
	struct flags flags;
	struct options options;
	struct meaning meaning;
	struct credentials credentials;
};

static void finish(struct read *read)
{
	problem_finish(&read->problems);
	arena_free(&read->arena);
}

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "TEAM") == 0 ? "team" : NULL;
}

static const struct expand_lookup lookup = {.get = variable};

/* Reads a command line, whose words are kept in the arena. */
static void read_line(struct read *read, const char *line)
{
	char *words[WORDS_MAX] = {0};
	int count = 0;
	*read = (struct read){.arena = arena_new()};
	char *rest = arena_printf(read->arena, "imgsync %s", line);
	for (char *word; (word = strsep(&rest, " "));)
		if (*word && count < WORDS_MAX - 1)
			words[count++] = word;
	options_init(&read->options);
	if (!flags_parse(count, words, &read->flags, &read->options, &read->problems) ||
	    read->flags.help)
		return;
	flags_settle(&read->flags, &read->options, &read->problems);
	meaning_read(read->arena, &read->flags, &lookup, &read->meaning, &read->problems);
	meaning_login(read->arena, &read->flags, &lookup, read->meaning.prefix, &read->credentials,
		      &read->problems);
}

/* The only rule of a command line, which has no mistakes. */
static const struct rule *rule_of(struct read *read, const char *line)
{
	read_line(read, line);
	if (read->problems.error_count)
		fail_msg("%s: %s", line, buf_string(&read->problems.errors));
	assert_int_equal(read->meaning.rules.count, 1);
	return read->meaning.rules.items;
}

static void test_one_image(void **state)
{
	static const char digest[] =
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const struct {
		const char *image, *source, *destination;
	} cases[] = {
		{"quay.io/coreos/flannel:v1", "quay.io/coreos/flannel:v1",
		 "docker.io/u/quay.io_coreos_flannel"},
		{"coreos/flannel", "docker.io/coreos/flannel:latest", "docker.io/u/coreos_flannel"},
		{"nginx", "docker.io/library/nginx:latest", "docker.io/u/nginx"},
		{"host:5000/a/b:1", "host:5000/a/b:1", "docker.io/u/host_5000_a_b"},
		{"localhost/a", "localhost/a:latest", "docker.io/u/localhost_a"},
		{"a.test/p/r/s/img:1", "a.test/p/r/s/img:1", "docker.io/u/a.test_p_r_s_img"},
		{"gcr.io/istio-release/pilot:latest", "gcr.io/istio-release/pilot:latest",
		 "docker.io/u/gcr.io_istio-release_pilot"},
		{"k8s.gcr.io/pause:3.2", "k8s.gcr.io/pause:3.2", "docker.io/u/k8s.gcr.io_pause"},
		{"k8s.gcr.io/coredns/coredns:v1.8", "k8s.gcr.io/coredns/coredns:v1.8",
		 "docker.io/u/k8s.gcr.io_coredns_coredns"},
		{"quay.io/coreos/flannel:v0.12.0-amd64", "quay.io/coreos/flannel:v0.12.0-amd64",
		 "docker.io/u/quay.io_coreos_flannel"},
		{"gcr.io/knative-releases/knative.dev/serving/cmd/queue:v0.14",
		 "gcr.io/knative-releases/knative.dev/serving/cmd/queue:v0.14",
		 "docker.io/u/gcr.io_knative-releases_knative.dev_serving_cmd_queue"},
		{"gcr.io/a/b_c.d__e-f:v1", "gcr.io/a/b_c.d__e-f:v1",
		 "docker.io/u/gcr.io_a_b_c.d__e-f"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(finish) struct read read = {0};
		char line[256];
		snprintf(line, sizeof(line), "sync %s --user u", cases[i].image);
		const struct rule *rule = rule_of(&read, line);
		assert_string_equal(rule->source, cases[i].source);
		assert_string_equal(rule->destination, cases[i].destination);
		assert_null(rule->gather);
	}
	for (int tagged = 0; tagged < 2; tagged++) {
		scoped(finish) struct read read = {0};
		char line[256];
		snprintf(line, sizeof(line), "sync gcr.io/a/b%s@%s --user u", tagged ? ":v1" : "",
			 digest);
		const struct rule *rule = rule_of(&read, line);
		assert_string_equal(rule->destination, "docker.io/u/gcr.io_a_b");
		assert_non_null(strstr(rule->source, digest));
		assert_int_equal(strstr(rule->source, ":v1@") != NULL, tagged);
	}
}

static void test_many_images(void **state)
{
	static const struct {
		const char *line, *source, *destination, *names;
	} cases[] = {
		{"gcr --user u", "gcr.io/google-containers/**", "docker.io/u", "flatten"},
		{"gcr --user u --namespace a/b", "gcr.io/a/b/**", "docker.io/u", "flatten"},
		{"gcr --to reg.test/${TEAM}/ --namespace a", "gcr.io/a/**", "reg.test/team",
		 "flatten"},
		{"--user u gcr --kubeadm", "registry.k8s.io/**", "docker.io/u",
		 "k8s.gcr.io_{flat}"},
		{"flannel --user u", "quay.io/coreos/flannel", "docker.io/u/quay.io_coreos_flannel",
		 NULL},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(finish) struct read read = {0};
		const struct rule *rule = rule_of(&read, cases[i].line);
		assert_string_equal(rule->source, cases[i].source);
		assert_string_equal(rule->destination, cases[i].destination);
		assert_int_equal(rule->gather != NULL, cases[i].names != NULL);
		if (rule->gather)
			assert_string_equal(rule->gather->names.text, cases[i].names);
		assert_int_equal(rule->selection->exclude_count, 1);
	}
}

/* Namespaces that moved are worth a warning, others are not. */
static void test_notes(void **state)
{
	static const struct {
		const char *line, *note;
	} cases[] = {
		{"gcr --user u", "--kubeadm"},
		{"gcr --user u --namespace istio-release", "registry.istio.io/release"},
		{"gcr --user u --namespace distroless", NULL},
		{"gcr --user u --kubeadm", "registry.k8s.io"},
		{"gcr --user u --kubeadm --namespace x", "--namespace x is not used"},
		{"flannel --user u", "ghcr.io/flannel-io/flannel"},
		{"sync gcr.io/istio-release/pilot --user u", NULL},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(finish) struct read read = {0};
		rule_of(&read, cases[i].line);
		const char *warnings = buf_string(&read.problems.warnings);
		if (cases[i].note)
			assert_non_null(strstr(warnings, cases[i].note));
		else
			assert_string_equal(warnings, "");
	}
}

static void test_options(void **state)
{
	scoped(finish) struct read plain = {0}, old = {0}, more = {0};
	(void)state;
	rule_of(&plain, "gcr --user u");
	assert_string_equal(plain.options.image_timeout, "10m0s");
	assert_int_equal(plain.options.proc, 20);
	assert_int_equal(plain.flags.query_limit, 20);
	assert_int_equal(flags_level(&plain.flags), 0);
	assert_string_equal(flags_title(&plain.flags), "google-containers");
	assert_string_equal(plain.options.referrers.items[0], "signatures,attestations,sboms");
	assert_false(plain.options.dry_run);
	assert_null(plain.options.report);
	rule_of(&old, "gcr --user u --processlimit 3 --querylimit=0 --batchsize 5 --batchnumber 2 "
		      "--donwload-manifests --timeout 30s --report --report-level 0 --kubeadm");
	assert_int_equal(old.options.proc, 3);
	assert_int_equal(old.flags.query_limit, 20);
	assert_int_equal(old.flags.batch_size, 5);
	assert_int_equal(old.flags.batch_number, 2);
	assert_true(old.options.dry_run);
	assert_string_equal(old.options.image_timeout, "30s");
	assert_int_equal(flags_level(&old.flags), 1);
	assert_string_equal(flags_title(&old.flags), "kubeadm");
	assert_null(old.options.report); /* the report is in the way */
	rule_of(&more, "flannel --user u --download-manifests --referrers none --limit-rate 5M "
		       "--telegram-group -100 --telegram-api https://t.test --report-name=mine");
	assert_string_equal(more.options.report, "-");
	assert_int_equal(more.options.referrers.count, 0);
	assert_string_equal(more.options.limit_rate, "5M");
	assert_string_equal(more.flags.telegram_group, "-100");
	assert_string_equal(more.flags.telegram_api, "https://t.test");
	assert_string_equal(flags_title(&more.flags), "mine");
}

static void test_logins(void **state)
{
	scoped(finish) struct read none = {0}, hub = {0}, elsewhere = {0};
	(void)state;
	rule_of(&none, "gcr --user u");
	assert_int_equal(none.credentials.count, 0);
	rule_of(&hub, "gcr --user u --password a-word");
	assert_int_equal(hub.credentials.count, 1);
	assert_true(str_is(hub.credentials.items[0].key, "docker.io/u"));
	assert_string_equal(hub.credentials.items[0].username, "u");
	assert_string_equal(hub.credentials.items[0].password, "a-word");
	assert_non_null(strstr(buf_string(&hub.problems.warnings), "--password-file"));
	rule_of(&elsewhere, "gcr --to reg.test:5000/team --user u --password a-word");
	assert_true(str_is(elsewhere.credentials.items[0].key, "reg.test:5000/team"));
}

static void test_telegram(void **state)
{
	scoped(finish) struct read quiet = {0}, loud = {0};
	(void)state;
	rule_of(&quiet, "gcr --user u --telegram-token a-word --telegram-group -100");
	assert_null(quiet.meaning.telegram.token);
	assert_non_null(strstr(buf_string(&quiet.problems.warnings), "without --report"));
	rule_of(&loud, "gcr --user u --report --telegram-token a-word --telegram-group -100");
	assert_string_equal(loud.meaning.telegram.token, "a-word");
	assert_string_equal(loud.meaning.telegram.group, "-100");
	assert_string_equal(loud.meaning.telegram.api, "https://api.telegram.org");
	assert_string_equal(loud.meaning.telegram.title, "google-containers");
	assert_non_null(strstr(buf_string(&loud.problems.warnings), "--telegram-token-file"));
	assert_null(strstr(buf_string(&loud.problems.warnings), "without --report"));
}

/* Each mistake is said once, under the name of its own flag. */
/* imgsync took them for 0 or worse; here a slip is no wish for a default. */
static void test_numbers_below_zero(void **state)
{
	static const char *const names[] = {"query-limit",  "querylimit",  "process-limit",
					    "processlimit", "batch-size",  "batchsize",
					    "batch-number", "batchnumber", "report-level"};
	(void)state;
	for (size_t i = 0; i < array_count(names); i++) {
		scoped(finish) struct read read = {0};
		char line[100], why[100];
		snprintf(line, sizeof(line), "gcr --user u --%s -1", names[i]);
		snprintf(why, sizeof(why), "--%s -1: expected 0 or more", names[i]);
		read_line(&read, line);
		assert_int_equal(read.problems.error_count, 1);
		assert_non_null(strstr(buf_string(&read.problems.errors), why));
	}
}

static void test_telegram_mistakes(void **state)
{
	static const struct {
		const char *flags, *why;
	} cases[] = {
		{"", "--telegram-group is missing: expected the number of a chat, or @NAME\n"},
		{"--telegram-group @",
		 "--telegram-group is @: expected the number of a chat, or @NAME\n"},
		{"--telegram-group @a/b",
		 "--telegram-group is @a/b: expected the number of a chat, or @NAME\n"},
		{"--telegram-group $CHAT",
		 "--telegram-group is $CHAT: expected the number of a chat, or @NAME\n"},
		{"--telegram-group -1 --telegram-api api.telegram.test",
		 "--telegram-api api.telegram.test: expected an address that begins with "
		 "https://\n"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(finish) struct read read = {0};
		char line[200];
		snprintf(line, sizeof(line), "gcr --user u --report --telegram-token a-word %s",
			 cases[i].flags);
		read_line(&read, line);
		assert_string_equal(buf_string(&read.problems.errors), cases[i].why);
		assert_null(read.meaning.telegram.token);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_image),
		cmocka_unit_test(test_many_images),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_telegram),
		cmocka_unit_test(test_numbers_below_zero),
		cmocka_unit_test(test_telegram_mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
