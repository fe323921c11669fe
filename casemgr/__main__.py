"""启动: ``python3 -m casemgr run | test | setup``.

This file alone must be readable by any Python 3, so that an old one gets a sentence and no syntax error; that
is why it uses no newer syntax. Everything else is in casemgr/launch.
"""

import sys

OLDEST = (3, 11)


def main(arguments: "list[str]") -> int:
    """Start the launcher and return the exit code; on a Python that is too old, say so."""
    if sys.version_info < OLDEST:
        print(
            "需要 Python {}.{} 或更新版本，现在是 {}.{}。Debian 12/13 自带的 python3 即可。".format(
                *(OLDEST + tuple(sys.version_info[:2]))
            ),
            file=sys.stderr,
        )
        return 1
    from casemgr.launch.command import start

    return start(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
