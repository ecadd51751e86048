/*
 * Runs a fuzz target over files and the files of folders: its corpus, without libFuzzer. Each input
 * lies in a block of exactly its size, so that AddressSanitizer sees a read past its end.
 */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 20, PATH_SIZE = 1024 };

static size_t files;

static void replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(INPUT_MAX);
	require(file && bytes);
	size_t size = fread(bytes, 1, INPUT_MAX, file);
	fclose(file);
	bytes = realloc(bytes, size ? size : 1);
	require(bytes);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	files++;
}

static void replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	require(folder);
	for (struct dirent *entry; (entry = readdir(folder));) {
		char name[PATH_SIZE];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		replay_file(name);
	}
	closedir(folder);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat status;
		if (stat(argv[i], &status) != 0) {
			perror(argv[i]);
			return 1;
		}
		if (S_ISDIR(status.st_mode))
			replay_folder(argv[i]);
		else
			replay_file(argv[i]);
	}
	if (!files)
		fputs("no inputs\n", stderr);
	return !files;
}
