"""The command `python -m app witness`: a witness that a bureau runs on a machine of its own."""

import argparse
from pathlib import Path
from socket import socket

import uvicorn

from app.logging import configure
from app.transparency.keys import MalformedKey, VerifierKey, parse_verifier
from app.witness.door import create_app
from app.witness.keep import Witness

HOST, PORT = "127.0.0.1", 8100


def options(command: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    command.add_argument(
        "--folder", type=Path, required=True, help="见证人的钥匙和已签日志头所在的目录"
    )
    command.add_argument(
        "--log",
        type=_log,
        action="append",
        required=True,
        metavar="公钥",
        help="要见证的日志的公钥（/log/keys 里的一行的第一段），可以写几次",
    )
    command.add_argument("--name", help="见证人的名字，第一次启动时定，默认用机器名")
    command.add_argument("--host", default=HOST, help=f"监听地址，默认 {HOST}")
    command.add_argument("--port", type=int, default=PORT, help=f"监听端口，默认 {PORT}")


def _log(text: str) -> VerifierKey:
    try:
        return parse_verifier(text)
    except MalformedKey as error:
        raise argparse.ArgumentTypeError(f"不是日志的公钥 / {error}") from error


def run(arguments: argparse.Namespace, sockets: list[socket]) -> None:
    """Serve until SIGINT or SIGTERM. Raises CannotWitness."""
    configure("console")
    witness = Witness(arguments.folder, arguments.log, arguments.name)
    host, port = sockets[0].getsockname()[:2]
    print(
        "\n见证人的公钥，请交给平台管理员并公布 / verifier key, to be published:\n"
        f"{witness.key.verifier}\n"
        f"见证人已启动 / running: http://{host}:{port}\n按 Ctrl-C 停止 / Ctrl-C stops",
        flush=True,
    )
    try:
        uvicorn.Server(
            uvicorn.Config(
                create_app(witness), log_config=None, access_log=False, timeout_graceful_shutdown=10
            )
        ).run(sockets)
    finally:
        witness.close()
