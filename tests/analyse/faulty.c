/*
 * What memcheck must find in a program that is built as the release is: without that, finding
 * nothing there would mean nothing. The argument names the mistake; all are on purpose.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *mistake = argc > 1 ? argv[1] : "";
	/* Volatile, or the compiler would see it all. */
	char *volatile memory = malloc(24);
	int status = 0;
	if (!memory)
		return 1;
	if (strcmp(mistake, "leak") == 0) {
		memory = NULL;
		return 0;
	}
	if (strcmp(mistake, "uninitialised") == 0)
		status = memory[3] == 'x' && puts("x") == 0;
	if (strcmp(mistake, "beyond") == 0)
		memory[24] = 'x';
	free(memory);
	if (strcmp(mistake, "freed") == 0)
		memory[5] = 'x';
	return status;
}
