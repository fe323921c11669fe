"""旁读: reads columns of an SQLite file in a process of its own and hands them over as an Arrow stream.

The column driver brings its own copy of SQLite. Two copies in one process cannot know of each other: when one
closes the file, the system drops every lock the other holds on it, and a second writer gets in. So this file
is run as a program (``python apart.py FILE``; its input is JSON: the select and the type of each column),
never imported by one that writes.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Write the rows of the select to stdout, each column no wider than its type."""
    import adbc_driver_sqlite.dbapi as driver  # only in this process, see above
    import polars as pl  # loaded together with it

    asked = json.load(sys.stdin)
    connection = driver.connect(f"file:{sys.argv[1]}?mode=ro")
    with connection.cursor() as cursor:
        cursor.execute(asked["select"])
        rows = pl.DataFrame(cursor.fetch_polars())
        types = zip(rows.columns, asked["types"], strict=True)
        narrow = rows.select(pl.col(name).cast(getattr(pl, kind)) for name, kind in types)
        narrow.write_ipc_stream(sys.stdout.buffer)
    connection.close()


if __name__ == "__main__":
    main()
