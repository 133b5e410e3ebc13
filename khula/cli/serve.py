"""`khula serve`: the server on this machine: tables brought up to date, pages and the door served, owed work done."""

import errno
import logging
import multiprocessing
import os
import socket
import threading
import time

import click

from khula.cli.installation import bring_up_to_date, ready

log = logging.getLogger("khula.serve")
TICK_SECONDS = 3.0
SLOW_TICKS = 20  # what may wait a minute is looked at every so many ticks


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 serves the whole network.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--processes", type=click.IntRange(1, 64), help="1 on SQLite, 2 on PostgreSQL unless given.")
@click.option("--threads", type=click.IntRange(1, 256), help="Of each process; 16 unless given.")
@click.option("--demo", is_flag=True, help="Fill an empty database with invented children first.")
def serve(host: str, port: int, processes: int | None, threads: int | None, demo: bool) -> None:
    """Serve Khula on this machine."""
    _claim(host, port)
    ready()
    bring_up_to_date()
    if demo:
        from khula.cli.demo import make

        make()
    _say_where(host, port, demo=demo)
    _serve(host, port, processes or _usual_processes(), threads or 16)


def _claim(host: str, port: int) -> None:
    """Say at once, and in words, when the address cannot be had; a demonstration takes its time."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            why = {
                errno.EADDRINUSE: f"Port {port} is in use. Stop what uses it, or take another: --port {port + 1}",
                errno.EACCES: f"Port {port} may not be used without being root. Take one above 1023: --port 8000",
            }.get(problem.errno or 0, f"{host} is no address of this machine. Use 127.0.0.1 or 0.0.0.0.")
            raise click.ClickException(why) from None


def _usual_processes() -> int:
    """Several processes would only wait for each other's writes on SQLite."""
    from django.db import connection

    return 1 if connection.vendor == "sqlite" else min(2, os.cpu_count() or 1)


def _say_where(host: str, port: int, *, demo: bool) -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 – only told apart, not bound
    click.echo(f"\nKhula is served at  http://{f'[{shown}]' if ':' in shown else shown}:{port}/   (Ctrl-C stops it)")
    if host in ("0.0.0.0", "::"):  # noqa: S104
        click.echo("Others reach it under a name listed in KHULA_HOSTS, such as KHULA_HOSTS=khula.example.org,10.0.0.5")
    if demo:
        from khula.cli.demo import sign_ins

        click.echo("\n".join(sign_ins(all_of_them=False)))


def _serve(host: str, port: int, processes: int, threads: int) -> None:
    from django.db import connections
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    # The clock needs Polars, which takes Ctrl-C for itself; loaded after the server did, the server would never stop.
    import khula.server.flow  # noqa: F401

    connections.close_all()
    # Not fork: a copy of a process with threads may hold locks that nobody will open.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        "khula.server.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        respawn_failed_workers=True,
        websockets=False,
        workers_kill_timeout=30,
        log_level=LogLevels.error,
    )
    over = threading.Event()
    clock = threading.Thread(target=_keep_time, args=(over,), name="clock", daemon=True)
    server.on_startup(clock.start)
    server.on_shutdown(over.set)
    server.serve()
    clock.join(timeout=10)


def _keep_time(over: threading.Event) -> None:
    """Until the server is over: owed events carried on every few seconds, waves and what waits every minute."""
    from django.db import connections

    ticks = 0
    while not over.wait(TICK_SECONDS):
        try:
            tick(slow=ticks % SLOW_TICKS == 0, first=ticks == 0)
        except Exception as problem:  # the clock must not stop; the next tick tries again
            log.error("the clock: %s", type(problem).__name__)
            connections.close_all()
            time.sleep(TICK_SECONDS)
        ticks += 1
    connections.close_all()


def tick(*, slow: bool, first: bool = False) -> None:
    """One beat of the clock. Safe when several processes have a clock."""
    from khula.server.cases.actions import retake_waiting
    from khula.server.collection.actions import apply_overdue, join_corrections
    from khula.server.events.actions import carry_on, try_again
    from khula.server.safeguarding.alerts import escalate_due, open_missing_duties
    from khula.server.waves.actions import begin_due

    if first:  # a server that starts anew may be a mended one: what was given up is owed again
        try_again()
    carry_on()
    if slow:
        open_missing_duties()
        escalate_due()
        begin_due()
        apply_overdue()
        join_corrections()
        retake_waiting()
