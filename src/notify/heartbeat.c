/*
 * A sign of life after a good run, for a service that raises the alarm when none comes any more. So
 * it notices as well when runs do not even begin.
 */
#include "notify/post.h"

bool heartbeat_send(const struct channel *channel, struct error *err)
{
	const struct post post = {
		.method = "GET", .url = &channel->target->url, .judge = post_status};
	return post_send(channel, &post, err);
}
