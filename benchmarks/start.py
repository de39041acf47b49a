"""What the command line costs before it does anything: CPU of the import, packages installed.

Goals: `import bot.cli` under 1 CPU second (best of five; the machine may be busy), at most 45
packages in the command-line install, counted in the lock file and ours.

    python benchmarks/start.py
"""

import re
import resource
import subprocess
import sys
from pathlib import Path

ROUNDS = 5
GOAL_S = 1.0
GOAL_PACKAGES = 45


def cpu_of(program: str) -> float:
    """Return user plus system seconds of one fresh interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print the figures and return 1 where a goal is missed."""
    cpu_of("import bot.cli")
    empty = min(cpu_of("pass") for _ in range(ROUNDS))
    loaded = min(cpu_of("import bot.cli") for _ in range(ROUNDS))
    lock = (Path(__file__).parents[1] / "requirements.lock").read_text()
    packages = len(re.findall(r"^[a-z0-9._-]+==", lock, re.MULTILINE | re.IGNORECASE)) + 1
    print(f"import bot.cli   {loaded:.2f} CPU s, {loaded / empty:.1f}x an empty interpreter")
    print(f"packages         {packages} of at most {GOAL_PACKAGES}")
    return int(loaded > GOAL_S or packages > GOAL_PACKAGES)


if __name__ == "__main__":
    sys.exit(main())
