/* What a server sent is hostile: whatever is not printable ASCII becomes a question mark. */
#include "net/tls_chain.h"

#include "net/tls_der.h"

#include <stdio.h>
#include <string.h>

static void clean(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~')
			*c = *c == ' ' ? ' ' : '?';
}

/* "reg.example.com, *.example.com": as many as fit, and how many there are beside them. */
static void list_names(const struct tls_certificate *certificate, char *out, size_t size)
{
	enum { MORE = 16 }; /* room for ", and 1234 more" */
	struct str rest = certificate->names;
	struct tls_der name;
	size_t used = 0, left = 0;
	*out = '\0';
	while (tls_der_next(&rest, &name)) {
		if (name.tag != TLS_DER_DNS_NAME)
			continue;
		if (left || used + name.value.len + 2 + MORE > size) {
			left++;
			continue;
		}
		used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? ", " : "",
					 STR_ARGS(name.value));
	}
	if (left)
		snprintf(out + used, size - used, "%s%zu more", used ? ", and " : "", left);
	clean(out);
}

void tls_chain_add(struct tls_chain *chain, struct str der)
{
	struct tls_certificate certificate;
	if (chain->count == TLS_PATH_SENT_MAX || !tls_certificate_read(der, &certificate))
		return;
	struct tls_chain_link *link = &chain->links[chain->count++];
	struct tls_certificate issuer = certificate;
	issuer.subject = certificate.issuer;
	tls_certificate_title(&certificate, link->subject);
	tls_certificate_title(&issuer, link->issuer);
	clean(link->subject);
	clean(link->issuer);
	list_names(&certificate, link->names, sizeof(link->names));
	link->not_before = certificate.not_before;
	link->not_after = certificate.not_after;
}
