/*
 * libmicrohttpd's time limit is one of silence: a client that sends a byte now and then is never
 * too slow for it. So the whole time is watched here. What is overdue is shut down, by its
 * descriptor; its thread then sees the end of the connection and closes it. A descriptor may be
 * used like that as long as it is in the table under the lock, because the entry is removed before
 * the descriptor is closed.
 *
 * A connection that was handed over but could not be begun for lack of memory is closed without a
 * word. Its entry ends with its deadline, or when the descriptor's number comes back.
 */
#include "serve/listener_connections.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Answers are short, so this is for clients that do not read. */
enum { ANSWER_MS = 60 * 1000 };

struct listener_connections {
	pthread_mutex_t lock;
	int wake;
	int64_t milliseconds;
	unsigned count, taken;
	struct listener_connection at[];
};

struct listener_connections *listener_connections_new(struct arena *arena, unsigned count,
						      int64_t milliseconds)
{
	struct listener_connections *all =
		arena_alloc(arena, sizeof(*all) + count * sizeof(all->at[0]));
	if (!all || (all->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
		return NULL;
	pthread_mutex_init(&all->lock, NULL);
	all->milliseconds = milliseconds;
	all->count = count;
	for (unsigned i = 0; i < count; i++)
		all->at[i].fd = -1;
	return all;
}

void listener_connections_free(struct listener_connections **all)
{
	if (!*all)
		return;
	close((*all)->wake);
	pthread_mutex_destroy(&(*all)->lock);
	*all = NULL;
}

int listener_connections_fd(const struct listener_connections *all)
{
	return all->wake;
}

void listener_connections_wake(struct listener_connections *all)
{
	eventfd_write(all->wake, 1);
}

void listener_connections_woken(struct listener_connections *all)
{
	eventfd_t ignored;
	eventfd_read(all->wake, &ignored);
}

/* --- one by one; those without "connections" in their name are called locked ------------------ */

static struct listener_connection *find(struct listener_connections *all, int fd)
{
	for (unsigned i = 0; i < all->count; i++)
		if (all->at[i].fd == fd)
			return &all->at[i];
	return NULL;
}

static void leave(struct listener_connections *all, struct listener_connection *connection)
{
	if (all->taken-- == all->count)
		listener_connections_wake(all);
	*connection = (struct listener_connection){.fd = -1};
}

bool listener_connections_full(struct listener_connections *all, bool *any)
{
	pthread_mutex_lock(&all->lock);
	bool full = all->taken == all->count;
	*any = all->taken > 0;
	pthread_mutex_unlock(&all->lock);
	return full;
}

bool listener_connections_take(struct listener_connections *all, int fd, const char *peer)
{
	pthread_mutex_lock(&all->lock);
	struct listener_connection *lost = find(all, fd);
	if (lost)
		leave(all, lost);
	struct listener_connection *connection = find(all, -1);
	if (connection) {
		connection->fd = fd;
		connection->deadline = clock_ms() + all->milliseconds;
		snprintf(connection->peer, sizeof(connection->peer), "%s", peer);
		all->taken++;
	}
	pthread_mutex_unlock(&all->lock);
	return connection;
}

void listener_connections_drop(struct listener_connections *all, int fd)
{
	pthread_mutex_lock(&all->lock);
	struct listener_connection *connection = find(all, fd);
	if (connection && !connection->started)
		leave(all, connection);
	pthread_mutex_unlock(&all->lock);
}

struct listener_connection *listener_connections_start(struct listener_connections *all, int fd)
{
	pthread_mutex_lock(&all->lock);
	struct listener_connection *connection = find(all, fd);
	if (connection)
		connection->started = true;
	pthread_mutex_unlock(&all->lock);
	return connection;
}

void listener_connections_end(struct listener_connections *all,
			      struct listener_connection *connection)
{
	pthread_mutex_lock(&all->lock);
	leave(all, connection);
	pthread_mutex_unlock(&all->lock);
}

void listener_connections_note(struct listener_connections *all,
			       struct listener_connection *connection, enum listener_event event)
{
	int64_t now = clock_ms();
	pthread_mutex_lock(&all->lock);
	switch (event) {
	case LISTENER_REQUEST:
		/* The time of a first request began with the connection. */
		if (connection->kept)
			connection->deadline = now + all->milliseconds;
		connection->kept = false;
		break;
	case LISTENER_ASKED:
		connection->deadline = 0;
		break;
	case LISTENER_ANSWERS:
		connection->deadline = now + ANSWER_MS;
		break;
	case LISTENER_DONE:
		connection->deadline = now + all->milliseconds;
		connection->kept = true;
		break;
	}
	pthread_mutex_unlock(&all->lock);
}

void listener_connections_expire(struct listener_connections *all)
{
	int64_t now = clock_ms();
	pthread_mutex_lock(&all->lock);
	for (unsigned i = 0; i < all->count; i++) {
		struct listener_connection *connection = &all->at[i];
		if (connection->fd < 0 || !connection->deadline || now < connection->deadline)
			continue;
		connection->deadline = 0;
		if (connection->started)
			shutdown(connection->fd, SHUT_RDWR);
		else
			leave(all, connection);
	}
	pthread_mutex_unlock(&all->lock);
}
