"""密钥命令: make, look at, turn and bring up to date the key ring."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import clock, keyring
from casemgr.store.vault import SUITES
from config import BadConfig, keyring_from, keys_from

group = PoliteGroup("keys", help="密钥环：生成、查看、轮换、重新加密。")
STATES = {"pre": "预备", "active": "启用", "decrypt_only": "只解密", "retired": "已停用"}
APART = "请把它单独备份，不要与数据库备份放在一起。"


def _source() -> tuple[str, tuple[str, ...]]:
    faults: list[str] = []
    found = keys_from(os.environ, faults)
    if faults:
        raise BadConfig(faults)
    return found


@group.command("create", with_appcontext=False)
def create() -> None:
    """生成新的密钥文件；已有密钥文件时拒绝覆盖。"""
    path = keyring_from(os.environ)
    name, command = _source()
    suite = "sm" if os.environ.get("CASEMGR_CIPHER") == "sm4" else "aes"
    key = keyring.create(path, suite, name, command)
    click.echo(f"已生成密钥文件 {path}（指纹 {key.fingerprint}）。{APART}")


@group.command("status", with_appcontext=False)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def status(as_json: bool) -> None:
    """列出各密钥的编号、状态、日期、指纹与算法。"""
    keys = keyring.listed(keyring_from(os.environ), _source()[1])
    if as_json:
        put_json(
            [
                {
                    "id": key.key_id,
                    "state": key.state,
                    "created": key.created,
                    "fingerprint": key.fingerprint,
                    "suite": key.suite,
                }
                for key in keys
            ]
        )
        return
    for key in keys:
        click.echo(f"{key.key_id}\t{key.state}\t{key.created}\t{key.fingerprint}\t{key.suite or '-'}")


@group.command("usage")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def usage(as_json: bool) -> None:
    """逐个密钥清点还有多少加密值和审计记录要用它，以及重新加密的进度。"""
    access = Access.system("keys")
    keys, steps = keyring.generations(access), keyring.steps(access)
    if as_json:
        put_json({"keys": [asdict(one) for one in keys], "reseal": [asdict(one) for one in steps]})
        return
    for one in keys:
        state = STATES[one.state]
        click.echo(f"第 {one.key_id} 号\t{state}\t加密值 {one.values:,} 个\t审计记录 {one.entries:,} 条")
    for step in steps:
        end = "完成" if step.finished else "进行中"
        click.echo(f"{step.table}\t重新加密 {step.resealed:,} 行\t{end}")


@group.command("rotate")
@click.option("--suite", type=click.Choice(list(SUITES)), help="aes 或 sm（国密）；不写则与现用密钥相同。")
@click.option("--prepare", is_flag=True, help="只放入密钥文件，暂不启用（先分发到其他机器时用）。")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def rotate(suite: str | None, prepare: bool, as_json: bool) -> None:
    """启用新一代密钥：此后的写入都用新密钥，旧密钥只用于打开原有内容。"""
    made = keyring.rotate(Access.system("keys"), suite, clock.now(), prepare=prepare)
    if as_json:
        put_json(
            {"id": made.key_id, "state": made.state, "suite": made.suite, "fingerprint": made.fingerprint}
        )
        return
    words = "已预备，尚未启用" if prepare else "已启用"
    click.echo(
        f"第 {made.key_id} 号密钥{words}（{SUITES[made.suite or 'aes']}，指纹 {made.fingerprint}）。{APART}"
    )
    if not prepare:
        click.echo("原有内容仍用旧密钥，可以照常打开。请执行 flask keys reseal 重新加密。")


@group.command("reseal")
@click.option("--pause", type=click.FloatRange(0, 100), default=1.0, help="每批之后停顿的倍数，0 为不停顿。")
@click.option("--json", "as_json", is_flag=True, help="结果只输出 JSON，进度逐行写到标准错误。")
def reseal(pause: float, as_json: bool) -> None:
    """把所有加密内容换到现用密钥；可以随时中断，再次执行时接着做，期间照常读写。"""

    def say(step: keyring.Step) -> None:
        if as_json:
            words = json.dumps({"table": step.table, "resealed": step.resealed, "finished": step.finished})
        else:
            words = f"{step.table}：已重新加密 {step.resealed:,} 行{'，完成' if step.finished else ''}"
        if step.resealed:
            print(words, file=sys.stderr, flush=True)

    done = keyring.reseal_all(Access.system("keys"), say, pause=pause)
    if as_json:
        put_json({**asdict(done), "complete": done.complete})
    elif done.complete:
        click.echo(f"全部内容已换到第 {done.key_id} 号密钥：{done.resealed:,} 行，{done.files:,} 个文件。")
    if not done.complete:
        rest = sum(done.left.values())
        click.echo(
            f"还没有做完：{rest:,} 处仍用旧密钥，其中 {done.damaged:,} 处打不开，"
            f"另有 {done.older_writers} 个早先的事务未结束。请稍后再执行一次；打不开的内容请从备份核对。",
            err=True,
        )
        raise SystemExit(1)


@group.command("retire")
@click.argument("key_id", type=int)
@click.option(
    "--telephones-asked", is_flag=True, help="各账号的手机号码已经重新填写，或不再用来核对是否同一个人。"
)
def retire(key_id: int, telephones_asked: bool) -> None:
    """销毁不再需要的旧密钥；还有内容、审计记录或账号的手机号码要用它时拒绝。"""
    gone = keyring.retire(Access.system("keys"), key_id, clock.now(), telephones_asked)
    click.echo(f"第 {gone.key_id} 号密钥已停用并从密钥文件中删除（指纹 {gone.fingerprint}）。")


@group.command("rewrap")
def rewrap() -> None:
    """按现在的设置（文件或外部密钥程序）重新存放密钥；数据不变。"""
    keys = keyring.rewrap(Access.system("keys"))
    click.echo(f"已按现在的设置重新存放 {len(keys)} 把密钥。")


@group.command("share", with_appcontext=False)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="存放各份的文件夹。"
)
@click.option("--parts", type=click.IntRange(2, 16), default=3, help="分成几份。")
@click.option("--need", type=click.IntRange(2, 16), default=2, help="几份可以恢复。")
def share(out: Path, parts: int, need: int) -> None:
    """把密钥文件分成几份（默认三份，任意两份可以恢复，单独一份什么也看不出）。"""
    made = keyring.share(keyring_from(os.environ), out, parts, need)
    for file in made:
        click.echo(file)
    click.echo(
        f"任意 {need} 份可以恢复。请分别打印、密封，交不同机构保管，然后删除这些文件。轮换密钥后要重新分存。"
    )


@group.command("join", with_appcontext=False)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def join(files: tuple[Path, ...]) -> None:
    """用足够的几份恢复密钥文件；已有密钥文件时拒绝覆盖。"""
    path = keyring_from(os.environ)
    for key in keyring.join(files, path, _source()[1]):
        click.echo(f"{key.key_id}\t{key.state}\t{key.created}\t{key.fingerprint}\t{key.suite or '-'}")
    click.echo(f"已恢复密钥文件 {path}。请用 flask keys drill 核对它能打开登记库。")


@group.command("drill")
def drill() -> None:
    """演练：用现有密钥打开登记库里的内容各一处，并核对审计链的末条。"""
    found = keyring.drill(Access.system("keys"))
    click.echo(f"密钥可用：{found.opened} 个加密列各打开一处，{found.empty} 个列没有内容，审计末条相符。")
    if found.damaged:
        click.echo(f"有 {len(found.damaged)} 个列打不开：{'、'.join(found.damaged)}。", err=True)
        raise SystemExit(1)
