/* feed BYTES CHUNK: writes so many bytes of 100-byte lines to standard output,
   so many at a time. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 100, MOST = 64000 };

int main(int argc, char **argv)
{
	static char lines[MOST];
	if (argc != 3)
		return 100;
	long left = atol(argv[1]), chunk = atol(argv[2]);
	if (chunk < 1 || chunk > MOST)
		return 100;
	memset(lines, 'x', MOST);
	for (int i = LINE - 1; i < MOST; i += LINE)
		lines[i] = '\n';
	while (left > 0) {
		ssize_t written = write(1, lines, left < chunk ? left : chunk);
		if (written < 0)
			return 111;
		left -= written;
	}
	return 0;
}
