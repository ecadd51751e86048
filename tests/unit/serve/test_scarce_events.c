/* Memory that runs out while a message of a registry is read, and while somebody logs in. */
#include "test_scarce_fixture.h"

#include "serve/login.h"
#include "test_event_fixture.h"

static bool reading(struct arena *arena, struct buf *out, const char *kind, const char *headers,
		    const char *body)
{
	scoped(buf_finish) struct buf text = {0}, shown = {0};
	struct error err = {0};
	counting = false;
	fixture_quote(body, &text);
	counting = true;
	struct event_images images;
	const struct event_message message = {
		.body = buf_str(&text), .header = fixture_header, .ctx = headers};
	if (!events_find(str_of(kind))->read(arena, &message, &images, &err))
		return out_of_memory(&err);
	counting = false;
	for (size_t i = 0; i < images.count; i++)
		buf_printf(out, "%s/%s:%s ", images.items[i].host, images.items[i].repository,
			   images.items[i].tag);
	buf_printf(out, "and %zu others, to be answered by %s", images.others, images.answer);
	return true;
}

static bool harbor(struct arena *arena, struct buf *out)
{
	return reading(arena, out, "harbor", "",
		       "{'type':'PUSH_ARTIFACT','event_data':{'resources':["
		       "{'tag':'v1','resource_url':'a.example.com/b/c:v1'},"
		       "{'tag':'v2','resource_url':'a.example.com/b/c:v2'},"
		       "{'tag':'v3','resource_url':'a.example.com/b/c:v3'},"
		       "{'tag':'v4','resource_url':'a.example.com/b/c:v4'},"
		       "{'tag':'v5','resource_url':'word/b/c:v5'}],"
		       "'repository':{'repo_full_name':'b/c'}}}");
}

static bool github(struct arena *arena, struct buf *out)
{
	return reading(arena, out, "github", "X-GitHub-Event:package",
		       "{'action':'published','package':{'package_type':'container','name':'App',"
		       "'owner':{'login':'Team'},'package_version':{'container_metadata':{'tag':"
		       "{'name':'v1'},'labels':'\\ud800'}}}}");
}

static bool aliyun(struct arena *arena, struct buf *out)
{
	return reading(arena, out, "aliyun", "",
		       "{'push_data':{'tag':'v1'},'repository':{'region':'cn-beijing',"
		       "'repo_full_name':'team/app'}}");
}

static bool acr(struct arena *arena, struct buf *out)
{
	return reading(arena, out, "acr", "",
		       "[{'eventType':'Microsoft.EventGrid.SubscriptionValidationEvent',"
		       "'data':{'validationCode':'0123-4567'}}]");
}

/* A message that is wrong is refused for what is wrong with it, or for lack of memory. */
static bool refusing(struct arena *arena, struct buf *out)
{
	struct event_images images;
	struct error err = {0};
	const struct event_message message = {
		.body = STR("{\"push_data\":{\"tag\":\"-\"},\"repository\":"
			    "{\"repo_name\":\"team/app\"}}")};
	assert_false(events_find(STR("dockerhub"))->read(arena, &message, &images, &err));
	counting = false;
	if (!strstr(err.text, "\"-\""))
		return false;
	buf_add_string(out, err.text);
	return true;
}

/* Nobody is let in by mistake. */
static bool logging_in(struct arena *arena, struct buf *out)
{
	(void)arena;
	scoped(login_free) struct login_guard *login =
		login_new(&(struct login_options){.user = "ci", .password = "word-of-ours"});
	if (!login)
		return false;
	assert_false(login_check(login, "Basic Y2k6d29yZC1vZi1vdXJ6"));
	assert_false(login_check(login, "Basic OndvcmQtb2Ytb3Vycw=="));
	if (!login_check(login, "Basic Y2k6d29yZC1vZi1vdXJz"))
		return false;
	counting = false;
	secret_mask(STR("this has the word-of-ours in it"), out);
	return buf_ok(out);
}

static void test_reading(void **state)
{
	static scarce *const scenarios[] = {harbor, github, aliyun, acr, refusing};
	(void)state;
	for (size_t i = 0; i < array_count(scenarios); i++)
		starve(scenarios[i]);
}

static void test_logging_in(void **state)
{
	(void)state;
	starve(logging_in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_logging_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
