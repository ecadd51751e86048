/*
 * A server that sends in small pieces would wake the thread for each of them; with pieces of 4 KiB
 * that took a tenth of the time. Sleeping longer loses nothing: the bytes in the kernel are read
 * when the sleep ends, after a second at the latest, and the kernel wakes the thread early when its
 * buffer is full or the server closes.
 *
 * Near the end of a body the threshold might never be reached, and TLS may already hold some of the
 * bytes. So it is reset while there is still more to come than two steps can bring.
 */
#include "net/low_water.h"

#include "net/handle.h"

#include <sys/socket.h>

enum {
	LOW_WATER = 128 * 1024,
	LAST_BYTES = LOW_WATER + 2 * HANDLE_STEP_MAX,
	SOCKETS_MAX = 4, /* a handle has one; another may be closing */
};

/* The bytes still to come of a body of known length; 0 for any other. */
static curl_off_t bytes_left(const struct handle *handle)
{
	curl_off_t size = 0, got = 0;
	curl_easy_getinfo(handle->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	curl_easy_getinfo(handle->easy, CURLINFO_SIZE_DOWNLOAD_T, &got);
	return size > got ? size - got : 0;
}

/*
 * Sets the threshold of the handle's sockets. False when they are not known: a paused transfer has
 * none.
 */
static bool set_sockets(struct handle *handle, int bytes)
{
	struct curl_waitfd sockets[SOCKETS_MAX];
	unsigned count = 0;
	bool ok = curl_multi_waitfds(handle->multi, sockets, SOCKETS_MAX, &count) == CURLM_OK;
	for (unsigned i = 0; ok && i < count; i++)
		setsockopt(sockets[i].fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
	return ok && count > 0;
}

void low_water_update(struct handle *handle)
{
	bool wanted = handle->stream && handle->head_complete && bytes_left(handle) > LAST_BYTES;
	if (wanted != handle->low_water && set_sockets(handle, wanted ? LOW_WATER : 1))
		handle->low_water = wanted;
}
