"""判定表: writes a line into ``verdicts.csv`` for every address with a key that has none yet.

Run ``python -m tests.security.verdicts`` and read what it wrote: a stranger's row is expected to be hidden
unless somebody writes ``shared`` and the reason there.
"""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from pathlib import Path

from casemgr.app import create_app
from casemgr.services import account
from casemgr.store.db import db
from tests.conftest import TODAY, make_config, migrate
from tests.security import twins
from tests.security.bodies import Bodies
from tests.security.everybody import open_account, opened, roles
from tests.security.test_matrix import VERDICTS, read_verdicts
from tests.staff import quick_hasher

COLUMNS = ("door", "method", "path", "action", "own", "stranger", "because")


def main() -> None:
    """Rewrite the file: kept judgements, observed answers, no line without an address."""
    account._hasher = quick_hasher()
    folder = Path(tempfile.mkdtemp(prefix="casemgr-verdicts-"))
    try:
        app = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
        migrate(app)
        with app.app_context():
            twins.settle()
            for role in roles():
                open_account(role)
            db.engine.dispose()
        place = opened(folder)
        seen, kept = Bodies(place).statuses, read_verdicts() if VERDICTS.exists() else {}
        with VERDICTS.open("w", encoding="utf-8", newline="") as file:
            write = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            write.writeheader()
            for route in place.routes:
                if not route.keys:
                    continue
                old = kept.get(route.name)
                if old is None:
                    sys.stdout.write(f"{route.name}\n")
                write.writerow(
                    {
                        "door": route.door,
                        "method": route.method,
                        "path": route.path,
                        "action": route.action.code if route.action else "own account",
                        "own": "|".join(map(str, sorted(seen.get(route.name, set())))),
                        "stranger": old.stranger if old else "hidden",
                        "because": old.because if old else "",
                    }
                )
        place.close()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
