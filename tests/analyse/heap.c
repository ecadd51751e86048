/*
 * The heap of a static program, told to memcheck. It replaces allocators by preloading a library,
 * which a static program does not do; so this stands in between, linked with --wrap, and says by
 * valgrind's own requests what is a block. Calls out of the libraries and musl come by here as well.
 *
 * A block has a zone on both sides that nobody may touch, and is kept a while after it was freed, so
 * that what is used too long or too far is seen.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/memcheck.h>

enum { ZONE = 32, KEPT = 4096, KEPT_SIZE = 1024 * 1024 };

void *__real_malloc(size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);
void __wrap_free(void *at);

/* At the beginning of the zone in front of a block. */
struct head {
	char *start;  /* what malloc gave, */
	size_t whole; /* and how much */
	size_t size;  /* of the block */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *kept[KEPT]; /* blocks that were freed, in a ring */
static size_t next;

static struct head *head_of(char *block)
{
	struct head *head = (struct head *)(void *)(block - ZONE);
	VALGRIND_MAKE_MEM_DEFINED(head, sizeof(*head));
	return head;
}

/* A block at a multiple of align, undefined or zeroed. */
static void *allocate(size_t align, size_t size, int zeroed)
{
	if (size > PTRDIFF_MAX - 2 * ZONE - align)
		return NULL;
	size_t whole = size + 2 * ZONE + align;
	char *start = __real_malloc(whole);
	if (!start)
		return NULL;
	char *block = (char *)(((uintptr_t)start + ZONE + align - 1) / align * align);
	*head_of(block) = (struct head){start, whole, size};
	if (zeroed)
		memset(block, 0, size);
	VALGRIND_MAKE_MEM_NOACCESS(start, (size_t)(block - start));
	VALGRIND_MAKE_MEM_NOACCESS(block + size, ZONE);
	VALGRIND_MALLOCLIKE_BLOCK(block, size, ZONE, zeroed);
	return block;
}

/* Gives the memory back for good. */
static void forget(char *block)
{
	if (!block)
		return;
	const struct head head = *head_of(block);
	/* As it came: musl keeps notes of its own in it. */
	VALGRIND_MAKE_MEM_DEFINED(head.start, head.whole);
	__real_free(head.start);
}

void *__wrap_malloc(size_t size)
{
	return allocate(_Alignof(max_align_t), size, 0);
}

void *__wrap_calloc(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return allocate(_Alignof(max_align_t), bytes, 1);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return allocate(align, size, 0);
}

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
	*out = allocate(align, size, 0);
	return *out ? 0 : 12; /* ENOMEM */
}

void __wrap_free(void *at)
{
	char *block = at;
	if (!block)
		return;
	size_t size = head_of(block)->size;
	VALGRIND_MAKE_MEM_NOACCESS(block - ZONE, ZONE);
	VALGRIND_FREELIKE_BLOCK(block, ZONE); /* says so when it is none, or none any more */
	pthread_mutex_lock(&lock);
	char *oldest = block;
	if (size <= KEPT_SIZE) {
		oldest = kept[next];
		kept[next] = block;
		next = (next + 1) % KEPT;
	}
	pthread_mutex_unlock(&lock);
	forget(oldest);
}

void *__wrap_realloc(void *at, size_t size)
{
	void *block = __wrap_malloc(size);
	if (!at || !block)
		return block;
	size_t old = head_of(at)->size;
	VALGRIND_MAKE_MEM_NOACCESS((char *)at - ZONE, ZONE);
	memcpy(block, at, old < size ? old : size);
	__wrap_free(at);
	return block;
}
