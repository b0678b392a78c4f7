"""The embedded servers: started once, kept, revived, and owned by one process."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from annotation.config.supervisor import EmbeddedServices, SupervisorError, binaries
from annotation.config.supervisor.processes import require_traversable, wait_until
from annotation.config.supervisor.services import socket_folder

pytestmark = pytest.mark.services


@pytest.fixture
def folder(open_folder: Path) -> Path:
    """The directory of one installation."""
    return open_folder


@pytest.fixture
def services(folder: Path) -> Iterator[EmbeddedServices]:
    """Running servers with the durability of production."""
    with EmbeddedServices(folder) as running:
        yield running


def connect(services: EmbeddedServices) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection that commits each statement."""
    return psycopg.connect(services.database_url, autocommit=True)


def write_mark(services: EmbeddedServices) -> None:
    """Leave a row and a message behind."""
    with connect(services) as connection:
        connection.execute("CREATE TABLE mark AS SELECT 7 AS number")
    with redis.Redis.from_url(services.redis_url) as client:
        client.rpush("mark", "seven")


def read_mark(services: EmbeddedServices) -> tuple[object, object]:
    """Return the row and the message."""
    with connect(services) as connection:
        row = connection.execute("SELECT number FROM mark").fetchone()
    with redis.Redis.from_url(services.redis_url) as client:
        return row, client.lrange("mark", 0, -1)


def postmaster(folder: Path) -> int:
    """Return the process id of the server on this directory."""
    return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])


def test_production_start_syncs_every_commit(services: EmbeddedServices) -> None:
    with connect(services) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    with redis.Redis.from_url(services.redis_url) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_log_keeps_what_people_wrote_to_itself(services: EmbeddedServices) -> None:
    with connect(services) as connection:
        connection.execute("CREATE TABLE said (words text UNIQUE)")
        with connection.cursor().copy("COPY said FROM STDIN") as copy:
            copy.write_row(("my secret reason",))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO said VALUES ('my secret reason')")
        with (
            pytest.raises(psycopg.errors.UniqueViolation),
            connection.cursor().copy("COPY said FROM STDIN") as copy,
        ):
            copy.write_row(("my secret reason",))
    log = services.directory / "log" / "postgres.log"
    assert "duplicate key value" in log.read_text()
    assert "secret" not in log.read_text()


def test_servers_listen_on_sockets_alone(services: EmbeddedServices) -> None:
    with connect(services) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    with redis.Redis.from_url(services.redis_url) as client:
        assert client.config_get("port") == {"port": "0"}
    assert socket_folder(services.directory).stat().st_mode & 0o077 == 0


def test_second_start_keeps_the_data(folder: Path) -> None:
    with EmbeddedServices(folder) as first:
        write_mark(first)
    with EmbeddedServices(folder) as second:
        assert read_mark(second) == ((7,), [b"seven"])


def test_killed_servers_come_back_with_their_data(
    services: EmbeddedServices, folder: Path
) -> None:
    write_mark(services)
    os.kill(postmaster(folder), signal.SIGKILL)
    with redis.Redis.from_url(services.redis_url) as client:
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    wait_until(lambda: not any(s.is_running() for s in services.servers), timeout=30)
    assert services.revive() == ["PostgreSQL", "Valkey"]
    assert services.revive() == []
    assert read_mark(services) == ((7,), [b"seven"])


def test_second_owner_is_refused_by_name(
    services: EmbeddedServices, folder: Path
) -> None:
    with pytest.raises(SupervisorError, match=f"Process {os.getpid()} already serves"):
        EmbeddedServices(folder).start()
    assert services.servers[0].is_running()


def test_servers_left_behind_are_replaced_by_own_children(folder: Path) -> None:
    killed = EmbeddedServices(folder)
    killed.start()
    write_mark(killed)
    # What the system does for a supervisor that is killed.
    os.close(killed._lock or -1)
    left_behind = postmaster(folder)
    with EmbeddedServices(folder) as heir:
        assert postmaster(folder) != left_behind
        assert read_mark(heir) == ((7,), [b"seven"])
    assert not any(server.is_running() for server in killed.servers)


def test_owner_is_known_while_its_servers_answer(folder: Path) -> None:
    assert EmbeddedServices(folder).serving_owner() is None
    with EmbeddedServices(folder):
        assert EmbeddedServices(folder).serving_owner() == os.getpid()
    assert EmbeddedServices(folder).serving_owner() is None


def test_long_path_gets_a_short_socket_folder_and_leaves_none(folder: Path) -> None:
    deep = folder / ("long" * 30)
    short = socket_folder(deep)
    with EmbeddedServices(deep, broker=False) as services:
        assert short.is_dir()
        with connect(services) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not short.exists()


def test_socket_folder_of_somebody_else_is_refused(folder: Path) -> None:
    deep = folder / ("long" * 30)
    short = socket_folder(deep)
    short.symlink_to(folder)
    try:
        with pytest.raises(SupervisorError, match="symbolic link"):
            EmbeddedServices(deep).start()
    finally:
        short.unlink()


def test_operators_own_servers_are_left_alone(folder: Path) -> None:
    with EmbeddedServices(folder, database=False) as services:
        assert [server.name for server in services.servers] == ["Valkey"]
        assert not services.has_own_database


def test_data_of_another_version_is_refused(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(SupervisorError, match=r"made by PostgreSQL 16.*restore"):
        EmbeddedServices(folder, broker=False).start()


def test_foreign_files_are_never_served(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "thesis.doc").touch()
    with pytest.raises(SupervisorError, match="Move it away"):
        EmbeddedServices(folder, broker=False).start()
    assert (folder / "postgres" / "thesis.doc").exists()


def test_interrupted_first_start_is_made_anew(folder: Path) -> None:
    draft = folder / "postgres.new"
    draft.mkdir()
    (draft / "half").touch()
    with EmbeddedServices(folder, broker=False) as services:
        assert services.servers[0].is_answering()
    assert not draft.exists()


def test_directory_that_cannot_be_made_is_named(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(SupervisorError, match="set VAR_DIR"):
        EmbeddedServices(folder / "file" / "var").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers change their user")
def test_closed_parent_is_named_to_root(folder: Path) -> None:
    folder.chmod(0o700)
    with pytest.raises(SupervisorError, match=f"may not enter {folder}"):
        require_traversable(folder / "..")
        require_traversable(folder)


def test_missing_wheel_is_named() -> None:
    with pytest.raises(SupervisorError, match="no-such-wheel is not installed"):
        binaries._package("no_such_package", "no-such-wheel", "DATABASE_URL")
