/* stamp FILE [PROGRAM...] [-- COMMAND...]: appends the time and its pid to the file; with programs, runs each to its
   end and does so once more; executes the command. */
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct stamp {
	long long ns;
	int pid, unused;
};

static void run(char *program)
{
	char *args[] = { program, 0 };
	int pid = vfork(), status;
	if (pid == 0) {
		execv(program, args);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		_exit(92);
}

static void stamp(int fd)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	struct stamp stamp = { now.tv_sec * 1000000000LL + now.tv_nsec, getpid(), 0 };
	if (write(fd, &stamp, sizeof stamp) != sizeof stamp)
		_exit(91);
}

int main(int argc, char **argv)
{
	int i = 2, fd = argc > 1 ? open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		_exit(90);
	stamp(fd);
	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		run(argv[i]);
	if (i > 2)
		stamp(fd);
	if (i + 1 < argc) {
		execv(argv[i + 1], argv + i + 1);
		_exit(127);
	}
	return 0;
}
