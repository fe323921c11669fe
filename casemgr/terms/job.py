"""任务: the states of one run of a scheduled job."""

from __future__ import annotations

from enum import Enum


class RunState(Enum):
    """运行状态; the value is what the database keeps, ``label`` what people read."""

    DUE = "due", "等待运行"
    RUNNING = "running", "正在运行"
    DONE = "done", "完成"
    FAILED = "failed", "失败"

    label: str

    def __new__(cls, code: str, label: str) -> RunState:
        member = object.__new__(cls)
        member._value_ = code
        member.label = label
        return member
