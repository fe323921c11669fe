"""旁读: reads columns of an SQLite file in a process of its own and hands them over as an Arrow stream.

The column driver brings its own copy of SQLite. Two copies in one process cannot know of each other: when one
closes the file, the system drops every lock the other holds on it, and a second writer gets in. So this file
is run as a program (``python apart.py FILE``, the select on its input), never imported by one that writes.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Write the rows of the select on stdin to stdout."""
    import adbc_driver_sqlite.dbapi as driver  # only in this process, see above
    import polars as pl  # loaded together with it

    connection = driver.connect(f"file:{sys.argv[1]}?mode=ro")
    with connection.cursor() as cursor:
        cursor.execute(sys.stdin.read())
        pl.DataFrame(cursor.fetch_polars()).write_ipc_stream(sys.stdout.buffer)
    connection.close()


if __name__ == "__main__":
    main()
