"""密钥命令: make and look at the key ring."""

from __future__ import annotations

import os

import click

from casemgr.cli.door import PoliteGroup
from casemgr.store.vault import new_key, read_ring, write_ring
from config import keyring_from

group = PoliteGroup("keys", help="密钥环：生成、查看。")


@group.command("create", with_appcontext=False)
def create() -> None:
    """生成新的密钥文件；已有密钥文件时拒绝覆盖。"""
    path = keyring_from(os.environ)
    key = new_key(1)
    write_ring(path, [key])
    click.echo(f"已生成密钥文件 {path}（指纹 {key.fingerprint}）。请把它单独备份，不要与数据库备份放在一起。")


@group.command("status", with_appcontext=False)
def status() -> None:
    """列出各密钥的编号、状态与指纹。"""
    for key in read_ring(keyring_from(os.environ)):
        click.echo(f"{key.key_id}\t{key.state}\t{key.created}\t{key.fingerprint}")
