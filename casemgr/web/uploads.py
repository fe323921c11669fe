"""上传: what people send — files stay in memory, and texts lose the characters that nobody sees or types."""

from __future__ import annotations

import re
from io import BytesIO
from typing import IO

from flask import Request

#: Control characters, marks of order and of width, and turned writing: pasted along from chats and documents,
#: they make names that look alike differ and show a text in another order than it is written.
UNSEEN = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


class MemoryRequest(Request):
    """A request whose files never touch a disk; how large they may be, each page says with its guard."""

    def _load_form_data(self) -> None:
        loaded = "form" in self.__dict__
        super()._load_form_data()
        if loaded:
            return
        typed = [(name, text) for name, texts in self.form.lists() for text in texts]
        if any(UNSEEN.search(text) for _, text in typed):
            # A NUL stays: no paste brings it, and the guard refuses it.
            clean = self.parameter_storage_class([(name, UNSEEN.sub("", text)) for name, text in typed])
            self.__dict__["form"] = clean

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()
