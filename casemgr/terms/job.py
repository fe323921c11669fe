"""任务: the states of one run of a scheduled job."""

from __future__ import annotations

from enum import Enum


class RunState(Enum):
    """运行状态; the value is what the database keeps, ``label`` what people read."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    RunState.DUE: "等待运行",
    RunState.RUNNING: "正在运行",
    RunState.DONE: "完成",
    RunState.FAILED: "失败",
}
