/*
 * A server in the middle of its work, as a snapshot: a run under way, one that succeeded and one
 * that failed; an entry in each state; no counter equal to another, so that none can be mistaken.
 */
#pragma once

#include "serve/state.h"

enum { STATE_NOW = 1795950000 /* 2026-11-29T11:00:00Z */ };

static struct state_job state_jobs[] = {
	{.when = "every 6h", .rules = 3, .running = true},
	{.when = "cron 17 3 * * *", .rules = 1, .next = STATE_NOW + 58620},
};

static struct state_run state_runs[] = {
	{.number = 12,
	 .what = "schedule",
	 .started = STATE_NOW - 200,
	 .images = 40,
	 .copied = 5,
	 .in_sync = 20,
	 .failed = 1,
	 .bytes = 734003200},
	{.number = 11,
	 .what = "hooks",
	 .started = STATE_NOW - 4000,
	 .ended = STATE_NOW - 3988,
	 .ok = true,
	 .images = 2,
	 .copied = 2,
	 .bytes = 31457280},
	{.number = 10,
	 .what = "schedule",
	 .started = STATE_NOW - 22000,
	 .ended = STATE_NOW - 21310,
	 .images = 40,
	 .copied = 9,
	 .in_sync = 29,
	 .failed = 2,
	 .bytes = 5368709120},
};

static struct queue_entry state_entries[] = {
	{.item = {.source = "quay.io/team/app",
		  .tag = "2.0.1",
		  .destination = "registry.example.com/mirror"},
	 .id = 71,
	 .state = QUEUE_RUNNING,
	 .queued = STATE_NOW - 260},
	{.item = {.source = "quay.io/team/web",
		  .tag = "2026-11-29",
		  .destination = "registry.example.com/mirror"},
	 .id = 64,
	 .state = QUEUE_WAITING,
	 .attempts = 3,
	 .queued = STATE_NOW - 5400,
	 .tried = STATE_NOW - 600,
	 .next = STATE_NOW + 190,
	 .error = "registry.example.com: no answer in 30 s: the connection was opened, but the "
		  "server sent nothing"},
	{.item = {.source = "ghcr.io/team/tool",
		  .tag = "nightly",
		  .destination = "registry.example.com/mirror"},
	 .id = 42,
	 .state = QUEUE_PARKED,
	 .attempts = 5,
	 .queued = STATE_NOW - 90000,
	 .tried = STATE_NOW - 7300,
	 .error = "ghcr.io/team/tool:nightly: not found"},
	{.item = {.source = "docker.io/library/alpine", .tag = "3.22", .destination = ""},
	 .id = 70,
	 .state = QUEUE_UNROUTED,
	 .queued = STATE_NOW - 1000},
	{.item = {.source = "quay.io/team/app", .tag = "2.0.2", .destination = ""},
	 .id = 72,
	 .state = QUEUE_PENDING,
	 .queued = STATE_NOW - 5},
};

static inline struct state state_busy(void)
{
	return (struct state){
		.now = STATE_NOW,
		.started = STATE_NOW - 300000,
		.version = "1.2.3",
		.ready = true,
		.jobs = state_jobs,
		.job_count = array_count(state_jobs),
		.runs = state_runs,
		.run_count = array_count(state_runs),
		.queue = {.pending = 14,
			  .running = 1,
			  .waiting = 1,
			  .parked = 1,
			  .unrouted = 1,
			  .oldest = STATE_NOW - 90000,
			  .writable = true,
			  .writes = 310,
			  .failed_writes = 2},
		.entries = state_entries,
		.entry_count = array_count(state_entries),
		.counters = {.hooks_queued = 301,
			     .hooks_ignored = 17,
			     .hooks_refused = 5,
			     .hooks_snapshots = 9,
			     .hooks_full = 3,
			     .hooks_denied = 4,
			     .hooks_unsaved = 6,
			     .hooks_others = 23,
			     .runs_succeeded = 50,
			     .runs_failed = 8,
			     .images_copied = 290,
			     .images_in_sync = 1700,
			     .images_failed = 11,
			     .images_retried = 13,
			     .bytes = 98765432100,
			     .run_milliseconds = 7654321,
			     .last_success = STATE_NOW - 3988,
			     .reloads = 7,
			     .failed_reloads = 19},
	};
}

/* One that has just started, and has nothing to tell. */
static inline struct state state_fresh(void)
{
	return (struct state){
		.now = STATE_NOW,
		.started = STATE_NOW - 1,
		.version = "1.2.3",
		.ready = true,
		.queue = {.writable = true},
	};
}
