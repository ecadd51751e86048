/*
 * How a message shows that its sender knows a secret. Private to serve/events/.
 *
 * All compare in constant time, and none takes an empty secret.
 */
#pragma once

#include "serve/events/events.h"

typedef bool proof(const struct event_message *message, struct str secret);

/* Authorization: the secret itself, "Bearer SECRET", or Basic with it as the password. */
proof proof_authorization;
/* X-Hub-Signature-256: "sha256=" and the HMAC-SHA-256 of the body in hexadecimal digits. */
proof proof_github;
/* X-Gitlab-Token: the secret itself; otherwise as proof_authorization(). */
proof proof_gitlab;
/* X-Nexus-Webhook-Signature: the HMAC-SHA-1 of the body in hexadecimal digits. */
proof proof_nexus;
