/* A server of the user's own: it gets the JSON report as it is, signed if there is a secret. */
#include "net/hmac.h"
#include "notify/post.h"

static const char *signature(struct arena *arena, const char *secret, struct str body)
{
	char mac[HMAC_SIZE], hex[2 * HMAC_SIZE + 1];
	hmac_sha256(str_of(secret), body, mac);
	for (size_t i = 0; i < sizeof(mac); i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)mac[i]);
	return arena_printf(arena, "X-Image-Syncer-Signature: sha256=%s", hex);
}

bool webhook_send(const struct channel *channel, struct error *err)
{
	const char *secret = channel->target->secret;
	const char *header = secret ? signature(channel->arena, secret, channel->json) : NULL;
	if (secret && !header)
		return error_memory(err);
	const struct post post = {.method = "POST",
				  .url = &channel->target->url,
				  .header = header,
				  .body = channel->json,
				  .judge = post_status};
	return post_send(channel, &post, err);
}
