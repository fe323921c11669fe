"""旁读: reads columns of an SQLite file in a process of its own and hands them over as Arrow streams.

The column driver brings its own copy of SQLite. Two copies in one process cannot know of each other: when one
closes the file, the system drops every lock the other holds on it, and a second writer gets in. So this file
is run as a program (``python apart.py FILE``), never called inside one that writes. Each line of its input is
JSON, a select and the types of its columns; each answer is eight bytes of length and an Arrow stream.
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from urllib.parse import quote

LENGTH_BYTES = 8


def main() -> None:
    """Answer line by line until the input ends; columns come no wider than their types."""
    import adbc_driver_sqlite.dbapi as driver  # only in this process, see above
    import polars as pl  # loaded together with it

    connection = driver.connect(f"file:{quote(sys.argv[1])}?mode=ro")
    for line in sys.stdin:
        asked = json.loads(line)
        with connection.cursor() as cursor:
            cursor.execute(asked["select"])
            rows = pl.DataFrame(cursor.fetch_polars())
        types = zip(rows.columns, asked["types"], strict=True)
        answer = BytesIO()
        rows.select(pl.col(name).cast(getattr(pl, kind)) for name, kind in types).write_ipc_stream(answer)
        del rows
        sys.stdout.buffer.write(answer.tell().to_bytes(LENGTH_BYTES, "big"))
        sys.stdout.buffer.write(answer.getbuffer())
        sys.stdout.buffer.flush()
    connection.close()


if __name__ == "__main__":
    main()
