/* Tasks of a plan: what it says of both sides, and what has happened to them since. */
#pragma once

#include "test_copy_terms.h"

#define OTHER_DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The first task, as the plan has it: its source by digest, from an empty destination. */
static struct planned *plan_task(struct world *world)
{
	struct task *task = &world->run->tasks[0];
	struct planned *planned = arena_new_of(world->memory->arena, struct planned);
	const char *digest = map_get(&world->from->tags, STR("v1"));
	*planned = (struct planned){
		.action = PLANNED_COPY, .reason = "missing", .message = "no", .after = digest};
	task->source.tag = NULL;
	task->source.digest = digest;
	((struct rule *)(uintptr_t)task->rule)->planned = planned;
	return planned;
}

static void build_planned(struct world *world)
{
	build_index(world);
	plan_task(world);
}

/* What the plan found at the destination is still there. */
static void build_planned_update(struct world *world)
{
	build_change(world, CHANGE_OVERWRITE);
	plan_task(world)->before = map_get(&world->to->tags, STR("v1"));
}

static void build_planned_none(struct world *world)
{
	build_in_sync(world);
	struct planned *planned = plan_task(world);
	planned->action = PLANNED_NONE;
	planned->before = planned->after;
}

static struct planned *build_moved(struct world *world, enum change_policy policy)
{
	build_change(world, CHANGE_OVERWRITE);
	struct planned *planned = plan_task(world);
	planned->moved = policy;
	return planned;
}

static void build_planned_moved(struct world *world)
{
	build_moved(world, CHANGE_UNSAID);
}

static void build_planned_moved_again(struct world *world)
{
	build_moved(world, CHANGE_FAIL)->before = OTHER_DIGEST;
}

static void build_planned_none_moved(struct world *world)
{
	struct planned *planned = build_moved(world, CHANGE_UNSAID);
	planned->action = PLANNED_NONE;
	planned->before = planned->after;
}

static void build_planned_gone(struct world *world)
{
	build_index(world);
	plan_task(world)->before = OTHER_DIGEST;
}

static void build_planned_overwritten(struct world *world)
{
	build_moved(world, CHANGE_OVERWRITE);
}

static void build_planned_let_be(struct world *world)
{
	build_moved(world, CHANGE_SKIP);
}

static void build_planned_retagged(struct world *world)
{
	build_moved(world, CHANGE_RETAG);
}

static void build_planned_skipped(struct world *world)
{
	build_index(world);
	struct planned *planned = plan_task(world);
	planned->action = PLANNED_SKIPPED;
	planned->reason = "no-platform";
}

static void build_planned_refused(struct world *world)
{
	build_index(world);
	struct planned *planned = plan_task(world);
	planned->action = PLANNED_REFUSED;
	planned->reason = "unsigned";
}

/* Of the source comes something else than what the plan pins. */
static void build_planned_otherwise(struct world *world)
{
	build_filtered(world);
	plan_task(world)->after = OTHER_DIGEST;
}

static void build_surveyed(struct world *world)
{
	build_nested(world);
	world->run->dry_run = world->run->survey = true;
}

static void build_surveyed_foreign(struct world *world)
{
	build_left_out(world);
	world->run->dry_run = world->run->survey = true;
}
